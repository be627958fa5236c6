import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { userHandle } from './ceremony.js';
import type { UsersAndSessions } from '../store/users-and-sessions.js';
import { check, isText } from '../check.js';
import { rfc3339 } from '../store/records.js';

/**
 * A passkey, for the virtual authenticator of a browser: as Playwright's `context.credentials.create()` takes it.
 * All of it but `rpId` and `signCount` is Base64url.
 */
export interface FakePasskey {
  /** Id of the passkey. */
  readonly id: string;
  /** Id of the relying party: the name of the pages that it is for, such as `localhost`. */
  readonly rpId: string;
  /** The user's id, as authenticators keep it. */
  readonly userHandle: string;
  /** The key that signs, on P-256: PKCS #8 (RFC 5958), DER. */
  readonly privateKey: string;
  /** The key that verifies: SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), DER. */
  readonly publicKey: string;
  /** How often the key has signed so far. */
  readonly signCount: number;
}

/** Gives a user a passkey as if they had made it now. @throws TypeError if there is no such user. */
export function newPasskey(
  store: UsersAndSessions,
  email: string,
  { rpId, now }: { readonly rpId: string; readonly now: number },
): FakePasskey {
  const user = isText(email) ? store.userByEmail(email) : undefined;
  check(user !== undefined, 'addPasskey() needs the address of a user');
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const id = randomBytes(32).toString('base64url');
  const at = rfc3339(now);
  store.setKey(user.id, {
    id,
    public_key: coseKey(x, y).toString('base64url'),
    attestation_type: 'none',
    aaguid: '00000000-0000-0000-0000-000000000000',
    last_used_at: at,
    created_at: at,
    transports: ['internal'],
    backup_eligible: false,
    backup_state: false,
    mfa_only: false,
    sign_count: 0,
  });
  return {
    id,
    rpId,
    userHandle: userHandle(user.id),
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url'),
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64url'),
    signCount: 0,
  };
}

/** RFC 9053 §7.1.1, in CBOR: type EC2, algorithm ES256, curve P-256, and the point. */
const coseKey = (x: string, y: string): Buffer =>
  Buffer.concat([
    Buffer.from('a5010203262001215820', 'hex'),
    Buffer.from(x, 'base64url'),
    Buffer.from('225820', 'hex'),
    Buffer.from(y, 'base64url'),
  ]);
