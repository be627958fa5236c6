import { authenticatorName } from './authenticators.js';
import { ALGORITHMS, type Ceremony, isAcceptedOrigin, type WebauthnSettings } from './ceremony.js';
import { type Library, loadLibrary } from './load-library.js';
import { MalformedResponse, originIn, readAttestation } from './response.js';
import { rfc3339, type WebauthnCredential } from '../store/records.js';

/**
 * Kinds of statements that are verified without asking anybody. For `android-key` the library calls whatever address a
 * certificate in the statement names, to see whether it is revoked; `android-safetynet` is no longer made.
 */
const VERIFIABLE = ['apple', 'fido-u2f', 'none', 'packed', 'tpm'];

/**
 * Verifies what an authenticator says of its new key (WebAuthn §7.1).
 * @returns the key; null if what is said is not true, or not of this ceremony.
 * @throws MalformedResponse
 */
export async function finishRegistration(
  settings: WebauthnSettings,
  ceremony: Ceremony,
  text: string,
): Promise<WebauthnCredential | null> {
  const response = readAttestation(text);
  const { clientDataJSON, attestationObject, transports = [] } = response.response;
  const origin = originIn(clientDataJSON);
  const library = await loadLibrary();
  const format = formatOf(attestationObject, library);
  const isTimely = settings.now() <= ceremony.expiresAt;
  if (!isTimely || !isAcceptedOrigin(settings, origin) || !VERIFIABLE.includes(format)) return null;
  const verified = await library
    .verifyRegistrationResponse({
      response,
      expectedChallenge: ceremony.challenge,
      expectedOrigin: origin,
      expectedRPID: settings.config.webauthn.relying_party.id,
      requireUserVerification: ceremony.userVerification === 'required',
      supportedAlgorithmIDs: ALGORITHMS,
    })
    .catch(() => null);
  // What the library does not believe it throws, or says that it is not verified.
  const info = verified?.registrationInfo;
  if (info === undefined || info.credential.id !== response.id) return null;
  const { aaguid, credential } = info;
  const name = authenticatorName(aaguid);
  const at = rfc3339(settings.now());
  return {
    id: credential.id,
    ...(name !== undefined && { name }),
    public_key: Buffer.from(credential.publicKey).toString('base64url'),
    attestation_type: format,
    aaguid,
    last_used_at: at,
    created_at: at,
    transports,
    // Hanko learns of backups at the first sign-in.
    backup_eligible: false,
    backup_state: false,
    mfa_only: ceremony.isMfa,
    sign_count: credential.counter,
  };
}

/** @throws MalformedResponse for what cannot be read. */
function formatOf(attestation: string, library: Library): string {
  try {
    const bytes = new Uint8Array(Buffer.from(attestation, 'base64url'));
    const object = library.decodeAttestationObject(bytes);
    library.parseAuthenticatorData(object.get('authData'));
    return object.get('fmt');
  } catch {
    throw new MalformedResponse('no attestation object');
  }
}
