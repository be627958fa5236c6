import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { type Findings, flag, type Option, wholeNumber, WrittenOption } from '../options/option.js';
import { isObject, isText } from '../util/value-checks.js';

/** Options that configure `HankoWebhooksModule.forRoot()`. */
export interface HankoWebhooksOptions {
  /**
   * Where Hanko posts, with or without a leading slash, below the app's global prefix. In an app with the option `tenants`
   * one segment is `:tenant`, as in `webhooks/hanko/:tenant`. Default none: it is required.
   */
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

/** Checked options, with defaults. */
export type ResolvedWebhooksOptions = Required<HankoWebhooksOptions>;

/** A plain path, without patterns: the receiver has one address, or one for each tenant. */
const PATH = /^\/?(?:[\w.~%-]+|:tenant)(?:\/(?:[\w.~%-]+|:tenant))*$/;

const path: Option<string> = {
  read: ({ value, fault }) => {
    if (!isText(value) || !PATH.test(value)) {
      fault("must be the path that Hanko posts to, such as 'webhooks/hanko'.");
    }
    return value as string;
  },
};

const respond: Option<ResolvedWebhooksOptions['respond']> = {
  read: ({ value = 'afterHandlers', fault }) => {
    if (value === 'beforeHandlers' || value === 'afterHandlers') return value;
    fault("must be 'beforeHandlers' or 'afterHandlers'.");
    return 'afterHandlers';
  },
};

const OPTIONS = {
  path,
  respond,
  revokeOnPasswordChange: flag(false),
  handlerTimeoutMs: wholeNumber([9_000, 1, 60_000]),
  maxBodyBytes: wholeNumber([262_144, 1_024, 16_777_216]),
} satisfies {
  readonly [Name in keyof ResolvedWebhooksOptions]: Option<ResolvedWebhooksOptions[Name]>;
};

/** @throws HankoConfigurationError with every fault. */
export function resolveWebhooksOptions(written: unknown): ResolvedWebhooksOptions {
  const findings: Findings = { faults: [], warnings: [] };
  const options = isObject(written) ? written : {};
  const writtenOption = (name: string): WrittenOption =>
    new WrittenOption(options[name], `HankoWebhooksModule ${name}`, findings);
  const names = Object.keys(OPTIONS);
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    writtenOption(name).fault(`is not an option. The options are ${names.join(', ')}.`);
  }
  const values = Object.entries<Option<unknown>>(OPTIONS).map(([name, option]) => [
    name,
    option.read(writtenOption(name)),
  ]);
  if (findings.faults.length > 0) throw new HankoConfigurationError(findings.faults);
  return Object.fromEntries(values) as ResolvedWebhooksOptions;
}
