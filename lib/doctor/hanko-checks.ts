import type { webcrypto } from 'node:crypto';
import { HankoUnavailableError } from '../errors/hanko.errors.js';
import { FetchFailure } from '../http/fetch-failure.js';
import { importKeys, parseJwkSet, type VerificationKeys } from '../jwks/jwk-set.js';
import type { JwksProvider } from '../jwks/jwks-provider.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { parseValidation } from '../session/session-verdict.js';
import { isUuid } from '../util/value-checks.js';
import { ask, cureOf, jsonOf, type Reply } from './ask.js';
import { type Check, fail, ok, skip, warn } from './check.js';

/** What Hanko said. */
export interface CheckedHanko {
  readonly checks: readonly Check[];
  /** Its keys, for verifying as the app does. */
  readonly jwks: JwksProvider;
  readonly isReachable: boolean;
}

/** Options of an app that has an address. */
export type AddressedOptions = ResolvedHankoOptions & { readonly apiUrl: string };

/** Hanko publishes a key for each secret of its configuration: more than a few are a sign of a fault. */
const MANY_KEYS = 10;

/** How many unusable keys are named. */
const MAX_FAULTS = 5;

/** The lifetime of a webhook token, in seconds: with a clock that is further ahead, each one has expired. */
const WEBHOOK_SECONDS = 300;

/** Address, keys and clock. It asks the two endpoints that the app asks. */
export async function hankoChecks(
  options: AddressedOptions,
  now: () => number,
): Promise<CheckedHanko> {
  const [keys, session] = await Promise.all([
    settled(askForKeys(options, now)),
    settled(askForSession(options, now)),
  ]);
  if (keys instanceof FetchFailure) {
    const jwks = { getKey: unavailable };
    return { checks: [addressFault(options, keys, session)], jwks, isReachable: false };
  }
  return {
    checks: [
      addressCheck(options, session),
      ...keyChecks(keys),
      session instanceof FetchFailure
        ? skip('clock', 'It cannot be compared: Hanko gave no reply about sessions.')
        : clockCheck(session, options.clockToleranceSeconds),
    ],
    jwks: { getKey: (kid) => keys.usable.get(kid)?.key },
    isReachable: true,
  };
}

/** @throws HankoUnavailableError as the app does while it has no keys. */
function unavailable(): webcrypto.CryptoKey {
  throw new HankoUnavailableError("Hanko's keys cannot be fetched", 30);
}

interface Keys {
  readonly usable: VerificationKeys;
  readonly faults: readonly string[];
  readonly reply: Reply;
}

/** @throws FetchFailure */
async function askForKeys(
  { apiUrl, jwksTimeoutMs: timeoutMs, jwksMaxBytes: maxBytes }: AddressedOptions,
  now: () => number,
): Promise<Keys> {
  const reply = await ask(`${apiUrl}/.well-known/jwks.json`, { timeoutMs, maxBytes, now });
  const set = parseJwkSet(jsonOf(reply));
  if (set === null) throw new FetchFailure('the reply is not a JWK Set');
  const usable = await importKeys(set.usable);
  const faults = set.faults
    .slice(0, MAX_FAULTS)
    .map(({ index, fault }) => `keys[${index}]: ${fault}`);
  if (usable.size === 0) {
    throw new FetchFailure(['the JWK Set has no usable key', ...faults].join('; '));
  }
  return { usable, faults, reply };
}

/** Without a token Hanko says that there is no session. @throws FetchFailure */
async function askForSession(
  { apiUrl, validateTimeoutMs: timeoutMs }: AddressedOptions,
  now: () => number,
): Promise<Reply> {
  const bounds = { timeoutMs, maxBytes: 65_536, now };
  const reply = await ask(`${apiUrl}/sessions/validate`, bounds);
  parseValidation({ status: reply.status, json: jsonOf(reply) }, '');
  return reply;
}

function addressFault({ apiUrl }: AddressedOptions, keys: FetchFailure, session: unknown): Check {
  const isHanko = !(session instanceof FetchFailure);
  return fail(
    'address',
    `The keys cannot be fetched from ${apiUrl}/.well-known/jwks.json: ${keys.message}. Requests with a token get 503.`,
    isHanko
      ? 'Hanko is there, as it replies about sessions. Look at what stands between your app and /.well-known/jwks.json.'
      : cureOfAddress(apiUrl, keys),
  );
}

/** A server with tenants knows no address without one: 400 or 404 (hanko backend/middleware/tenant.go). */
function cureOfAddress(apiUrl: string, keys: FetchFailure): string {
  const { status } = keys;
  if (status !== 400 && status !== 404) return cureOf(keys);
  const tenant = isUuid(new URL(apiUrl).pathname.slice(1))
    ? 'Does this tenant exist on the server?'
    : "If the server has tenants, the address ends with the tenant's id.";
  return status === 400 ? tenant : `${cureOf(keys)} ${tenant}`;
}

function addressCheck({ apiUrl }: AddressedOptions, session: Reply | FetchFailure): Check {
  if (!(session instanceof FetchFailure)) {
    const { sentAt, receivedAt } = session;
    return ok('address', `Hanko replies at ${apiUrl}, in ${Math.max(0, receivedAt - sentAt)} ms.`);
  }
  return warn(
    'address',
    `${apiUrl} has keys, but ${apiUrl}/sessions/validate gives no reply of Hanko: ${session.message}. Policies that ask Hanko ` +
      '(online, refreshSeconds) would get 503.',
    "Is this the base address of Hanko's public API, version 1.1 or newer? A gateway in front of it must let both paths pass.",
  );
}

function keyChecks({ usable, faults, reply }: Keys): readonly Check[] {
  const sizes = [...usable.values()].map(
    ({ key }) => (key.algorithm as webcrypto.RsaHashedKeyAlgorithm).modulusLength,
  );
  const count = usable.size === 1 ? 'There is one key' : `There are ${usable.size} keys`;
  const text = `${count}, RSA with ${[...new Set(sizes)].join(' and ')} bits. ${ageOf(reply)}`;
  const checks = [
    usable.size >= MANY_KEYS
      ? warn(
          'keys',
          text,
          'Hanko makes a new key at each start if ids are missing in its table of keys: look at that table (jwks).',
        )
      : ok('keys', text),
  ];
  if (faults.length > 0) {
    checks.push(
      warn(
        'keys',
        `Some cannot be used: ${faults.join('; ')}. Tokens that they signed get 401.`,
        'Hanko signs with RS256 and keys of at least 2048 bits: use such a key.',
      ),
    );
  }
  return [...checks, ...cacheChecks(reply)];
}

/** RFC 9111 §5.1: what a cache says of how old its copy is. */
const ageSecondsOf = ({ header }: Reply): number => Number(/^\d{1,9}$/.exec(header('age') ?? '0'));

function ageOf(reply: Reply): string {
  const age = ageSecondsOf(reply);
  return age > 0
    ? `A cache in front of Hanko has had them for ${age} s.`
    : 'They come from Hanko as they are now.';
}

/** Tokens of a new key get 401 until a cache has it. */
function cacheChecks(reply: Reply): readonly Check[] {
  const age = ageSecondsOf(reply);
  const [, lifetime = '600'] = /max-age=(\d{1,9})/.exec(reply.header('cache-control') ?? '') ?? [];
  if (age <= Number(lifetime)) return [];
  return [
    warn(
      'keys',
      `A cache serves them longer than they are fresh: ${age} s, and Hanko allows ${lifetime} s. After a new key, tokens get 401 meanwhile.`,
      'Let the cache obey Cache-Control, or pass /.well-known/jwks.json by it.',
    ),
  ];
}

/** `Date` has whole seconds, and is written at some time between sending and receiving: by that much one can be wrong. */
function clockCheck({ header, sentAt, receivedAt }: Reply, toleranceSeconds: number): Check {
  const theirs = Date.parse(header('date') ?? '');
  if (Number.isNaN(theirs)) {
    return skip('clock', 'It cannot be compared: the reply has no Date.');
  }
  const aheadSeconds = Math.round((sentAt + receivedAt) / 200 - (theirs + 500) / 100) / 10;
  const off = Math.abs(aheadSeconds);
  const doubt = 0.5 + (receivedAt - sentAt) / 2000;
  const cure = 'Let both machines set their clocks by NTP.';
  if (off <= toleranceSeconds + doubt) {
    const how =
      off <= 0.5 + doubt
        ? 'agrees with'
        : `is ${off} s ${aheadSeconds > 0 ? 'ahead of' : 'behind'}`;
    return ok(
      'clock',
      `The clock of this machine ${how} Hanko's. ${toleranceSeconds} s are tolerated.`,
    );
  }
  if (aheadSeconds < 0) {
    return fail(
      'clock',
      `The clock of this machine is ${off} s behind Hanko's. New tokens get 401 token_not_yet_valid until it has caught up ` +
        `(${toleranceSeconds} s are tolerated).`,
      cure,
    );
  }
  const text = `The clock of this machine is ${off} s ahead of Hanko's: tokens expire that much too early`;
  return off < WEBHOOK_SECONDS
    ? warn('clock', `${text}.`, cure)
    : fail('clock', `${text}, and webhooks have expired when they arrive.`, cure);
}

/** @returns the failure, if it is one. */
export async function settled<T>(work: Promise<T>): Promise<T | FetchFailure> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof FetchFailure) return error;
    throw error;
  }
}
