import {
  HankoConfigurationError,
  HankoCredentialsError,
  isHankoError,
} from '../errors/hanko.errors.js';
import { describeError } from '../util/describe-error.js';
import { isPromise } from '../util/maybe-promise.js';
import { isObject, kindOf } from '../util/value-checks.js';
import type { IncomingRequest } from './request.js';
import { MAX_CANDIDATES, type TokenExtractor } from './token-extractor.js';

/** What an extractor found, checked: extractors are the app's own code. */
export interface Credential {
  /** At least one. */
  readonly tokens: readonly string[];
  readonly isAmbient: boolean;
  /** The name of the extractor. */
  readonly source: string;
}

/**
 * Asks one extractor.
 *
 * @returns null if it found nothing.
 * @throws HankoCredentialsError `credentials_ambiguous` for more than eight different tokens
 * @throws HankoConfigurationError `configuration_invalid` if it returns what it must not, or throws an error that is not
 * ours
 */
export function askExtractor(
  extractor: TokenExtractor,
  request: IncomingRequest,
): Credential | null {
  const { name } = extractor;
  const found = resultOf(extractor, request);
  if (found === undefined || found === null) return null;
  if (!isObject(found) || !Array.isArray(found.tokens)) throw wrongResult(name, whatIs(found));
  const tokens = tokensOf(found.tokens, name);
  // What is not said to be harmless is not.
  return tokens.length === 0 ? null : { tokens, isAmbient: found.ambient !== false, source: name };
}

function resultOf(extractor: TokenExtractor, request: IncomingRequest): unknown {
  try {
    return extractor.extract(request);
  } catch (error) {
    if (isHankoError(error)) throw error;
    // Its message may repeat a token, as that of JSON.parse does.
    const thrown = describeError(error, { isMessageTold: false });
    throw misconfigured(extractor.name, `threw ${thrown}.`);
  }
}

function tokensOf(tokens: readonly unknown[], name: string): readonly string[] {
  // By index: other ways of looking at a list pass over its holes.
  for (let i = 0; i < tokens.length; i += 1) {
    if (typeof tokens[i] !== 'string') {
      throw wrongResult(name, `a list of tokens in which one is ${kindOf(tokens[i])}`);
    }
  }
  if (tokens.length < 2) return tokens as readonly string[];
  const different = [...new Set(tokens as readonly string[])];
  if (different.length > MAX_CANDIDATES) {
    throw new HankoCredentialsError(
      'credentials_ambiguous',
      `The extractor "${name}" found more than ${MAX_CANDIDATES} different tokens`,
    );
  }
  return different;
}

function whatIs(found: {}): string {
  if (isPromise<unknown>(found)) {
    // Nobody waits for it: unhandled, its failure would end the process.
    Promise.resolve(found).catch(() => undefined);
    return 'a promise';
  }
  return isObject(found) ? 'an object without a list of tokens' : kindOf(found);
}

const wrongResult = (name: string, what: string): HankoConfigurationError =>
  misconfigured(name, `returned ${what}.`);

const misconfigured = (name: string, what: string): HankoConfigurationError =>
  new HankoConfigurationError([
    {
      path: `extractors, "${name}"`,
      hint:
        `${what} extract(request) must return { tokens: [text, …], ambient: true or false }, or undefined where it ` +
        'finds nothing. It must not be async. For a credential that is present but unusable, throw a ' +
        'HankoTokenError or HankoCredentialsError.',
    },
  ]);
