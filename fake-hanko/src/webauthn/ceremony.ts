import { randomBytes } from 'node:crypto';
import type { HankoConfig } from '../config/schema.js';
import { isAllowedOrigin } from '../server/cors.js';
import { parseUrl } from '../server/parse-url.js';
import type { WebauthnCredential } from '../store/records.js';

export interface WebauthnSettings {
  readonly config: Pick<HankoConfig, 'mfa' | 'passkey' | 'webauthn'>;
  readonly allowOrigins: 'loopback' | readonly string[];
  readonly now: () => number;
}

/** What an authenticator was asked: its response must fit (hanko backend/persistence/models/webauthn_session_data.go). */
export interface Ceremony {
  /** Base64url. */
  readonly challenge: string;
  /** In milliseconds. */
  readonly expiresAt: number;
  /** Whose key it is or will be; null if any passkey does, and the response says whose it is. */
  readonly userId: string | null;
  /** A security key, which is good for nothing but the second factor. */
  readonly isMfa: boolean;
  readonly userVerification: UserVerification;
  /** How long the page may take, in milliseconds. */
  readonly timeout: number;
}

type UserVerification = 'discouraged' | 'preferred' | 'required';

/** A ceremony, and what goes to the page that asks the authenticator. */
export interface BegunCeremony {
  readonly ceremony: Ceremony;
  /** As `navigator.credentials` takes it, with Base64url in place of bytes. */
  readonly options: { readonly publicKey: Readonly<Record<string, unknown>> };
}

/** Whoever a key is for. */
export interface KeyOwner {
  readonly id: string;
  readonly email?: string | undefined;
  readonly username?: string | undefined;
}

/** In Hanko's order, which is one of preference: COSE algorithms (go-webauthn's defaults). */
export const ALGORITHMS = [-7, -35, -36, -257, -258, -259, -37, -38, -39, -8];

/** Where it need not know who is there, in milliseconds: go-webauthn's, which Hanko does not configure. */
const UNVERIFIED_TIMEOUT = 120_000;

/** Asks for a new key (hanko backend/flow_api/services/webauthn.go). */
export function beginRegistration(
  settings: WebauthnSettings,
  owner: KeyOwner,
  existing: readonly WebauthnCredential[],
  isMfa: boolean,
): BegunCeremony {
  const { passkey, mfa, webauthn } = settings.config;
  const { authenticator_attachment: attachment } = mfa.security_keys;
  const verification = isMfa ? mfa.security_keys.user_verification : passkey.user_verification;
  const ceremony = newCeremony(settings, 'registration', owner.id, isMfa, verification);
  const { id, display_name: name } = webauthn.relying_party;
  const { email, username } = owner;
  return {
    ceremony,
    options: {
      publicKey: {
        rp: { id, name },
        user: {
          id: userHandle(owner.id),
          name: email || username || '',
          displayName: username || email || '',
        },
        challenge: ceremony.challenge,
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
        timeout: ceremony.timeout,
        ...(existing.length > 0 && { excludeCredentials: existing.map(descriptor) }),
        authenticatorSelection: {
          ...(isMfa && attachment !== 'no_preference' && { authenticatorAttachment: attachment }),
          requireResidentKey: !isMfa,
          residentKey: isMfa ? 'discouraged' : 'required',
          userVerification: verification,
        },
        // For security keys too: Hanko does not look at mfa.security_keys.attestation_preference.
        attestation: passkey.attestation_preference,
      },
    },
  };
}

/** Asks for a signature: by any passkey, or by one of the keys that somebody has. */
export function beginLogin(
  settings: WebauthnSettings,
  by: { readonly id: string; readonly keys: readonly WebauthnCredential[] } | null,
  isMfa: boolean,
): BegunCeremony {
  const { passkey, mfa, webauthn } = settings.config;
  const verification = isMfa ? mfa.security_keys.user_verification : passkey.user_verification;
  const { id = null, keys = [] } = by ?? {};
  const ceremony = newCeremony(settings, 'login', id, isMfa, verification);
  return {
    ceremony,
    options: {
      publicKey: {
        challenge: ceremony.challenge,
        timeout: ceremony.timeout,
        rpId: webauthn.relying_party.id,
        ...(keys.length > 0 && { allowCredentials: keys.map(descriptor) }),
        userVerification: verification,
      },
    },
  };
}

/** The user's id, as authenticators keep it with a passkey. */
export const userHandle = (userId: string): string =>
  Buffer.from(userId.replaceAll('-', ''), 'hex').toString('base64url');

/**
 * Whether a page's keys are accepted: one of the relying party's `origins` or, where none are configured, any
 * page that may call the API and has the name of the relying party.
 */
export function isAcceptedOrigin({ config, allowOrigins }: WebauthnSettings, origin: string) {
  const { id, origins } = config.webauthn.relying_party;
  if (origins.length > 0) return origins.includes(origin);
  const { hostname = '' } = parseUrl(origin) ?? {};
  const isNamed = hostname === id || hostname.endsWith(`.${id}`);
  return isNamed && isAllowedOrigin(allowOrigins, origin);
}

function newCeremony(
  { config, now }: WebauthnSettings,
  kind: 'login' | 'registration',
  userId: string | null,
  isMfa: boolean,
  userVerification: UserVerification,
): Ceremony {
  const timeout =
    userVerification === 'discouraged' ? UNVERIFIED_TIMEOUT : config.webauthn.timeouts[kind];
  return {
    challenge: randomBytes(32).toString('base64url'),
    timeout,
    expiresAt: now() + timeout,
    userId,
    isMfa,
    userVerification,
  };
}

const descriptor = ({ id, transports }: WebauthnCredential): unknown => ({
  type: 'public-key',
  id,
  ...(transports.length > 0 && { transports }),
});
