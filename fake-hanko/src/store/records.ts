import { randomUUID } from 'node:crypto';
import type { Metadata } from './metadata.js';

/** An address of a user, as the Admin API shows it. */
export interface FakeEmail {
  readonly id: string;
  readonly address: string;
  readonly is_verified: boolean;
  readonly is_primary: boolean;
  readonly created_at: string;
  readonly updated_at: string;
}

/** What a user is called, as a third party says. */
export interface Personal {
  /** The whole name of the user. Absent if it is not known. */
  readonly name?: string;
  /** Absent if it is not known. */
  readonly given_name?: string;
  /** Absent if it is not known. */
  readonly family_name?: string;
  /** Address of a picture. Absent if there is none. */
  readonly picture?: string;
}

/** A user, as the Admin API shows it. */
export interface FakeUser extends Personal {
  /** Id of the user, a UUID. */
  readonly id: string;
  /** Absent if there are none. */
  readonly emails?: readonly FakeEmail[];
  /** Absent if there is none. */
  readonly username?: {
    readonly id: string;
    readonly username: string;
    readonly created_at: string;
    readonly updated_at: string;
  };
  /** A time, RFC 3339 §5.6. */
  readonly created_at: string;
  /** A time, RFC 3339 §5.6. */
  readonly updated_at: string;
}

/** A session, as the Admin API shows it. */
export interface FakeSession {
  /** A UUID: the `session_id` claim. */
  readonly id: string;
  /** The user's id, a UUID. */
  readonly user_id: string;
  /** The browser or program that signed in; null if it is not known. */
  readonly user_agent: string | null;
  /** The address that the login came from; null if it is not known. */
  readonly ip_address: string | null;
  /** A time, RFC 3339 §5.6. */
  readonly created_at: string;
  /** A time, RFC 3339 §5.6. */
  readonly updated_at: string;
  /** A time, RFC 3339 §5.6. */
  readonly expires_at: string;
  /** A time, RFC 3339 §5.6. */
  readonly last_used: string;
}

/** A mail that Hanko would send. */
export interface FakeMail {
  /** Address of the one it is for. */
  readonly to: string;
  /** Its subject, in English. */
  readonly subject: string;
  /** The mail as plain text. */
  readonly text: string;
  /** The code in it, six digits; null in mails that have none. */
  readonly passcode: string | null;
}

/** A user to create; every member is optional. */
export interface NewFakeUser {
  /** Id of the user, a UUID. Default: a random one. */
  readonly id?: string;
  /** Primary email address of the user. Default none. */
  readonly email?: string;
  /** Whether the address is proved. Default true. */
  readonly emailVerified?: boolean;
  /** Username that the user signs in with. Default none. */
  readonly username?: string;
  /** Password for a sign-in through the Flow API, at most 72 bytes. Default none. */
  readonly password?: string;
  /** Key of an authenticator app, in Base32 (RFC 4648 §6): a sign-in asks for its code. Default none. */
  readonly totpSecret?: string;
  /** Metadata of the user, such as `{ public_metadata: { role: 'admin' } }`: JWT templates read it. Default none. */
  readonly metadata?: Metadata;
}

/** What a user signs in with; the Admin API shows none of it. */
export interface Credentials {
  /** `hashPassword`'s. */
  readonly passwordHash?: string;
  /** Noted by the store, when the hash is set. */
  readonly password?: {
    readonly id: string;
    readonly created_at: string;
    readonly updated_at: string;
  };
  /** Noted by the store, when there is another app. */
  readonly otp?: { readonly id: string; readonly created_at: string };
  readonly totp?: TotpCredential;
  /** Oldest first. */
  readonly webauthn?: readonly WebauthnCredential[];
}

/** A passkey or a security key (hanko backend/persistence/models/webauthn_credential.go). */
export interface WebauthnCredential {
  /** The authenticator's, Base64url. */
  readonly id: string;
  /** Absent until somebody gives it one, unless its authenticator is well known. */
  readonly name?: string;
  /** A COSE key (RFC 9052 §7), Base64url. */
  readonly public_key: string;
  /** Format of the attestation statement. */
  readonly attestation_type: string;
  /** Model of the authenticator, a UUID. */
  readonly aaguid: string;
  readonly last_used_at: string;
  readonly created_at: string;
  /** How a browser reaches the authenticator, such as `internal` or `usb`. */
  readonly transports: readonly string[];
  readonly backup_eligible: boolean;
  readonly backup_state: boolean;
  /** A security key. */
  readonly mfa_only: boolean;
  /** Signatures so far, as the authenticator counts; never shown. */
  readonly sign_count: number;
}

/** An authenticator app. */
export interface TotpCredential {
  /** Base32. */
  readonly secret: string;
  /** Time step of the last code that was taken: no code of it or before it is taken again. */
  readonly lastStep: number | null;
}

/** An address with an id and times. */
export const newEmail = (
  { address, is_verified, is_primary }: Pick<FakeEmail, 'address' | 'is_primary' | 'is_verified'>,
  at: string,
): FakeEmail => ({
  id: randomUUID(),
  address: address.toLowerCase(),
  is_verified,
  is_primary,
  created_at: at,
  updated_at: at,
});

/** The primary address of a user. */
export const primaryEmail = (user: Pick<FakeUser, 'emails'>): FakeEmail | undefined =>
  user.emails?.find((email) => email.is_primary);

export { rfc3339 } from '../time.js';
