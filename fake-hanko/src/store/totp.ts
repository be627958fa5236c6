import { createHmac, randomBytes } from 'node:crypto';
import { check } from '../check.js';
import type { TotpCredential } from './records.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const STEP_MS = 30_000;

/** A key of 160 bits (RFC 4226 §4) in Base32 (RFC 4648 §6). */
export function newTotpSecret(): string {
  let bits = '';
  for (const byte of randomBytes(20)) bits += byte.toString(2).padStart(8, '0');
  return bits.replace(/.{5}/g, (group) => ALPHABET.charAt(parseInt(group, 2)));
}

/** Base32 of at least one byte, padding or not. */
export const isTotpSecret = (text: string): boolean => /^[A-Z2-7]{2,}=*$/i.test(text);

/** The six digits of this moment (RFC 6238 §4, SHA-1). */
export const totpCode = (secret: string, nowMs: number): string =>
  codeOf(secret, Math.floor(nowMs / STEP_MS));

/** `totpCode`, for a key that comes from a test. @throws TypeError */
export function shownTotp(secret: string | undefined, nowMs: number): string {
  check(
    secret !== undefined && isTotpSecret(secret),
    'totp() needs the address of a user with an authenticator app, or its key',
  );
  return totpCode(secret, nowMs);
}

/**
 * Whether a code is good, in a step before or after the present one too, and has not been taken: each
 * is good once (RFC 6238 §5.2; hanko backend/flow_api/services/totp.go on main).
 * @returns the step to note as taken, or why not.
 */
export function checkTotp(
  code: string,
  { secret, lastStep }: TotpCredential,
  nowMs: number,
): number | 'invalid' | 'already used' {
  const present = Math.floor(nowMs / STEP_MS);
  const step = [present, present + 1, present - 1].find((it) => codeOf(secret, it) === code);
  if (step === undefined) return 'invalid';
  return lastStep !== null && step <= lastStep ? 'already used' : step;
}

/** RFC 4226 §5.3 */
function codeOf(secret: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.max(0, step)));
  const mac = createHmac('sha1', decodeBase32(secret)).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0xf;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

function decodeBase32(text: string): Buffer {
  let bits = '';
  for (const letter of text.toUpperCase().replace(/=+$/, '')) {
    bits += ALPHABET.indexOf(letter).toString(2).padStart(5, '0');
  }
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
}
