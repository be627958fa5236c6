import type { webcrypto } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { LimitedLog } from '../diagnostics/limited-log.js';
import { HankoTokenError, HankoUnavailableError, isHankoError } from '../errors/hanko.errors.js';
import type { JwksProvider } from '../jwks/jwks-provider.js';
import { describeError } from '../util/describe-error.js';
import { isPromise, type MaybePromise } from '../util/maybe-promise.js';
import { isRs256PublicKey } from './rs256.js';

/**
 * The key that a token names.
 *
 * @param onUnknown told if there is no such key.
 * @throws HankoTokenError `token_key_unknown`; now, or by the promise
 * @throws HankoUnavailableError `hanko_unavailable`, also for whatever else a provider throws or returns
 */
export function findVerificationKey(
  jwks: JwksProvider,
  kid: string,
  onUnknown: () => void = () => undefined,
): MaybePromise<webcrypto.CryptoKey> {
  const refuse = (error: unknown): never => {
    if (isHankoError(error) && error.code === 'token_key_unknown') onUnknown();
    return refuseFor(error);
  };
  try {
    const key = jwks.getKey(kid);
    if (isPromise(key)) return Promise.resolve(key).then(checkKey).catch(refuse);
    return checkKey(key);
  } catch (error) {
    return refuse(error);
  }
}

/** A key that was checked once is not looked at again: known tokens need it, too (the bench's `guard-alone`). */
const checkedKeys = new WeakSet<object>();

function checkKey(key: webcrypto.CryptoKey | undefined): webcrypto.CryptoKey {
  if (key === undefined || key === null) {
    throw new HankoTokenError('token_key_unknown', 'The kid header names no known key');
  }
  if (!checkedKeys.has(key)) {
    if (!isRs256PublicKey(key)) {
      // The app's fault, not the caller's.
      throw new HankoUnavailableError(
        'The JwksProvider returned a key that is not an RS256 public key',
        RETRY_AFTER_SECONDS,
      );
    }
    checkedKeys.add(key);
  }
  return key;
}

const logger = new Logger('HankoJwks');

/** Told when it changes, and every half minute while it lasts: each request meets it again. */
let lastTold = { text: '', atMs: -Infinity };

function tellFailure(error: unknown): void {
  const text = describeError(error);
  const nowMs = performance.now();
  if (text === lastTold.text && nowMs - lastTold.atMs < RETRY_AFTER_SECONDS * 1000) return;
  lastTold = { text, atMs: nowMs };
  failures.write(() => `The JwksProvider failed: it threw ${text}`);
}

const failures = new LimitedLog((line) => logger.warn(line), 'failures of the JwksProvider');

/** A provider's failure is no fault of the caller's. */
function refuseFor(error: unknown): never {
  if (isHankoError(error)) throw error;
  const failure = new HankoUnavailableError('The JwksProvider failed', RETRY_AFTER_SECONDS);
  // Its message may hold an address: callers' errors have nothing of it, the log has what is no secret.
  tellFailure(error);
  throw failure;
}

/** For failures that only the app's own code can mend. */
const RETRY_AFTER_SECONDS = 30;
