import { randomInt } from 'node:crypto';
import { BoundedMap } from './bounded-map.js';
import type { HankoConfig } from '../config/schema.js';

const LENGTH = 6;
/** Without those that look alike (hanko backend/crypto/passcode.go). */
const LETTERS = {
  numeric: '0123456789',
  alphanumeric: '23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz',
} as const;
const MAX_TRIES = 3;
const MAX_ADDRESSES = 1000;

/** A code that was mailed, or was not: then none is right. */
export interface Passcode {
  readonly address: string;
  readonly code: string | null;
  readonly expiresAt: number;
  tries: number;
}

/** Codes that prove an address (hanko backend/flow_api/services/passcode.go). */
export class Passcodes {
  private readonly newest = new BoundedMap<string, Passcode>(MAX_ADDRESSES);

  constructor(
    private readonly now: () => number,
    private readonly settings: Pick<HankoConfig['email'], 'passcode_charset' | 'passcode_ttl'>,
  ) {}

  /** @param isMailed false where the mail says only that somebody tried. */
  create(address: string, isMailed: boolean): Passcode {
    const { passcode_charset, passcode_ttl } = this.settings;
    const letters = LETTERS[passcode_charset];
    const pick = (): string => letters.charAt(randomInt(letters.length));
    const code = isMailed ? Array.from({ length: LENGTH }, pick).join('') : null;
    const expiresAt = this.now() + passcode_ttl * 1000;
    const passcode = { address, code, expiresAt, tries: 0 };
    if (isMailed) this.newest.set(address, passcode);
    return passcode;
  }

  /** The newest code for an address that is still good. */
  newestFor(address: string): string | undefined {
    const passcode = this.newest.get(address.trim().toLowerCase());
    return this.isUsable(passcode) ? (passcode?.code ?? undefined) : undefined;
  }

  isUsable(passcode: Passcode | undefined): boolean {
    return passcode !== undefined && passcode.expiresAt >= this.now() && passcode.tries < MAX_TRIES;
  }

  /** Counts the attempt. The code that is right is right once. */
  check(passcode: Passcode | undefined, code: string): 'right' | 'wrong' | 'too often' {
    if (passcode === undefined || passcode.expiresAt < this.now()) return 'wrong';
    if (passcode.tries >= MAX_TRIES) return 'too often';
    if (code === passcode.code) {
      // Nobody can try it again.
      passcode.tries = MAX_TRIES;
      return 'right';
    }
    passcode.tries += 1;
    return passcode.tries >= MAX_TRIES ? 'too often' : 'wrong';
  }
}
