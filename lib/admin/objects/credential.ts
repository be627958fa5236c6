import { present, Reader } from '../reader.js';

/** A passkey or a security key (WebAuthn), with its public parts only. */
export interface HankoAdminCredential {
  /** As the authenticator made it: no UUID. */
  readonly id: string;
  /** What the user calls it; absent if it has no name. */
  readonly name?: string;
  readonly publicKey: string;
  readonly attestationType: string;
  /** Model of the authenticator, a UUID. */
  readonly aaguid: string;
  /** Absent if it was never used. */
  readonly lastUsedAt?: Date;
  readonly createdAt: Date;
  /** How it is reached, such as `internal` or `usb`. */
  readonly transports: readonly string[];
  readonly isBackupEligible: boolean;
  readonly isBackedUp: boolean;
  /** True for a security key, which serves as a second factor only. */
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
