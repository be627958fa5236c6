import { randomUUID, webcrypto } from 'node:crypto';

const ALGORITHM = 'RSASSA-PKCS1-v1_5';
const RS256 = { name: ALGORITHM, hash: 'SHA-256' };

/** As it is kept between runs. */
export interface StoredKey {
  readonly kid: string;
  readonly privateJwk: webcrypto.JsonWebKey;
}

/** An RSA key; by default RSA-4096, as Hanko makes them. */
export class SigningKey {
  private constructor(
    private readonly stored: StoredKey,
    private readonly privateKey: webcrypto.CryptoKey,
  ) {}

  /** @param modulusLength in bits: shorter ones sign faster. */
  static async generate(modulusLength = 4096): Promise<SigningKey> {
    const { privateKey } = await webcrypto.subtle.generateKey(
      { ...RS256, modulusLength, publicExponent: Uint8Array.of(1, 0, 1) },
      true,
      ['sign', 'verify'],
    );
    const privateJwk = await webcrypto.subtle.exportKey('jwk', privateKey);
    return new SigningKey({ kid: randomUUID(), privateJwk }, privateKey);
  }

  static async restore(stored: StoredKey): Promise<SigningKey> {
    const key = await webcrypto.subtle.importKey('jwk', stored.privateJwk, RS256, false, ['sign']);
    return new SigningKey(stored, key);
  }

  get kid(): string {
    return this.stored.kid;
  }

  /** For `JSON.stringify`. */
  toJSON(): StoredKey {
    return this.stored;
  }

  /** What the JWKS publishes. */
  get publicJwk(): Readonly<Record<string, unknown>> {
    const { kid, privateJwk } = this.stored;
    return { alg: 'RS256', e: privateJwk.e, kid, kty: 'RSA', n: privateJwk.n, use: 'sig' };
  }

  /** Signs in the thread pool. @returns a compact JWS. */
  async sign(claims: object): Promise<string> {
    const input = signingInput(this.stored.kid, claims);
    const signature = await webcrypto.subtle.sign(ALGORITHM, this.privateKey, Buffer.from(input));
    return `${input}.${Buffer.from(signature).toString('base64url')}`;
  }
}

/** Header and payload of a token; the header's members stand as Hanko writes them. */
export function signingInput(kid: string, claims: object): string {
  return `${encode({ alg: 'RS256', kid, typ: 'JWT' })}.${encode(claims)}`;
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
