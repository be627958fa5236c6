import { inspect } from 'node:util';
import { HankoAuthError, HankoAuthService, type HankoModuleOptions } from 'nestjs-hanko';
import { expect } from 'vitest';
import type { JwksProvider } from '../../lib/jwks/jwks-provider.js';
import { createHankos, createJwks } from '../../lib/hanko.providers.js';
import { resolveOptions } from '../../lib/options/hanko-options.js';
import { TokenAuthenticator } from '../../lib/auth/token-authenticator.js';
import { HankoRevocation } from '../../lib/revocation/hanko-revocation.js';
import { SessionLiveness } from '../../lib/session/session-liveness.js';
import { TenantParts } from '../../lib/tenants/tenant-parts.js';
import { SessionTokenVerifier } from '../../lib/verification/session-token.verifier.js';
import { type AnswerCode, DOCUMENTED_ANSWERS } from './documented-answers.js';

/** What `HankoModule` builds, by hand: nothing is prefetched, and the environment is empty. */
export async function createService(
  options: HankoModuleOptions,
): Promise<{ service: HankoAuthService; jwks: JwksProvider }> {
  const resolved = resolveOptions({ audience: null, ...options }, () => undefined);
  const jwks = await createJwks(resolved);
  const revocation = new HankoRevocation(resolved);
  const hankos = createHankos(
    resolved,
    jwks,
    new SessionTokenVerifier(resolved),
    new SessionLiveness(resolved),
    revocation,
    new TenantParts(),
  );
  return {
    service: new HankoAuthService(resolved, hankos, new TokenAuthenticator(revocation)),
    jwks,
  };
}

/** A clock that stands still until it is told to move. */
export class TestClock {
  constructor(private ms: number) {}

  readonly now = (): number => this.ms;

  set(ms: number): void {
    this.ms = ms;
  }

  advanceMs(ms: number): void {
    this.ms += ms;
  }

  advance(seconds: number): void {
    this.ms += seconds * 1000;
  }
}

export type TokenCode = Extract<AnswerCode, `token_${string}`>;

export const TOKEN_CODES = Object.keys(DOCUMENTED_ANSWERS).filter((code): code is TokenCode =>
  code.startsWith('token_'),
);

/** All that is seen of a refusal. */
export interface Refusal {
  readonly name: string;
  readonly code: string;
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  /** Where a piece of the secret can be read. */
  readonly leaks: readonly string[];
}

/** The refusal of a token, as docs/responses.md promises it. */
export const tokenRefusal = (code: TokenCode): Refusal =>
  refusalWith('HankoTokenError', code, {
    'WWW-Authenticate': String(DOCUMENTED_ANSWERS[code].challenge),
  });

/** The response when Hanko cannot be asked. */
export const unavailableRefusal = (retryAfterSeconds: number): Refusal =>
  refusalWith('HankoUnavailableError', 'hanko_unavailable', {
    'Retry-After': String(retryAfterSeconds),
  });

/** A refusal as docs/responses.md promises its status and body. */
export function refusalWith(
  name: string,
  code: AnswerCode,
  headers: Readonly<Record<string, string>>,
): Refusal {
  const { status, message } = DOCUMENTED_ANSWERS[code];
  return { name, code, status, body: { statusCode: status, code, message }, headers, leaks: [] };
}

/** The answer when a store of revocations cannot be asked. */
export const unavailableStore = (retryAfterSeconds: number): Refusal => ({
  ...unavailableRefusal(retryAfterSeconds),
  body: {
    statusCode: 503,
    code: 'hanko_unavailable',
    message: 'The store of ended sessions cannot be reached, try again later',
  },
});

/**
 * What a promise was refused with. Fails if it was not, or by something else than an error of ours.
 * @param secret what must not be found in the error.
 */
export async function refusalOf(promise: Promise<unknown>, secret = ''): Promise<Refusal> {
  return refusal(
    await promise.then(
      () => expect.unreachable('it was accepted'),
      (error: unknown) => error,
    ),
    secret,
  );
}

/** The same for something that throws at once. */
export function thrownRefusalOf(act: () => unknown, secret = ''): Refusal {
  try {
    act();
  } catch (error) {
    return refusal(error, secret);
  }
  return expect.unreachable('it was accepted');
}

function refusal(error: unknown, secret: string): Refusal {
  if (!(error instanceof HankoAuthError)) throw error;
  return {
    name: error.name,
    code: error.code,
    status: error.getStatus(),
    body: error.getResponse(),
    headers: error.headers,
    leaks: secret === '' ? [] : leaksOf(error, secret),
  };
}

const PIECE = 20;

/** Every place of an error, as logs and answers print it, that holds a secret or 20 characters of it. */
export function leaksOf(error: unknown, secret: string): string[] {
  const { message, reason, stack } = error as { message: string; reason: string; stack: string };
  const printed = {
    message,
    reason,
    stack,
    json: JSON.stringify(error),
    inspected: inspect(error, { depth: 10, showHidden: true }),
  };
  return Object.entries(printed)
    .filter(([, text]) => shareAPiece(text, secret))
    .map(([place]) => place);
}

/** Whether a text holds a secret, or any piece of 20 characters of it. */
export function shareAPiece(text: string, secret: string): boolean {
  const pieces = new Set<string>();
  for (let at = 0; at + PIECE <= text.length; at += 1) pieces.add(text.slice(at, at + PIECE));
  for (let at = 0; at + PIECE <= secret.length; at += 1) {
    const piece = secret.slice(at, at + PIECE);
    if (piece.trim() !== '' && pieces.has(piece)) return true;
  }
  return secret.length >= 8 && secret.trim() !== '' && text.includes(secret);
}
