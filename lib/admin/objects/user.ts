import { present, Reader } from '../reader.js';
import { type HankoAdminCredential, readCredential } from './credential.js';
import { type HankoAdminEmail, readEmail } from './email.js';
import { type HankoAdminMetadata, type HankoStoredMetadata, readMetadata } from './metadata.js';

/** An account at a third-party provider that is linked to a user. */
export interface HankoAdminIdentity {
  /** UUID of the link in Hanko. */
  readonly id: string;
  /** Name of the provider, such as `google`. */
  readonly providerName: string;
  /** Id of the user **at** the provider. Hanko calls it `provider_id`. */
  readonly providerUserId: string;
  /** UUID of the address that it came with; absent if there was none. */
  readonly emailId?: string;
  /** Time of the first login with it. */
  readonly createdAt: Date;
  /** Time of its last change. */
  readonly updatedAt: Date;
}

/**
 * A user as lists show it: without metadata, password, authenticator app and identities. `users.get(id)` has those.
 * Lists omit users who have neither an address nor a user name.
 */
export interface HankoAdminListedUser {
  /** UUID of the user: `user.id`, the `sub` claim of the user's tokens. */
  readonly id: string;
  /** Time of the registration. */
  readonly createdAt: Date;
  /** Time of the last change of the user. */
  readonly updatedAt: Date;
  /** Addresses of the user; empty if there are none. */
  readonly emails: readonly HankoAdminEmail[];
  /** User name, in lower case; absent if the user has none. */
  readonly username?: string;
  /** Full name of the user; absent if there is none. */
  readonly name?: string;
  /** Given name of the user; absent if there is none. */
  readonly givenName?: string;
  /** Family name of the user; absent if there is none. */
  readonly familyName?: string;
  /** URL of a picture, which the user may have chosen; absent if there is none. */
  readonly picture?: string;
  /** Passkeys and security keys of the user; empty if there are none. */
  readonly credentials: readonly HankoAdminCredential[];
}

/** A user, with all that Hanko knows. */
export interface HankoAdminUser extends HankoAdminListedUser {
  /** Accounts at third-party providers that are linked; empty if there are none. */
  readonly identities: readonly HankoAdminIdentity[];
  /** Metadata of all three kinds, private metadata included: do not send it to browsers. */
  readonly metadata: HankoAdminMetadata;
  /** When the password was set and changed; absent if the user has none. */
  readonly password?: HankoAdminPassword;
  /** When the authenticator app was set up; absent if the user has none. */
  readonly otp?: HankoAdminOtp;
}

/** When a password was set and changed; never the password or its hash. */
export interface HankoAdminPassword {
  /** UUID of the password's record, not of its user. */
  readonly id: string;
  /** Time at which a password was first set. */
  readonly createdAt: Date;
  /** Time of the last change of the password. */
  readonly updatedAt: Date;
}

/** The authenticator app of a user, without its secret. */
export interface HankoAdminOtp {
  /** UUID of the authenticator app's record, not of its user. */
  readonly id: string;
  /** Time at which the app was set up. */
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
