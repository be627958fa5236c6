import type { webcrypto } from 'node:crypto';
import { HankoTokenError, HankoUnavailableError, isHankoError } from '../errors/hanko.errors.js';
import type { JwksProvider } from '../jwks/jwks-provider.js';
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
    return isPromise(key) ? Promise.resolve(key).then(checkKey).catch(refuse) : checkKey(key);
  } catch (error) {
    return refuse(error);
  }
}

/** A key that was checked once is not looked at again. */
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

/** A provider's failure is no fault of the caller's. */
function refuseFor(error: unknown): never {
  if (isHankoError(error)) throw error;
  // Its message may hold an address, so it is not passed on.
  throw new HankoUnavailableError('The JwksProvider failed', RETRY_AFTER_SECONDS);
}

/** For failures that only the app's own code can mend. */
const RETRY_AFTER_SECONDS = 30;
