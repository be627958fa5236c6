import { randomBytes, randomUUID } from 'node:crypto';
import { signingInput, type SigningKey } from './signing-key.js';

export const ISSUER = 'https://login.example.test';
export const AUDIENCE = 'localhost';

/** Longer than any run, so that the tokens of the last one can be used again. */
export const LIFESPAN_SECONDS = 30 * 24 * 3600;

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** What Hanko puts into a session token after a login. They are all equally long. */
export function sessionClaims() {
  const iat = nowSeconds();
  const name = randomBytes(6).toString('hex');
  return {
    amr: ['pwd', 'totp'],
    aud: [AUDIENCE],
    email: { address: `${name}@example.test`, is_primary: true, is_verified: true },
    exp: iat + LIFESPAN_SECONDS,
    iat,
    iss: ISSUER,
    session_id: randomUUID(),
    sub: randomUUID(),
    username: name,
  };
}

export async function expiredToken(key: SigningKey): Promise<string> {
  const exp = nowSeconds() - 60;
  return key.sign({ ...sessionClaims(), iat: exp - 3600, exp });
}

/** Good in form and claims, signed by nobody. */
export function forgedToken(key: SigningKey): string {
  return `${signingInput(key.kid, sessionClaims())}.${forgedSignature()}`;
}

/** Says that a key made it which nobody publishes. */
export function unknownKidToken(): string {
  return `${signingInput(randomUUID(), sessionClaims())}.${forgedSignature()}`;
}

function forgedSignature(): string {
  const signature = randomBytes(512);
  // Above the modulus it would be refused without any arithmetic, and cost nothing.
  signature[0] = 0;
  return signature.toString('base64url');
}

/** What a token says, unverified. */
export function claimsOf(token: string): ReturnType<typeof sessionClaims> {
  const [, payload = ''] = token.split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as ReturnType<
    typeof sessionClaims
  >;
}
