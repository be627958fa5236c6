import { randomBytes, scrypt, scryptSync, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify<string, Buffer, number, { cost: number }, Buffer>(scrypt);

/** RFC 7914 §2. A quarter of Node's default: a suite signs in often, and nothing here is a secret. */
const COST = { cost: 4096 };
const BYTES = 32;

/** Salt and key, so that no password of a test stays in memory as text. */
export function hashPassword(password: string): string {
  const salt = randomBytes(16);
  const key = scryptSync(password, salt, BYTES, COST);
  return `${salt.toString('hex')}:${key.toString('hex')}`;
}

/** Whether the password is the one that was hashed. */
export async function isPassword(password: string, hash: string): Promise<boolean> {
  const [salt = '', key = ''] = hash.split(':', 2);
  const derived = await derive(password, Buffer.from(salt, 'hex'), BYTES, COST);
  return timingSafeEqual(derived, Buffer.from(key, 'hex'));
}
