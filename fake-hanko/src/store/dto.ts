import { type FakeSession, type FakeUser, rfc3339, type WebauthnCredential } from './records.js';
import type { Identity } from './identities.js';
import type { UsersAndSessions } from './users-and-sessions.js';
import { providersOf } from '../config/providers.js';
import type { HankoConfig } from '../config/schema.js';

type Claims = Readonly<Record<string, unknown>>;

/**
 * Claims as `/sessions/validate` and a finished sign-in show them: by other names than in the token,
 * and a template's own come last (hanko backend/dto/session.go).
 */
export function shownClaims(token: Claims): Claims & { readonly expiration: string } {
  const { sub, exp, iat, aud, iss, nbf: _nbf, jti: _jti, ...others } = token;
  const { session_id, email, username, ...custom } = others;
  return {
    ...(aud !== undefined && { audience: [aud].flat() }),
    ...(email !== undefined && { email }),
    expiration: rfc3339((exp as number) * 1000),
    ...(typeof iat === 'number' && { issued_at: rfc3339(iat * 1000) }),
    ...(iss !== undefined && { issuer: iss }),
    session_id,
    subject: sub,
    ...(typeof username === 'string' && { username }),
    ...custom,
  };
}

/** A user as `/me`, the profile and a finished sign-in show them (hanko backend/dto/profile.go). */
export function shownUser(store: UsersAndSessions, user: FakeUser, config: HankoConfig): unknown {
  const { mfa, passkey, third_party } = config;
  const { totp, webauthn = [] } = store.credentialsOf(user.id);
  const passkeys = webauthn.filter((key) => !key.mfa_only && passkey.enabled);
  const securityKeys = webauthn.filter((key) => key.mfa_only && mfa.security_keys.enabled);
  const { private_metadata: _private, ...metadata } = store.metadata.of(user.id);
  const { name, given_name, family_name, picture } = user;
  const known = store.identities.of(user.id);
  const identities = shownIdentities(known, third_party);
  return {
    id: user.id,
    user_id: user.id,
    ...(passkeys.length > 0 && { passkeys: passkeys.map(shownKey) }),
    ...(securityKeys.length > 0 && { security_keys: securityKeys.map(shownKey) }),
    mfa_config: {
      auth_app_set_up: totp !== undefined,
      totp_enabled: mfa.enabled && mfa.totp.enabled,
      security_keys_enabled: mfa.enabled && mfa.security_keys.enabled,
    },
    ...(user.emails?.length && {
      emails: user.emails.map(({ id, address, is_verified, is_primary }) => {
        const own = known.filter((identity) => identity.email_id === id);
        const [identity, ...more] = shownIdentities(own, third_party);
        return {
          id,
          address,
          is_verified,
          is_primary,
          // Deprecated by Hanko, and still there.
          ...(identity !== undefined && { identity, identities: [identity, ...more] }),
        };
      }),
    }),
    ...(user.username && { username: user.username }),
    created_at: user.created_at,
    updated_at: user.updated_at,
    ...(Object.keys(metadata).length > 0 && { metadata }),
    ...(identities.length > 0 && { identities }),
    ...(name && { name }),
    ...(given_name && { given_name }),
    ...(family_name && { family_name }),
    ...(picture && { picture }),
  };
}

/** Those at third parties that are enabled (hanko backend/dto/thirdparty.go). */
function shownIdentities(
  identities: readonly Identity[],
  config: HankoConfig['third_party'],
): readonly unknown[] {
  const providers = providersOf(config);
  return identities.flatMap(({ id: identity_id, provider_id, subject: id }) => {
    const provider = providers.find((one) => one.id === provider_id)?.name;
    return provider === undefined ? [] : { id, provider, identity_id };
  });
}

/** A passkey or security key (hanko backend/dto/webauthn.go). */
export function shownKey({ sign_count: _count, ...key }: WebauthnCredential): unknown {
  return key;
}

/** A session as the profile shows it (hanko backend/dto/session.go). */
export function shownSession(session: FakeSession, isCurrent: boolean): unknown {
  const { id, user_agent: agent, ip_address, created_at, expires_at, last_used } = session;
  return {
    id,
    ...(agent !== null && { user_agent_raw: agent, user_agent: shownUserAgent(agent) }),
    ...(ip_address !== null && { ip_address }),
    current: isCurrent,
    created_at,
    expires_at,
    last_used,
  };
}

/** The first that fits: browsers name the ones that they take after, too. */
const SYSTEMS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Windows', /Windows/],
  ['Android', /Android/],
  ['iOS', /iPhone|iPad/],
  ['macOS', /Macintosh/],
  ['Linux', /Linux/],
];
const BROWSERS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Edge', /Edg\//],
  ['Opera', /OPR\//],
  ['Headless Chrome', /HeadlessChrome\//],
  ['Chrome', /Chrome\//],
  ['Firefox', /Firefox\//],
  ['Safari', /Safari\//],
];

/** `Linux (Chrome)`; of what is no browser the name: ` (node)`. */
function shownUserAgent(agent: string): string {
  const find = (list: typeof SYSTEMS): string | undefined =>
    list.find(([, pattern]) => pattern.test(agent))?.[0];
  return `${find(SYSTEMS) ?? ''} (${find(BROWSERS) ?? agent.split(/[/ ]/, 1)[0] ?? ''})`;
}
