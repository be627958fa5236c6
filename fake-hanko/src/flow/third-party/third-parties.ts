import { createHash, randomBytes } from 'node:crypto';
import { BoundedMap } from '../bounded-map.js';
import { type Provider, providersOf } from '../../config/providers.js';
import type { HankoConfig } from '../../config/schema.js';
import { isAllowedRedirect, webUrl } from './redirects.js';

const ATTEMPT_MS = 5 * 60_000;
const TOKEN_MS = 60_000;
const MAX_ENTRIES = 1000;

/** A sign-in that is under way at a third party (hanko backend/thirdparty/state.go). */
export interface Attempt {
  readonly provider: Provider;
  readonly redirectTo: string;
  /** RFC 7636 §4.1; empty if the page sent none. */
  readonly codeVerifier: string;
  /** Whose profile the identity is to be connected to; null for a sign-in. */
  readonly userId: string | null;
  readonly expiresAt: number;
}

/** Who somebody is, as a third party says. */
export interface Person {
  /** Id at the third party. */
  readonly subject: string;
  readonly email: string;
  readonly isEmailVerified: boolean;
  readonly name: string;
}

/** What comes back to the page: good once, and for a minute (hanko backend/persistence/models/token.go). */
export interface OneTimeToken {
  readonly userId: string;
  readonly identityId: string;
  readonly isUserNew: boolean;
  readonly codeVerifier: string;
  readonly expiresAt: number;
}

/** Sign-ins at third parties, from the way there to the way back. */
export class ThirdParties {
  private readonly attempts = new BoundedMap<string, Attempt>(MAX_ENTRIES);
  private readonly codes = new BoundedMap<string, { state: string; person: Person }>(MAX_ENTRIES);
  private readonly tokens = new BoundedMap<string, OneTimeToken>(MAX_ENTRIES);

  constructor(
    private readonly now: () => number,
    private readonly config: HankoConfig['third_party'],
    /** Whether a page of this origin may call the public API. */
    private readonly isOwnOrigin: (origin: string) => boolean,
  ) {}

  /** Those that are enabled. */
  get providers(): readonly Provider[] {
    return providersOf(this.config);
  }

  /** Where nothing is configured, back to every page that may call the API too. */
  isAllowedRedirect(redirectTo: string): boolean {
    const { allowed_redirect_urls: patterns } = this.config;
    if (patterns.length > 0) return isAllowedRedirect(redirectTo, patterns);
    const url = webUrl(redirectTo);
    return url !== null && this.isOwnOrigin(url.origin);
  }

  /** @returns the state that the third party gives back. */
  start(attempt: Omit<Attempt, 'expiresAt'>): string {
    const state = randomText();
    this.attempts.set(state, { ...attempt, expiresAt: this.now() + ATTEMPT_MS });
    return state;
  }

  /** undefined if there is none, or no longer. */
  attempt(state: string): Attempt | undefined {
    const attempt = this.attempts.get(state);
    return attempt && attempt.expiresAt >= this.now() ? attempt : undefined;
  }

  /** @returns the authorization code (RFC 6749 §4.1.2). */
  authorize(state: string, person: Person): string {
    const code = randomText();
    this.codes.set(code, { state, person });
    return code;
  }

  /** Who has been authorized, once: the attempt ends with it. */
  redeem(state: string, code: string): Person | undefined {
    const authorized = this.codes.get(code);
    if (authorized?.state !== state) return undefined;
    this.codes.delete(code);
    this.attempts.delete(state);
    return authorized.person;
  }

  issue(token: Omit<OneTimeToken, 'expiresAt'>): string {
    const value = randomText();
    this.tokens.set(value, { ...token, expiresAt: this.now() + TOKEN_MS });
    return value;
  }

  /** undefined if there is none, or no longer. */
  token(value: string): OneTimeToken | undefined {
    const token = this.tokens.get(value);
    return token && token.expiresAt >= this.now() ? token : undefined;
  }

  spend(value: string): void {
    this.tokens.delete(value);
  }
}

/** As Go pads it. */
const randomText = (): string => `${randomBytes(32).toString('base64url')}=`;

/** The id of somebody at a third party: always the same for the same address. */
export const subjectOf = (provider: Provider, email: string): string =>
  createHash('sha256').update(`${provider.id} ${email}`).digest('hex').slice(0, 24);

/** RFC 7636 §4.2, S256 */
export const challengeOf = (verifier: string): string =>
  createHash('sha256').update(verifier).digest('base64url');
