import { Logger } from '@nestjs/common';
import { HankoConfigurationError, HankoTokenError } from '../errors/hanko.errors.js';
import { isPromise, type MaybePromise } from '../util/maybe-promise.js';
import type { HankoClaims } from '../user/hanko-claims.js';
import {
  HANKO_CLAIM_NAMES,
  type HankoClaimsIssue,
  type HankoClaimsResult,
  type HankoClaimsSchema,
} from '../user/claims-schema.js';
import { isObject } from '../util/value-checks.js';

/** What is wrong may be named by the user: it must not fill the log. */
const MAX_WARNINGS = 20;
const MAX_PATHS = 10;
const MAX_PATH_LENGTH = 100;

/** Puts the claims of verified tokens through the schema of the app, once per token. */
export class ClaimsParser {
  /** The claims of a token that comes again and again are the same object. What is wrong is text. */
  private readonly known = new WeakMap<HankoClaims, MaybePromise<HankoClaims> | string>();
  private readonly logger = new Logger('HankoClaims');
  /** What was warned of already. */
  private readonly warned = new Set<string>();

  constructor(private readonly schema: HankoClaimsSchema | null) {}

  /**
   * @throws HankoTokenError `token_claims_invalid`; now, or by the promise
   * @throws HankoConfigurationError if the schema makes something else than an object; now, or by the promise
   */
  parse(claims: HankoClaims): MaybePromise<HankoClaims> {
    if (this.schema === null) return claims;
    const known = this.known.get(claims);
    if (known !== undefined) return pass(known);
    // A copy: schemas may write into what they are given.
    const result = this.schema['~standard'].validate(structuredClone(claims));
    if (!isPromise(result)) return this.keep(claims, result);
    const later = Promise.resolve(result).then((settled) => this.keep(claims, settled));
    // Whoever brings the same token meanwhile waits for the same; what failed may go well another time.
    this.known.set(claims, later);
    later.catch(() => {
      if (this.known.get(claims) === later) this.known.delete(claims);
    });
    return later;
  }

  private keep(
    claims: HankoClaims,
    result: HankoClaimsResult<object> | undefined,
  ): MaybePromise<HankoClaims> {
    const parsed = result?.issues ? faultText(result.issues) : merge(claims, result?.value);
    this.known.set(claims, parsed);
    if (typeof parsed === 'string') this.warnOnce(parsed);
    return pass(parsed);
  }

  /** A template that leaves out a claim (contract §1.3) signs everybody out: not to be seen at level debug alone. */
  private warnOnce(fault: string): void {
    if (this.warned.has(fault) || this.warned.size >= MAX_WARNINGS) return;
    this.warned.add(fault);
    this.logger.warn(`${fault}: such tokens are answered 401`);
  }
}

function pass(parsed: MaybePromise<HankoClaims> | string): MaybePromise<HankoClaims> {
  if (typeof parsed !== 'string') return parsed;
  throw new HankoTokenError('token_claims_invalid', parsed);
}

function merge(claims: HankoClaims, output: unknown): HankoClaims {
  if (!isObject(output)) {
    throw new HankoConfigurationError([
      { path: 'claimsSchema', hint: 'must make an object of the claims.' },
    ]);
  }
  const merged: Record<string, unknown> = { ...claims, ...output };
  for (const name of HANKO_CLAIM_NAMES) {
    if (Object.hasOwn(claims, name)) merged[name] = (claims as unknown as typeof merged)[name];
    else delete merged[name];
  }
  return merged as unknown as HankoClaims;
}

/** Which claims, and not what a library says of them: that may repeat their values. */
function faultText(issues: readonly HankoClaimsIssue[]): string {
  const paths = new Set(
    issues.map(({ path = [] }) => pathText(path)).filter((path) => path !== ''),
  );
  return `The option claimsSchema refuses ${[...paths].slice(0, MAX_PATHS).join(', ') || 'the claims'}`;
}

/** Names in it may be the user's own (`unsafe_metadata`): nothing that could end a line of the log. */
const pathText = (path: NonNullable<HankoClaimsIssue['path']>): string =>
  path
    .map((part) => String(typeof part === 'object' ? part.key : part))
    .join('.')
    .replaceAll(/[^\w.:$-]/g, '?')
    .slice(0, MAX_PATH_LENGTH);
