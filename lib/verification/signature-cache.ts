import type { webcrypto } from 'node:crypto';
import type { BudgetMember, SharedBudget } from '../util/shared-budget.js';
import type { SessionClaims } from './session-claims.js';

/** A token, taken apart. */
export interface VerifiableToken {
  /** The whole of it. */
  readonly token: string;
  readonly kid: string;
  readonly session: SessionClaims;
  /** When it is refused: `exp` and the tolerance, in milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** A token of which it is known that this key signed exactly this text. */
export interface VerifiedToken extends VerifiableToken {
  readonly key: webcrypto.CryptoKey;
}

interface Entry extends VerifiedToken {
  readonly bytes: number;
  /** Used since it was last looked at for eviction. */
  isUsed: boolean;
}

/** How many used entries are spared before one is evicted anyway: bounds its time. */
const MAX_SECOND_CHANCES = 32;

/** Bounds that the caches of several tenants share. */
export interface SharedBounds {
  readonly entries: SharedBudget;
  readonly bytes: SharedBudget;
}

/** What a cache takes of one bound. */
class Share implements BudgetMember {
  constructor(
    private readonly loadNow: () => number,
    readonly shrink: () => void,
  ) {}

  get load(): number {
    return this.loadNow();
  }
}

/**
 * Remembers tokens whose signature was verified, so that RSA is computed once per token and not once
 * per request. Nothing else is taken on trust: times, audience, issuer and key are checked on every request.
 *
 * Only verified tokens come in, so forged ones can neither be served from it nor push good ones out.
 * An entry is found by the end of its signature, and is then held against the **whole** token, character
 * by character: two tokens cannot share an entry, whatever their ends (GHSA-rp9m-7r4c-75qg is what
 * comes of keys that are less than the token). Whoever uses an entry also compares its key.
 *
 * Its gain is the user CPU of the bench's scenario `warm`, beside that of libraries that verify each time.
 *
 * Bounded in entries and bytes. Evicted is the oldest that was not used for a while ("second chance").
 */
export class SignatureCache {
  /** By the end of the signature; the oldest first. */
  private readonly entries = new Map<string, Entry>();
  private bytes = 0;
  private hasLeft = false;
  private readonly shares: readonly (readonly [SharedBudget, BudgetMember])[];

  /**
   * @param bounds 0 for either turns it off.
   * @param shared bounds of all tenants together.
   */
  constructor(
    private readonly bounds: { readonly maxEntries: number; readonly maxBytes: number },
    shared?: SharedBounds,
  ) {
    this.shares =
      shared === undefined
        ? []
        : [
            [
              shared.entries,
              new Share(
                () => this.entries.size,
                () => this.shrink(),
              ),
            ],
            [
              shared.bytes,
              new Share(
                () => this.bytes,
                () => this.shrink(),
              ),
            ],
          ];
  }

  /** Takes nothing of the shared bounds any more, and remembers nothing. */
  leave(): void {
    for (const [budget, member] of this.shares) budget.leave(member);
    this.hasLeft = true;
    this.entries.clear();
    this.bytes = 0;
  }

  /** How many tokens it holds. */
  get size(): number {
    return this.entries.size;
  }

  /** An expired one is forgotten. */
  find(token: unknown, nowMs: number): VerifiedToken | undefined {
    const entry = typeof token === 'string' ? this.entries.get(endOf(token)) : undefined;
    if (entry === undefined || entry.token !== token) return undefined;
    if (nowMs >= entry.expiresAtMs) {
      this.remove(endOf(token));
      return undefined;
    }
    entry.isUsed = true;
    return entry;
  }

  add({ token, kid, key, session, expiresAtMs }: VerifiedToken): void {
    const { maxEntries, maxBytes } = this.bounds;
    if (maxEntries === 0 || maxBytes === 0 || this.hasLeft) return;
    // A copy: what was cut out of a header field would keep the whole field in memory, other cookies included.
    const copy = Buffer.from(token, 'latin1').toString('latin1');
    const bytes = ENTRY_BYTES + copy.length + heapBytes(copy);
    this.remove(endOf(copy));
    if (bytes > maxBytes) return;
    if (this.entries.size >= maxEntries || this.bytes + bytes > maxBytes) this.makeRoom(bytes);
    const entry = { token: copy, kid, key, session, expiresAtMs, bytes, isUsed: false };
    this.insert(endOf(copy), entry);
    for (const [budget, member] of this.shares) budget.note(member);
  }

  /** Its key is not the one in use any more. */
  forget(token: unknown): void {
    if (typeof token !== 'string') return;
    const end = endOf(token);
    if (this.entries.get(end)?.token === token) this.remove(end);
  }

  private insert(end: string, entry: Entry): void {
    this.entries.set(end, entry);
    this.bytes += entry.bytes;
  }

  private remove(end: string): void {
    const entry = this.entries.get(end);
    if (entry === undefined) return;
    this.entries.delete(end);
    this.bytes -= entry.bytes;
  }

  private makeRoom(bytes: number): void {
    this.evictTo(
      withoutReserve(this.bounds.maxEntries) - 1,
      withoutReserve(this.bounds.maxBytes - bytes),
    );
  }

  /** Others need room. */
  private shrink(): void {
    this.evictTo(this.entries.size - Math.ceil(this.entries.size / 8), this.bytes);
  }

  private evictTo(maxEntries: number, maxBytes: number): void {
    let chances = MAX_SECOND_CHANCES;
    for (const [end, entry] of this.entries) {
      this.remove(end);
      if (entry.isUsed && chances > 0) {
        chances -= 1;
        entry.isUsed = false;
        // To the end of the line; the loop comes to it last.
        this.insert(end, entry);
        continue;
      }
      chances = MAX_SECOND_CHANCES;
      if (this.entries.size <= maxEntries && this.bytes <= maxBytes) return;
    }
  }
}

/**
 * Evicts somewhat more than has to be: a walk through a Map starts with a step over each entry that was
 * deleted lately, so to evict one at a time is slow.
 */
const withoutReserve = (bound: number): number => bound - Math.floor(bound / 64);

/** How much of the signature is the key. Long enough that no two signatures share it by chance (144 bits), short enough to be hashed quickly. */
export const endOf = (token: string): string => token.slice(-24);

/** What an entry takes beside its token and payload, measured by `npm run bench`. */
const ENTRY_BYTES = 300;

/**
 * About what the parsed payload of a token takes in memory, in bytes; rather too much than too little.
 * Read off the JSON text: a walk through the claims takes ten times as long.
 */
function heapBytes(token: string): number {
  const json = Buffer.from(
    token.slice(token.indexOf('.') + 1, token.lastIndexOf('.')),
    'base64url',
  );
  let bytes = 2 * json.length;
  for (let i = 0; i < json.length; i += 1) {
    const char = json[i];
    if (char === OPEN_BRACE || char === OPEN_BRACKET) bytes += 64;
    else if (char === COMMA || char === COLON) bytes += 24;
  }
  return bytes;
}

const [OPEN_BRACE, OPEN_BRACKET, COMMA, COLON] = Buffer.from('{[,:');
