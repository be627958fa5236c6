import { isObject } from '../util/value-checks.js';
import { type StoreClient, StoreFailure } from './store-client.js';

/** Something that was revoked, until the last token that it refuses has expired. Milliseconds since 1970. */
export type RevocationEntry =
  | { readonly kind: 'session'; readonly sessionId: string; readonly until: number }
  | {
      readonly kind: 'user';
      readonly userId: string;
      readonly issuedUpTo: number;
      readonly until: number;
    };

/** What of an entry stands under its keys: JSON, so that any adapter keeps it. */
type Times = Readonly<Record<string, number>>;

const SESSION = 'nestjs-hanko:revoked-session:';
const USER = 'nestjs-hanko:revoked-user:';
const SECOND_COPY = ':2';

/** Writes of one entry before it counts as not kept. One or two are enough unless others write it too. */
const MAX_WRITES = 8;

/** Ids are UUIDs in lower case, as Hanko writes them: it reads them in any. */
const sessionKeys = (sessionId: string): readonly string[] => [SESSION + sessionId.toLowerCase()];

const userKeys = (userId: string): readonly string[] => {
  const key = USER + userId.toLowerCase();
  return [key, key + SECOND_COPY];
};

/** @returns null for what is no revocation: a store is shared, and may hold and tell anything. */
function readEntry(key: unknown, value: unknown): RevocationEntry | null {
  if (typeof key !== 'string' || !isObject(value)) return null;
  const { until, issuedUpTo } = value;
  if (!isTime(until)) return null;
  if (key.startsWith(SESSION)) {
    return { kind: 'session', sessionId: key.slice(SESSION.length), until };
  }
  if (!key.startsWith(USER) || !isTime(issuedUpTo)) return null;
  const [userId = ''] = key.slice(USER.length).split(':');
  return { kind: 'user', userId, issuedUpTo, until };
}

/** What a `Date` can hold (ECMA-262 §21.4.1.1). */
const isTime = (value: unknown): value is number =>
  Number.isFinite(value) && Math.abs(value as number) <= 8.64e15;

/**
 * Revocations in a store that instances share.
 *
 * The later time wins, whoever writes last. A store can only get and set, so one key is not enough: whoever
 * read before another one's write would overwrite it and never know. A user's entry stands under two keys.
 * They are written one at a time, each time with the latest times that were read just before, and an entry is
 * kept once both keys were read back with it. Of two who write at once, each can undo one of the other's
 * writes at most, and reads the other key before it writes again.
 *
 * A session's entry needs one key: whichever end is kept, it is that of the session's token.
 */
export class StoreEntries {
  constructor(
    private readonly client: StoreClient,
    private readonly now: () => number,
  ) {}

  /**
   * What is revoked of a session and its user.
   * @throws StoreFailure
   */
  async find(sessionId: string, userId: string): Promise<readonly RevocationEntry[]> {
    const keys = [...sessionKeys(sessionId), ...userKeys(userId)];
    const values = await this.client.getMany(keys);
    return keys.flatMap((key, index) => readEntry(key, values[index]) ?? []);
  }

  /**
   * What is revoked of many users and their sessions, by one read.
   * @throws StoreFailure
   */
  async findAll(
    users: readonly { readonly sessionId: string; readonly id: string }[],
  ): Promise<readonly RevocationEntry[]> {
    const keys = [
      ...new Set(
        users.flatMap(({ sessionId, id }) => [...sessionKeys(sessionId), ...userKeys(id)]),
      ),
    ];
    const values = await this.client.getMany(keys);
    return keys.flatMap((key, index) => readEntry(key, values[index]) ?? []);
  }

  /**
   * Resolves once the store has it.
   * @throws StoreFailure
   */
  async keep(entry: RevocationEntry): Promise<void> {
    const { until } = entry;
    if (entry.kind === 'session') await this.keepAt(sessionKeys(entry.sessionId), { until });
    else await this.keepAt(userKeys(entry.userId), { until, issuedUpTo: entry.issuedUpTo });
  }

  private async keepAt(keys: readonly string[], own: Times): Promise<void> {
    let kept = await this.client.getMany(keys);
    for (let writes = 0; writes < MAX_WRITES; writes += 1) {
      const times = latest(own, kept);
      const outdated = keys.find((_, index) => !holds(kept[index], times));
      if (outdated === undefined) return;
      const ttlMs = Math.ceil((times.until as number) - this.now());
      if (ttlMs <= 0) return;
      // oxlint-disable-next-line no-await-in-loop -- each write depends on what was read before it
      kept = await this.client.setAndRead(outdated, times, ttlMs, keys);
    }
    throw new StoreFailure('The revocation store does not keep what it is given');
  }
}

/** By members: of each, the latest of all. */
function latest(own: Times, kept: readonly unknown[]): Times {
  const times = Object.entries(own).map(([name, time]) => {
    const others = kept.map((value) => (isObject(value) ? value[name] : undefined)).filter(isTime);
    return [name, Math.max(time, ...others)] as const;
  });
  return Object.fromEntries(times);
}

const holds = (value: unknown, times: Times): boolean =>
  isObject(value) &&
  Object.entries(times).every(([name, time]) => isTime(value[name]) && value[name] >= time);

/**
 * @param listener gets each entry that the store tells of; it is never called with anything else.
 * @returns what ends it.
 */
export function subscribeToEntries(
  store: { subscribe?(listener: (key: string, value: unknown) => void): () => void },
  listener: (entry: RevocationEntry) => void,
): () => void {
  const unsubscribe: unknown = store.subscribe?.((key, value) => {
    const entry = readEntry(key, value);
    if (entry !== null) listener(entry);
  });
  return () => {
    if (typeof unsubscribe === 'function') (unsubscribe as () => void)();
  };
}
