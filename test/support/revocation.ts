import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import {
  type HankoModuleOptions,
  type HankoRevoked,
  HankoTokenError,
  HankoUnavailableError,
  HankoUser,
} from 'nestjs-hanko';
import { expect } from 'vitest';
import type { RevocationStore } from '../../lib/options/revocation-options.js';
import { resolveOptions } from '../../lib/options/hanko-options.js';
import { HankoRevocation } from '../../lib/revocation/hanko-revocation.js';

export const START = Date.parse('2026-03-01T12:00:00Z');

/** What a store's errors must never show. */
export const SECRET = 'redis://app:hunter2@10.0.0.7:6379';

/** With the options' defaults, and an empty environment. */
export const createRevocation = (options: HankoModuleOptions): HankoRevocation =>
  new HankoRevocation(
    resolveOptions({ apiUrl: 'http://127.0.0.1:9', audience: null, ...options }, () => undefined),
  );

export interface SessionShape {
  readonly id?: string;
  readonly sessionId?: string;
  /** Milliseconds since 1970. */
  readonly issuedAt?: number;
}

/** Somebody with a session. */
export function userWith(shape: SessionShape = {}): HankoUser {
  const { id = randomUUID(), sessionId = randomUUID(), issuedAt = START - 60_000 } = shape;
  const iat = issuedAt / 1000;
  return new HankoUser({
    sub: id,
    session_id: sessionId,
    aud: ['localhost'],
    iat,
    exp: iat + 43_200,
  });
}

/** Whether the session may go on, as a promise whatever `check` returns. */
export const check = async (revocation: HankoRevocation, user: HankoUser): Promise<void> =>
  revocation.check(user);

export const DAY = 86_400_000;
/** The default of `maxSessionLifetimeSeconds`, in milliseconds. */
export const MAX_LIFE = 31 * DAY;

export const ADA_ID = '0d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33';
export const ADA_SESSION_ID = '5c0b6a52-5f0e-4c8e-9a53-0a4a3f4f1f10';

/** Ada, always in the same session. */
export const ada = (issuedAt = START - 60_000): HankoUser =>
  userWith({ id: ADA_ID, sessionId: ADA_SESSION_ID, issuedAt });

/** Where a store keeps revocations of Ada and of her session. */
export const sessionKey = `nestjs-hanko:revoked-session:${ADA_SESSION_ID}`;
export const userKey = `nestjs-hanko:revoked-user:${ADA_ID}`;
export const secondUserKey = `${userKey}:2`;

/** What `check` came to. */
export const judge = (revocation: HankoRevocation, user: HankoUser): Promise<string> =>
  check(revocation, user).then(
    () => 'passes',
    (error: unknown) => {
      if (error instanceof HankoTokenError || error instanceof HankoUnavailableError) {
        expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hunter2');
        return error.code;
      }
      throw error;
    },
  );

/** Everything that was revoked, as it is told. */
export function heardOf(revocation: HankoRevocation): HankoRevoked[] {
  const heard: HankoRevoked[] = [];
  revocation.revoked$.subscribe((revoked) => heard.push(revoked));
  return heard;
}

type Listener = (key: string, value: unknown) => void;

/** A store that several instances share: it keeps JSON, notes what it is asked, and fails as it is told. */
export class SharedStore implements RevocationStore {
  readonly values = new Map<string, string>();
  readonly reads: (readonly string[])[] = [];
  readonly writes: { readonly key: string; readonly ttlMs: number }[] = [];
  readonly listeners = new Set<Listener>();
  /** Thrown by each call, if there is one. */
  failure: Error | null = null;
  /** Waited for by each call. */
  gate: Promise<unknown> = Promise.resolve();

  async getMany(keys: string[]): Promise<readonly unknown[]> {
    this.reads.push(keys);
    await this.gate;
    if (this.failure !== null) throw this.failure;
    return keys.map((key) => this.read(key));
  }

  async set(key: string, value: unknown, ttlMs: number): Promise<void> {
    this.writes.push({ key, ttlMs });
    await this.gate;
    if (this.failure !== null) throw this.failure;
    this.values.set(key, JSON.stringify(value));
    // As Redis does, it tells whoever has set it too.
    for (const listener of this.listeners) listener(key, value);
  }

  /** What was read, without the entry by which a store is tried. */
  get questions(): readonly (readonly string[])[] {
    return this.reads.filter((keys) => !keys.includes('nestjs-hanko:canary'));
  }

  /** What stands under a key. */
  read(key: string): unknown {
    const text = this.values.get(key);
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  }
}

/** The same that tells its instances at once. */
export class TellingStore extends SharedStore {
  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** A promise that is resolved by hand. */
export function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

/** Lets every promise that can go on do so. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
