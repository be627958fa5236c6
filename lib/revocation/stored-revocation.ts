import { isObject } from '../util/value-checks.js';

/** What stands in a store: JSON, so that any adapter keeps it. Times in milliseconds since 1970. */
type StoredRevocation =
  | { readonly kind: 'session'; readonly sessionId: string; readonly until: number }
  | {
      readonly kind: 'user';
      readonly userId: string;
      readonly issuedUpTo: number;
      readonly until: number;
    };

const SESSION = 'nestjs-hanko:revoked-session:';
const USER = 'nestjs-hanko:revoked-user:';

/** UUIDs in lower case, as Hanko writes them: it reads them in any. */
export const sessionKey = (sessionId: string): string => SESSION + sessionId.toLowerCase();
export const userKey = (userId: string): string => USER + userId.toLowerCase();

/** Of a webhook that was received. */
export const deliveryKey = (id: string): string => `nestjs-hanko:delivery:${id}`;

/** @returns null for what is no revocation; a store is shared, and may hold anything. */
export function readStored(key: string, value: unknown): StoredRevocation | null {
  if (!isObject(value)) return null;
  const { until, issuedUpTo } = value;
  if (!isTime(until)) return null;
  if (key.startsWith(SESSION)) {
    return { kind: 'session', sessionId: key.slice(SESSION.length), until };
  }
  if (!key.startsWith(USER) || !isTime(issuedUpTo)) return null;
  return { kind: 'user', userId: key.slice(USER.length), issuedUpTo, until };
}

const isTime = (value: unknown): value is number => Number.isFinite(value);
