import { present, Reader } from '../reader.js';
import { type HankoAdminCredential, readCredential } from './credential.js';
import { type HankoAdminEmail, readEmail } from './email.js';
import { type HankoAdminMetadata, type HankoStoredMetadata, readMetadata } from './metadata.js';

/** An account at a third-party provider that is linked to a user. */
export interface HankoAdminIdentity {
  /** Id of the link in Hanko, a UUID. */
  readonly id: string;
  /** The provider, such as `google`. */
  readonly providerName: string;
  /** The user's id **at** the provider. */
  readonly providerUserId: string;
  /** The address that it came with; absent if there was none. */
  readonly emailId?: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/**
 * A user as lists show it: without metadata, password, authenticator app and identities. `users.get(id)` has those.
 * Lists omit users who have neither an address nor a user name.
 */
export interface HankoAdminListedUser {
  /** The `sub` claim of the user's tokens, a UUID. */
  readonly id: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Empty if the user has none. */
  readonly emails: readonly HankoAdminEmail[];
  /** Absent if the user has none. */
  readonly username?: string;
  readonly name?: string;
  readonly givenName?: string;
  readonly familyName?: string;
  /** URL of a picture. */
  readonly picture?: string;
  /** Passkeys and security keys. */
  readonly credentials: readonly HankoAdminCredential[];
}

/** A user, with all that Hanko knows. */
export interface HankoAdminUser extends HankoAdminListedUser {
  readonly identities: readonly HankoAdminIdentity[];
  readonly metadata: HankoAdminMetadata;
  /** Absent if the user has no password. */
  readonly password?: HankoAdminPassword;
  /** Absent if the user has no authenticator app. */
  readonly otp?: HankoAdminOtp;
}

/** When a password was set and changed; never the password or its hash. */
export interface HankoAdminPassword {
  readonly id: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The authenticator app of a user, without its secret. */
export interface HankoAdminOtp {
  readonly id: string;
  readonly createdAt: Date;
}

export function readListedUser(json: unknown): HankoAdminListedUser {
  const user = new Reader(json, 'user');
  return present({
    id: user.uuid('id'),
    createdAt: user.date('created_at'),
    updatedAt: user.date('updated_at'),
    emails: user.list('emails', readEmail),
    username: user.optional('username', readUsername),
    name: user.optionalText('name'),
    givenName: user.optionalText('given_name'),
    familyName: user.optionalText('family_name'),
    picture: user.optionalText('picture'),
    credentials: user.list('webauthn_credentials', readCredential),
  });
}

/** The app's schemas have not seen its metadata yet. */
export type StoredUser = Omit<HankoAdminUser, 'metadata'> & {
  readonly metadata: HankoStoredMetadata;
};

export function readUser(json: unknown): StoredUser {
  const user = new Reader(json, 'user');
  return present({
    ...readListedUser(json),
    identities: user.list('identities', readIdentity),
    metadata: readMetadata(user.unknown('metadata')),
    password: user.optional('password', readPassword),
    otp: user.optional('otp', readOtp),
  });
}

/** An object in the Admin API, a text in a token. */
const readUsername = (json: unknown): string =>
  typeof json === 'string' ? json : new Reader(json, 'username').text('username');

function readIdentity(json: unknown): HankoAdminIdentity {
  const identity = new Reader(json, 'identity');
  return present({
    id: identity.uuid('id'),
    providerName: identity.text('provider_name'),
    providerUserId: identity.text('provider_id'),
    emailId: identity.optionalText('email_id'),
    createdAt: identity.date('created_at'),
    updatedAt: identity.date('updated_at'),
  });
}

export function readPassword(json: unknown): HankoAdminPassword {
  const password = new Reader(json, 'password');
  return {
    id: password.uuid('id'),
    createdAt: password.date('created_at'),
    updatedAt: password.date('updated_at'),
  };
}

export function readOtp(json: unknown): HankoAdminOtp {
  const otp = new Reader(json, 'otp');
  return { id: otp.uuid('id'), createdAt: otp.date('created_at') };
}
