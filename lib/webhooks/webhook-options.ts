import type { ConfigurationFault } from '../errors/hanko.errors.js';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { readNumbers } from '../options/option.js';
import { isObject, isText } from '../util/value-checks.js';

/** Options of `HankoWebhooksModule.forRoot`. */
export interface HankoWebhooksOptions {
  /** Where Hanko posts, with or without a leading slash, below the app's global prefix. Default none: it is required. */
  readonly path: string;
  /**
   * When the receiver responds: `afterHandlers` of the app are done, so that a failure counts with Hanko (500), or
   * `beforeHandlers` run. Revocations are kept first in either case. Hanko waits ten seconds and never sends again.
   * Default `afterHandlers`.
   */
  readonly respond?: 'beforeHandlers' | 'afterHandlers';
  /** Whether a changed password ends the user's sessions, all of them. Hanko itself ends none. Default false. */
  readonly revokeOnPasswordChange?: boolean;
  /** How long handlers may take before the response is 500, in milliseconds. Default 9,000, range 1 to 60,000. */
  readonly handlerTimeoutMs?: number;
  /** Larger bodies are refused, in bytes. Default 262,144, range 1,024 to 16,777,216. */
  readonly maxBodyBytes?: number;
}

/** The same with defaults, checked. */
export type ResolvedWebhooksOptions = Required<HankoWebhooksOptions>;

const NUMBERS = {
  handlerTimeoutMs: [9_000, 1, 60_000],
  maxBodyBytes: [262_144, 1_024, 16_777_216],
} as const;

const NAMES: readonly string[] = [
  'path',
  'respond',
  'revokeOnPasswordChange',
  ...Object.keys(NUMBERS),
];

/** Without patterns: a receiver has one address. */
const PATH = /^\/?[\w.~%-]+(?:\/[\w.~%-]+)*$/;

/** @throws HankoConfigurationError with every fault. */
export function resolveWebhooksOptions(written: unknown): ResolvedWebhooksOptions {
  const faults: ConfigurationFault[] = [];
  const fault = (path: string, hint: string): void => {
    faults.push({ path: `HankoWebhooksModule ${path}`, hint });
  };
  const options = isObject(written) ? written : {};
  for (const name of Object.keys(options)) {
    if (!NAMES.includes(name))
      fault(name, `is not an option. The options are ${NAMES.join(', ')}.`);
  }
  const { path, respond = 'afterHandlers', revokeOnPasswordChange = false } = options;
  if (!isText(path) || !PATH.test(path)) {
    fault('path', "must be the path that Hanko posts to, such as 'webhooks/hanko'.");
  }
  if (respond !== 'beforeHandlers' && respond !== 'afterHandlers') {
    fault('respond', "must be 'beforeHandlers' or 'afterHandlers'.");
  }
  if (typeof revokeOnPasswordChange !== 'boolean') {
    fault('revokeOnPasswordChange', 'must be true or false.');
  }
  const numbers = readNumbers(options, NUMBERS, fault);
  if (faults.length > 0) throw new HankoConfigurationError(faults);
  return {
    path: path as string,
    respond: respond as 'beforeHandlers' | 'afterHandlers',
    revokeOnPasswordChange: revokeOnPasswordChange as boolean,
    ...numbers,
  };
}
