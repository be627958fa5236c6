import {
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomUUID,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto';
import { promisify } from 'node:util';

const generate = promisify(generateKeyPair);
const signAsync = promisify(signBytes);

/** A public key as Hanko publishes it. */
export type PublicJwk = {
  readonly kty: 'RSA';
  readonly use: 'sig';
  readonly alg: 'RS256';
  readonly kid: string;
  readonly n: string;
  readonly e: string;
};

/** How RSA keys are made. The tests have a way that takes less than the 0.2 seconds of a core. */
export const rsaKeys = {
  make: async (modulusLength: number): Promise<KeyObject> =>
    (await generate('rsa', { modulusLength })).privateKey,
};

export class SigningKey {
  private constructor(
    readonly kid: string,
    readonly privateKey: KeyObject,
  ) {}

  static async generate(modulusLength: number, kid: string = randomUUID()): Promise<SigningKey> {
    return new SigningKey(kid, await rsaKeys.make(modulusLength));
  }

  get publicKey(): KeyObject {
    return createPublicKey(this.privateKey);
  }

  get publicJwk(): PublicJwk {
    const { n, e } = this.publicKey.export({ format: 'jwk' });
    return { alg: 'RS256', e: e as string, kid: this.kid, kty: 'RSA', n: n as string, use: 'sig' };
  }

  /** RS256: RSASSA-PKCS1-v1_5 with SHA-256, RFC 7518 §3.3. */
  sign(input: string): Promise<Buffer> {
    return signAsync('RSA-SHA256', Buffer.from(input), this.privateKey);
  }

  verify(input: string, signature: Buffer): boolean {
    return verifyBytes('RSA-SHA256', Buffer.from(input), this.publicKey, signature);
  }
}

/** The keys of a server: all are published, the newest signs (contract: hanko backend/crypto/jwk). */
export class KeyRing {
  private readonly keys = new Map<string, SigningKey>();
  private otherDocument: string | null = null;

  constructor(private readonly modulusLength: number) {}

  async rotate(): Promise<string> {
    const key = await SigningKey.generate(this.modulusLength);
    this.keys.set(key.kid, key);
    return key.kid;
  }

  remove(kid: string): boolean {
    return this.keys.delete(kid);
  }

  get(kid: string): SigningKey | undefined {
    return this.keys.get(kid);
  }

  get newest(): SigningKey {
    const newest = [...this.keys.values()].at(-1);
    if (newest === undefined) throw new Error('FakeHanko has no key left: call rotateKey() first.');
    return newest;
  }

  get publicJwks(): { readonly keys: readonly PublicJwk[] } {
    return { keys: [...this.keys.values()].map((key) => key.publicJwk) };
  }

  /** @param document JSON to serve in place of the JWK Set; null serves the real one. */
  serve(document: string | null): void {
    this.otherDocument = document;
  }

  /** What `/.well-known/jwks.json` answers. */
  get served(): unknown {
    return this.otherDocument === null ? this.publicJwks : JSON.parse(this.otherDocument);
  }
}
