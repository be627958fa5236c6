import { Logger } from '@nestjs/common';
import { HankoTokenError } from '../errors/hanko.errors.js';
import { isPromise, type MaybePromise } from '../util/maybe-promise.js';
import type { HankoClaims } from '../user/hanko-claims.js';
import {
  HANKO_CLAIM_NAMES,
  type HankoClaimsIssue,
  type HankoClaimsSchema,
  issuePaths,
} from '../user/standard-schema.js';
import { parseClaims } from '../user/hanko-user.js';
import { classOf, isObject } from '../util/value-checks.js';

/** What is wrong may be named by the user: it must not fill the log. */
const MAX_WARNINGS = 20;

/**
 * Applies the app's schema to the claims of verified tokens, once per token. The schema is the app's own code, so
 * whatever it does, a token that it does not pass is refused, and neither a claim's value nor a message of its library
 * is repeated.
 */
export class ClaimsSchema {
  /** The claims of a token that comes again and again are the same object. What is wrong is text. */
  private readonly known = new WeakMap<HankoClaims, MaybePromise<HankoClaims> | string>();
  private readonly logger = new Logger('HankoClaims');
  /** What was warned of already. */
  private readonly warned = new Set<string>();

  constructor(private readonly schema: HankoClaimsSchema | null) {}

  /** @throws HankoTokenError `token_claims_invalid`; now, or by the promise */
  apply(claims: HankoClaims): MaybePromise<HankoClaims> {
    if (this.schema === null) return claims;
    const known = this.known.get(claims);
    if (known !== undefined) return pass(known);
    try {
      // A copy: schemas may write into what they are given.
      const result: unknown = this.schema['~standard'].validate(structuredClone(claims));
      return isPromise(result) ? this.applyLater(claims, result) : this.keep(claims, result);
    } catch (error) {
      throw this.refusal(error);
    }
  }

  private applyLater(claims: HankoClaims, result: PromiseLike<unknown>): Promise<HankoClaims> {
    const later = Promise.resolve(result).then((settled) => this.keep(claims, settled));
    const applied = later.catch((error: unknown) => {
      // It may go well another time.
      if (this.known.get(claims) === applied) this.known.delete(claims);
      throw this.refusal(error);
    });
    // Whoever brings the same token meanwhile waits for the same.
    this.known.set(claims, applied);
    return applied;
  }

  /** @throws HankoTokenError, or whatever the result throws when it is read. */
  private keep(claims: HankoClaims, result: unknown): HankoClaims {
    const fault = faultIn(result);
    const parsed = fault ?? merge(claims, (result as { readonly value: object }).value);
    // Whatever the app made is read here for the first time.
    if (typeof parsed !== 'string') parseClaims(parsed);
    this.known.set(claims, parsed);
    return pass(parsed) as HankoClaims;
  }

  /** One of ours has its reason; anything else was thrown by the schema, or by what it made. */
  private refusal(error: unknown): HankoTokenError {
    const refusal =
      error instanceof HankoTokenError
        ? error
        : new HankoTokenError(
            'token_claims_invalid',
            `The option claimsSchema threw ${classOf(error)}`,
          );
    this.warnOnce(refusal.reason);
    return refusal;
  }

  /** A template that omits a claim signs everybody out: not to be seen at level debug alone. */
  private warnOnce(fault: string): void {
    if (this.warned.has(fault) || this.warned.size >= MAX_WARNINGS) return;
    this.warned.add(fault);
    this.logger.warn(`${fault}: such tokens get 401`);
  }
}

function pass(parsed: MaybePromise<HankoClaims> | string): MaybePromise<HankoClaims> {
  if (typeof parsed !== 'string') return parsed;
  throw new HankoTokenError('token_claims_invalid', parsed);
}

/** @returns null if the result has claims. */
function faultIn(result: unknown): string | null {
  // That of arktype is a list with `issues`.
  if (typeof result !== 'object' || result === null) {
    return 'The option claimsSchema returned no result';
  }
  const { issues, value } = result as { readonly issues?: unknown; readonly value?: unknown };
  if (Array.isArray(issues)) return faultText(issues as HankoClaimsIssue[]);
  if (issues) return 'The option claimsSchema refuses the claims';
  return isObject(value) ? null : 'The option claimsSchema must make an object of the claims';
}

function merge(claims: HankoClaims, output: object): HankoClaims {
  const merged: Record<string, unknown> = { ...claims, ...output };
  for (const name of HANKO_CLAIM_NAMES) {
    if (Object.hasOwn(claims, name)) merged[name] = (claims as unknown as typeof merged)[name];
    else delete merged[name];
  }
  return merged as unknown as HankoClaims;
}

const faultText = (issues: readonly HankoClaimsIssue[]): string =>
  `The option claimsSchema refuses ${issuePaths(issues) || 'the claims'}`;
