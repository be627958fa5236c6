import { HankoTokenError } from '../errors/hanko.errors.js';
import { withLogDetail } from '../errors/log-detail.js';
import { printableList } from '../util/printable.js';

/** What a `Date` can hold (ECMA-262 §21.4.1.1), in seconds. */
const MAX_DATE_SECONDS = 8_640_000_000_000;

/** When a token is valid, in seconds since 1970. */
export interface TokenTimes {
  /** `exp`. */
  readonly expiresAt: number;
  /** The later one of `iat` and `nbf`. */
  readonly validFrom: number;
}

/**
 * Reads `exp`, `iat` and `nbf` in whole seconds, as Hanko sends them (RFC 7519 §2, NumericDate).
 * @throws HankoTokenError `token_claims_invalid`
 */
export function parseTokenTimes({
  exp,
  iat,
  nbf = iat,
}: Readonly<Record<string, unknown>>): TokenTimes {
  if (!isNumericDate(exp) || !isNumericDate(iat) || !isNumericDate(nbf)) {
    throw new HankoTokenError(
      'token_claims_invalid',
      'exp, iat or nbf is not a whole number of seconds',
    );
  }
  return { expiresAt: exp, validFrom: Math.max(iat, nbf) };
}

/**
 * `aud` is a text or a list of texts (RFC 7519 §4.1.3); absent is an empty list.
 * @throws HankoTokenError `token_claims_invalid`
 */
export function parseAudiences(aud: unknown): readonly string[] {
  const audiences = aud === undefined ? [] : typeof aud === 'string' ? [aud] : aud;
  if (!Array.isArray(audiences) || !audiences.every((entry) => typeof entry === 'string')) {
    throw new HankoTokenError(
      'token_claims_invalid',
      'The aud claim is neither a string nor a list of strings',
    );
  }
  return audiences;
}

/**
 * @param nowMs milliseconds since 1970.
 * @throws HankoTokenError `token_expired`, `token_not_yet_valid`
 */
export function checkTokenTimes(
  { expiresAt, validFrom }: TokenTimes,
  nowMs: number,
  toleranceSeconds: number,
): void {
  const now = nowMs / 1000;
  // Written so that a clock that is not a number refuses.
  if (!(now < expiresAt + toleranceSeconds)) {
    const ago = Math.floor(now - expiresAt);
    throw new HankoTokenError('token_expired', `The token expired ${ago} s ago`);
  }
  if (!(validFrom <= now + toleranceSeconds)) {
    throw new HankoTokenError(
      'token_not_yet_valid',
      `iat or nbf is ${Math.ceil(validFrom - now)} s in the future: check the clocks`,
    );
  }
}

/**
 * @param accepted any of which must be among the audiences; null = not checked.
 * @throws HankoTokenError `token_audience_mismatch`
 */
export function checkAudience(
  audiences: readonly string[],
  accepted: readonly string[] | null,
): void {
  if (accepted === null || audiences.some((entry) => accepted.includes(entry))) return;
  throw withLogDetail(
    new HankoTokenError(
      'token_audience_mismatch',
      'The aud claim has no value of the option "audience"',
    ),
    () => mismatch('aud', audiences, 'audience', accepted),
  );
}

/** For the log: anybody can write such a token, so what it says is cut and cleaned. */
export function mismatch(
  claim: string,
  came: readonly string[],
  option: string,
  accepted: readonly string[],
): string {
  const what = came.length === 0 ? 'nothing' : printableList(came);
  return `The ${claim} claim is ${what}; the option "${option}" accepts ${printableList(accepted)}`;
}

const isNumericDate = (value: unknown): value is number =>
  Number.isInteger(value) && Math.abs(value as number) <= MAX_DATE_SECONDS;
