import type {
  HankoMetadataOf,
  HankoPublicMetadata,
  HankoUnsafeMetadata,
} from '../user/metadata.js';
import { isObject } from '../util/value-checks.js';

/** An address in a user's own profile. */
export interface HankoProfileEmail {
  /** UUID of this address. */
  readonly id: string;
  /** The address itself, in lower case. */
  readonly address: string;
  /** Whether the user has proved to own it. */
  readonly isVerified: boolean;
  /** Whether it is the one that session tokens name. */
  readonly isPrimary: boolean;
}

/** A passkey or a security key in a user's own profile. */
export interface HankoProfileCredential {
  /** Id of the credential in base64url, as the authenticator made it: no UUID. */
  readonly id: string;
  /** Name that the user gave it; absent if it has none. */
  readonly name?: string;
  /** Time of its registration; absent if Hanko does not say. */
  readonly createdAt?: Date;
  /** Time of the last login with it; absent if it was never used. */
  readonly lastUsedAt?: Date;
}

/** An account at a third-party provider that is linked to the user. */
export interface HankoProfileIdentity {
  /** Id of the link in Hanko. */
  readonly id?: string;
  /** Name of the provider, as it is shown: `Google`. */
  readonly provider: string;
  /** Id of the user at the provider. */
  readonly providerUserId: string;
}

/** A user's own profile, as it is now. Its metadata is without private metadata, which only back ends can read. */
export interface HankoUserProfile {
  /** The `sub` claim of the user's tokens, a UUID. */
  readonly id: string;
  /** Addresses of the user; empty if there are none. */
  readonly emails: readonly HankoProfileEmail[];
  /** Absent if the user has none. */
  readonly username?: string;
  /** Passkeys of the user; empty if there are none. */
  readonly passkeys: readonly HankoProfileCredential[];
  /** Security keys, which serve as a second factor; empty if there are none. */
  readonly securityKeys: readonly HankoProfileCredential[];
  /** Accounts at third-party providers that are linked; empty if there are none. */
  readonly identities: readonly HankoProfileIdentity[];
  /** Whether the user has set up an authenticator app. */
  readonly hasAuthenticatorApp: boolean;
  /** Metadata that the user can read. */
  readonly publicMetadata: HankoMetadataOf<HankoPublicMetadata>;
  /** Metadata that the user can change: trust none of it. */
  readonly unsafeMetadata: HankoMetadataOf<HankoUnsafeMetadata>;
  /** Full name of the user; absent if there is none. */
  readonly name?: string;
  /** Given name of the user; absent if there is none. */
  readonly givenName?: string;
  /** Family name of the user; absent if there is none. */
  readonly familyName?: string;
  /** URL of a picture. */
  readonly picture?: string;
  /** Time of the registration; absent if Hanko does not say. */
  readonly createdAt?: Date;
  /** Time of the last change; absent if Hanko does not say. */
  readonly updatedAt?: Date;
}

type Json = Readonly<Record<string, unknown>>;

/** @returns null for what has not the shape of `/me`. */
export function readProfile(json: unknown): HankoUserProfile | null {
  if (!isObject(json) || typeof json.user_id !== 'string') return null;
  const { username, metadata, mfa_config: mfa } = json;
  return {
    id: json.user_id,
    emails: list(json.emails, readEmail),
    passkeys: list(json.passkeys, readCredential),
    securityKeys: list(json.security_keys, readCredential),
    identities: list(json.identities, readIdentity),
    hasAuthenticatorApp: isObject(mfa) && mfa.auth_app_set_up === true,
    publicMetadata: objectIn(metadata, 'public_metadata'),
    unsafeMetadata: objectIn(metadata, 'unsafe_metadata'),
    ...text('username', isObject(username) ? username.username : username),
    ...text('name', json.name),
    ...text('givenName', json.given_name),
    ...text('familyName', json.family_name),
    ...text('picture', json.picture),
    ...date('createdAt', json.created_at),
    ...date('updatedAt', json.updated_at),
  };
}

const readEmail = (email: Json): HankoProfileEmail => ({
  id: String(email.id),
  address: String(email.address),
  isVerified: email.is_verified === true,
  isPrimary: email.is_primary === true,
});

const readCredential = (credential: Json): HankoProfileCredential => ({
  id: String(credential.id),
  ...text('name', credential.name),
  ...date('createdAt', credential.created_at),
  ...date('lastUsedAt', credential.last_used_at),
});

const readIdentity = (identity: Json): HankoProfileIdentity => ({
  ...text('id', identity.identity_id),
  provider: String(identity.provider),
  providerUserId: String(identity.id),
});

const list = <T>(value: unknown, read: (json: Json) => T): readonly T[] =>
  Array.isArray(value) ? value.filter(isObject).map(read) : [];

const objectIn = (value: unknown, name: string): Json => {
  const member = isObject(value) ? value[name] : undefined;
  return isObject(member) ? member : {};
};

const text = <Name extends string>(name: Name, value: unknown): { readonly [N in Name]?: string } =>
  (typeof value === 'string' && value !== '' ? { [name]: value } : {}) as { [N in Name]?: string };

function date<Name extends string>(name: Name, value: unknown): { readonly [N in Name]?: Date } {
  const at = typeof value === 'string' ? new Date(value) : undefined;
  return (at === undefined || Number.isNaN(at.getTime()) ? {} : { [name]: at }) as {
    [N in Name]?: Date;
  };
}
