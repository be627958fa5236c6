import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SigningKey, type StoredKey } from './signing-key.js';
import { TokenLines } from './token-lines.js';
import { claimsOf, sessionClaims } from './tokens.js';

const FOLDER = join(tmpdir(), 'nestjs-hanko-bench');
const KEY_FILE = join(FOLDER, 'key.json');
const TOKENS_FILE = join(FOLDER, 'tokens.txt');

/** Tokens that have less than this left are made anew. */
const MIN_LIFE_SECONDS = 24 * 3600;
const BATCH = 1_000;
/** Signatures asked for at a time: the thread pool has four threads. */
const AT_ONCE = 8;

/**
 * Good tokens, all different. An RSA-4096 signature takes milliseconds, so they are kept between
 * runs, together with the key that signed them, and a run that wants more signs what is missing.
 */
export class TokenStore extends TokenLines {
  private constructor(
    readonly key: SigningKey,
    bytes: Buffer,
  ) {
    super(TOKENS_FILE, bytes);
  }

  /** @param onProgress is told how many there are, while they are made. */
  static async open(count: number, onProgress: (made: number) => void): Promise<TokenStore> {
    await mkdir(FOLDER, { recursive: true, mode: 0o700 });
    const kept = await readKept();
    const key = kept?.key ?? (await startAnew());
    for (let made = kept?.count ?? 0; made < count; made += BATCH) {
      onProgress(made);
      // A whole batch or nothing, however a run ends.
      await appendFile(TOKENS_FILE, await signBatch(key, Math.min(BATCH, count - made)));
    }
    return new TokenStore(key, await readFile(TOKENS_FILE));
  }
}

async function readKept(): Promise<{ key: SigningKey; count: number } | undefined> {
  let key: SigningKey;
  let lines: TokenLines;
  try {
    key = await SigningKey.restore(JSON.parse(await readFile(KEY_FILE, 'utf8')) as StoredKey);
    lines = await TokenLines.read(TOKENS_FILE);
  } catch {
    return undefined;
  }
  const { count } = lines;
  const isGood =
    Number.isInteger(count) && claimsOf(lines.at(0)).exp > Date.now() / 1000 + MIN_LIFE_SECONDS;
  return isGood ? { key, count } : undefined;
}

async function startAnew(): Promise<SigningKey> {
  const key = await SigningKey.generate();
  await rm(TOKENS_FILE, { force: true });
  await writeFile(KEY_FILE, JSON.stringify(key), { mode: 0o600 });
  return key;
}

async function signBatch(key: SigningKey, count: number): Promise<string> {
  const lines: string[] = [];
  let asked = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (asked++ < count) lines.push(`${await key.sign(sessionClaims())}\n`);
    }),
  );
  return lines.join('');
}
