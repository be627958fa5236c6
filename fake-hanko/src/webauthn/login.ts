import { type Ceremony, isAcceptedOrigin, userHandle, type WebauthnSettings } from './ceremony.js';
import { loadLibrary } from './load-library.js';
import { MalformedResponse, originIn, readAssertion } from './response.js';
import { rfc3339, type WebauthnCredential } from '../store/records.js';

/** A key, and whose it is. */
export interface OwnedKey {
  readonly ownerId: string;
  readonly key: WebauthnCredential;
}

/**
 * Verifies a signature (WebAuthn §7.2; hanko backend/flow_api/services/webauthn.go).
 * @param find the key of an id, as it is now.
 * @returns the key as it is from now on; why it is none, if it is none.
 */
export async function finishLogin(
  settings: WebauthnSettings,
  ceremony: Ceremony,
  text: string,
  find: (id: string) => OwnedKey | undefined,
): Promise<OwnedKey | 'invalid' | 'second factor only'> {
  const response = read(() => readAssertion(text));
  const origin = response && read(() => originIn(response.response.clientDataJSON));
  if (!response || origin === undefined) return 'invalid';
  const known = find(response.id);
  if (known === undefined) return 'invalid';
  if (!ceremony.isMfa && known.key.mfa_only) return 'second factor only';
  const isTimely = settings.now() <= ceremony.expiresAt;
  if (!isTimely || !isAcceptedOrigin(settings, origin)) return 'invalid';
  if (!isOwner(ceremony, known.ownerId, response.response.userHandle)) return 'invalid';

  const { verifyAuthenticationResponse } = await loadLibrary();
  const verified = await verifyAuthenticationResponse({
    response,
    expectedChallenge: ceremony.challenge,
    expectedOrigin: origin,
    expectedRPID: settings.config.webauthn.relying_party.id,
    requireUserVerification: ceremony.userVerification === 'required',
    credential: {
      id: known.key.id,
      publicKey: new Uint8Array(Buffer.from(known.key.public_key, 'base64url')),
      // Counted below, as Hanko does: some authenticators stop counting.
      counter: 0,
    },
  }).catch(() => null);
  if (verified === null || !verified.verified) return 'invalid';

  // While that was verified, the key may have been used, renamed or deleted.
  const owned = find(response.id);
  if (owned === undefined || owned.ownerId !== known.ownerId) return 'invalid';
  const { newCounter, credentialDeviceType, credentialBackedUp } = verified.authenticationInfo;
  const { sign_count: before } = owned.key;
  if (before > 0 && newCounter > 0 && newCounter <= before) return 'invalid';
  return {
    ...owned,
    key: {
      ...owned.key,
      last_used_at: rfc3339(settings.now()),
      backup_eligible: credentialDeviceType === 'multiDevice',
      backup_state: credentialBackedUp,
      sign_count: newCounter,
    },
  };
}

/**
 * Where nobody in particular was asked, a passkey says whose it is; else it may be silent. As go-webauthn, it takes an
 * empty handle for any user's: the key is known, and its signature is verified.
 */
function isOwner({ userId }: Ceremony, ownerId: string, handle: string | undefined): boolean {
  if (handle && handle !== userHandle(ownerId)) return false;
  return userId === null ? handle !== undefined : userId === ownerId;
}

function read<Value>(reader: () => Value): Value | undefined {
  try {
    return reader();
  } catch (error) {
    if (error instanceof MalformedResponse) return undefined;
    throw error;
  }
}
