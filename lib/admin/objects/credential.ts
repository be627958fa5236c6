import { present, Reader } from '../reader.js';

/** A passkey or a security key (WebAuthn), with its public parts only. */
export interface HankoAdminCredential {
  /** Id of the credential in base64url, as the authenticator made it: no UUID. */
  readonly id: string;
  /** Name that the user gave it; absent if it has none. */
  readonly name?: string;
  /** Public key in base64url; the private one never leaves the authenticator. */
  readonly publicKey: string;
  /** Attestation of its registration, such as `none`. */
  readonly attestationType: string;
  /** Model of the authenticator, a UUID; all zeros if it does not say. */
  readonly aaguid: string;
  /** Time of the last login with it; absent if it was never used. */
  readonly lastUsedAt?: Date;
  /** Time of its registration. */
  readonly createdAt: Date;
  /** Ways to reach the authenticator, such as `internal`, `hybrid` or `usb`. */
  readonly transports: readonly string[];
  /** Whether it may be synchronized to other devices, as passkeys of phones are. */
  readonly isBackupEligible: boolean;
  /** Whether it is synchronized to other devices now. */
  readonly isBackedUp: boolean;
  /** Whether it is a security key that serves as a second factor only, and not a passkey. */
  readonly isMfaOnly: boolean;
}

export function readCredential(json: unknown): HankoAdminCredential {
  const credential = new Reader(json, 'credential');
  return present({
    id: credential.text('id'),
    name: credential.optionalText('name'),
    publicKey: credential.text('public_key'),
    attestationType: credential.text('attestation_type'),
    aaguid: credential.text('aaguid'),
    lastUsedAt: credential.optionalDate('last_used_at'),
    createdAt: credential.date('created_at'),
    transports: credential.texts('transports'),
    isBackupEligible: credential.flag('backup_eligible'),
    isBackedUp: credential.flag('backup_state'),
    isMfaOnly: credential.flag('mfa_only'),
  });
}
