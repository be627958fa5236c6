import { isObject } from '../util/value-checks.js';
import { type StoreClient, StoreFailure } from './store-client.js';

/** Something that was revoked, until the last token that it refuses has expired. Milliseconds since 1970. */
export type RevocationEntry =
  | {
      readonly kind: 'session';
      readonly tenantId?: string | undefined;
      readonly sessionId: string;
      readonly until: number;
    }
  | {
      readonly kind: 'user';
      readonly tenantId?: string | undefined;
      readonly userId: string;
      readonly issuedUpTo: number;
      readonly until: number;
    };

/** By which a store is read. */
export interface StoredSession {
  /** Undefined in an app without tenants. */
  readonly tenantId?: string | undefined;
  readonly sessionId: string;
  readonly userId: string;
}

/** What of an entry stands under its keys: JSON, so that any adapter keeps it. */
type Times = Readonly<Record<string, number>>;

const SESSION = 'nestjs-hanko:revoked-session:';
const USER = 'nestjs-hanko:revoked-user:';
const SECOND_COPY = ':2';

/** Writes of one entry before it counts as not kept. One or two are enough unless others write it too. */
const MAX_WRITES = 8;

/** Sessions that one read is about. */
const WHOLE = 10_000;

/** Sessions in one read of a store that does not reply to so many, and how long it is spared from them, in milliseconds. */
const PART = 500;
const PARTS_MS = 600_000;

/** Ids are UUIDs in lower case, as Hanko writes them: it reads them in any. */
const sessionKeys = (tenantId: string | undefined, sessionId: string): readonly string[] => [
  SESSION + ofTenant(tenantId) + sessionId.toLowerCase(),
];

const userKeys = (tenantId: string | undefined, userId: string): readonly string[] => {
  const key = USER + ofTenant(tenantId) + userId.toLowerCase();
  return [key, key + SECOND_COPY];
};

/** Encoded, so that no tenant can choose an id that makes a key of another one. */
const ofTenant = (tenantId: string | undefined): string =>
  tenantId === undefined ? '' : `${encodeURIComponent(tenantId)}/`;

const keysOf = ({ tenantId, sessionId, userId }: StoredSession): readonly string[] => [
  ...sessionKeys(tenantId, sessionId),
  ...userKeys(tenantId, userId),
];

const readEntries = (keys: readonly string[], values: readonly unknown[]): RevocationEntry[] =>
  keys.flatMap((key, index) => readEntry(key, values[index]) ?? []);

/** @returns null for what is no revocation: a store is shared, and may hold and tell anything. */
export function readEntry(key: unknown, value: unknown): RevocationEntry | null {
  if (typeof key !== 'string' || !isObject(value)) return null;
  const { until, issuedUpTo } = value;
  if (!isTime(until)) return null;
  if (key.startsWith(SESSION)) {
    const [tenantId, sessionId] = idsIn(key.slice(SESSION.length));
    return { kind: 'session', tenantId, sessionId, until };
  }
  if (!key.startsWith(USER) || !isTime(issuedUpTo)) return null;
  const [ids = ''] = key.slice(USER.length).split(':');
  const [tenantId, userId] = idsIn(ids);
  return { kind: 'user', tenantId, userId, issuedUpTo, until };
}

/** Tenant, if there is one, and id. @throws URIError for what we did not write */
function idsIn(text: string): readonly [tenantId: string | undefined, id: string] {
  const end = text.indexOf('/');
  return end === -1
    ? [undefined, text]
    : [decodeURIComponent(text.slice(0, end)), text.slice(end + 1)];
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
  /** Until when the store is read in parts, in milliseconds since 1970. */
  private partsUntil = -Infinity;

  constructor(
    private readonly client: StoreClient,
    private readonly now: () => number,
  ) {}

  /**
   * What is revoked of a session and its user.
   * @throws StoreFailure
   */
  async find(session: StoredSession): Promise<readonly RevocationEntry[]> {
    const keys = keysOf(session);
    return readEntries(keys, await this.client.getMany(keys));
  }

  /**
   * What is revoked of many sessions and their users, by one read, or by few where they are more than 10,000: no request waits
   * for it.
   * @throws StoreFailure
   */
  async findAll(sessions: readonly StoredSession[]): Promise<readonly RevocationEntry[]> {
    if (this.now() < this.partsUntil) return this.findInParts(sessions, PART);
    try {
      return await this.findInParts(sessions, WHOLE);
    } catch (failure) {
      if (sessions.length <= PART || this.client.isFailing) throw failure;
      // It may be too much at once for this store.
      const found = await this.findInParts(sessions, PART);
      this.partsUntil = this.now() + PARTS_MS;
      return found;
    }
  }

  private async findInParts(
    sessions: readonly StoredSession[],
    size: number,
  ): Promise<readonly RevocationEntry[]> {
    const found: RevocationEntry[][] = [];
    for (let start = 0; start < sessions.length; start += size) {
      const keys = [...new Set(sessions.slice(start, start + size).flatMap(keysOf))];
      // oxlint-disable-next-line no-await-in-loop -- requests have their turn in between
      found.push(readEntries(keys, await this.client.getManyAtLeisure(keys)));
    }
    return found.flat();
  }

  /**
   * Resolves once the store has it.
   * @throws StoreFailure
   */
  async keep(entry: RevocationEntry): Promise<void> {
    const { tenantId, until } = entry;
    if (entry.kind === 'session')
      await this.keepAt(sessionKeys(tenantId, entry.sessionId), { until });
    else
      await this.keepAt(userKeys(tenantId, entry.userId), { until, issuedUpTo: entry.issuedUpTo });
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
