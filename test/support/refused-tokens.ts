import { type FakeHanko, FORGERIES, type Forgery } from 'fake-hanko';
import { claimsIn } from './claims-in.js';
import type { TokenCode } from './verifier.js';

/** A token that is refused. */
export interface RefusedToken {
  readonly what: string;
  readonly code: TokenCode;
  readonly make: (hanko: FakeHanko) => string | Promise<string>;
}

const FORGERY_CODES: Record<Forgery, TokenCode> = {
  'alg-none': 'token_malformed',
  'hs256-public-key': 'token_algorithm_not_allowed',
  'hs256-public-key-der': 'token_algorithm_not_allowed',
  rs384: 'token_algorithm_not_allowed',
  rs512: 'token_algorithm_not_allowed',
  ps256: 'token_algorithm_not_allowed',
  es256: 'token_algorithm_not_allowed',
  'other-key-same-kid': 'token_signature_invalid',
  'unknown-kid': 'token_key_unknown',
  'no-kid': 'token_malformed',
  'embedded-jwk': 'token_signature_invalid',
  jku: 'token_key_unknown',
  x5u: 'token_key_unknown',
  x5c: 'token_signature_invalid',
  crit: 'token_malformed',
  zip: 'token_malformed',
  'changed-payload': 'token_signature_invalid',
  'changed-header': 'token_signature_invalid',
  'truncated-signature': 'token_signature_invalid',
  'empty-signature': 'token_malformed',
};

/** A session token whose claims were changed before it was signed. */
const signed =
  (change: () => Readonly<Record<string, unknown>>) =>
  async (hanko: FakeHanko): Promise<string> =>
    hanko.sign({ payload: { ...claimsIn(await hanko.token()), ...change() } });

const now = (): number => Math.floor(Date.now() / 1000);

const row = (what: string, code: TokenCode, make: RefusedToken['make']): RefusedToken => ({
  what,
  code,
  make,
});

/**
 * For each `token_…` code the tokens that get it, where audience and issuer of the server are configured. A new code is a
 * new row: the tests of responses and of API documents read them here.
 */
export const REFUSED_TOKENS: readonly RefusedToken[] = [
  row('text that is no token', 'token_malformed', () => 'tell-nobody-this-secret'),
  row('a cut token', 'token_malformed', async (hanko) => (await hanko.token()).slice(0, -1)),
  row('a padded token', 'token_malformed', async (hanko) => `${await hanko.token()}=`),
  row('a payload that is no JSON', 'token_malformed', (hanko) => hanko.sign({ payload: '}{' })),
  row('a payload that is a list', 'token_malformed', (hanko) => hanko.sign({ payload: '[]' })),
  row('a token over 8 KiB', 'token_too_large', (hanko) =>
    hanko.token({ claims: { filler: 'x'.repeat(8_192) } }),
  ),
  ...FORGERIES.map((how) =>
    row(`the forgery ${how}`, FORGERY_CODES[how], (hanko) => hanko.forgedToken(how)),
  ),
  row('an expired token', 'token_expired', (hanko) => hanko.expiredToken()),
  row('a token of the future', 'token_not_yet_valid', (hanko) => hanko.token({ ageSeconds: -60 })),
  row(
    'nbf in the future',
    'token_not_yet_valid',
    signed(() => ({ nbf: now() + 60 })),
  ),
  row('another audience', 'token_audience_mismatch', (hanko) => hanko.token({ audience: 'other' })),
  row(
    'no audience',
    'token_audience_mismatch',
    signed(() => ({ aud: undefined })),
  ),
  row('another issuer', 'token_issuer_mismatch', (hanko) => hanko.token({ issuer: 'other' })),
  row(
    'no issuer',
    'token_issuer_mismatch',
    signed(() => ({ iss: undefined })),
  ),
  row(
    'no exp',
    'token_claims_invalid',
    signed(() => ({ exp: undefined })),
  ),
  row(
    'no iat',
    'token_claims_invalid',
    signed(() => ({ iat: undefined })),
  ),
  row(
    'exp as text',
    'token_claims_invalid',
    signed(() => ({ exp: String(now() + 60) })),
  ),
  row(
    'exp beyond any date',
    'token_claims_invalid',
    signed(() => ({ exp: 1e300 })),
  ),
  row(
    'aud of another type',
    'token_claims_invalid',
    signed(() => ({ aud: { a: 1 } })),
  ),
  row('a webhook token', 'token_not_a_session', (hanko) => hanko.webhookToken('user.create', {})),
  row(
    'a sub that is no UUID',
    'token_not_a_session',
    signed(() => ({ sub: 'ada' })),
  ),
  row(
    'no session_id',
    'token_not_a_session',
    signed(() => ({ session_id: undefined })),
  ),
];
