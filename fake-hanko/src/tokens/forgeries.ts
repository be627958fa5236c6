import { constants, createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { check } from '../check.js';
import { selfSignedCertificate } from './certificate.js';
import { encodeJson, signCompact } from './compact-jws.js';
import type { TokenFactory } from './factory.js';
import { SigningKey } from './keys.js';
import type { TokenShape } from './shapes.js';

/** The ways to forge a session token that `forgedToken` knows. Every one of them must be refused. */
export const FORGERIES = [
  /** `alg: none`, no signature. */
  'alg-none',
  /** HMAC keyed with the public key, as SPKI in PEM or in DER (RFC 8725 §2.1). */
  'hs256-public-key',
  'hs256-public-key-der',
  /** The right key, other algorithms. */
  'rs384',
  'rs512',
  'ps256',
  /** An elliptic curve key of the forger's. */
  'es256',
  /** A key of the forger's under the server's `kid`. */
  'other-key-same-kid',
  /** A key of the forger's under a `kid` of the forger's. */
  'unknown-kid',
  /** The right key, no `kid`. */
  'no-kid',
  /** A key of the forger's, brought along in the header (RFC 7515 §4.1.3, §4.1.6). */
  'embedded-jwk',
  'x5c',
  /** A key of the forger's, which the header points to. It is there to be fetched, below `/forger/`. */
  'jku',
  'x5u',
  /** An extension that must be understood. */
  'crit',
  /** The right key, claims that are compressed (`zip` is for JWE only, RFC 7516 §4.1.3). */
  'zip',
  /** A good token, changed after it was signed. */
  'changed-payload',
  'changed-header',
  'truncated-signature',
  'empty-signature',
] as const;

/** One of the ways to forge a session token. */
export type Forgery = (typeof FORGERIES)[number];

type Header = Readonly<Record<string, unknown>>;

/** Forges tokens that say what a good one of the same shape would. */
export class Forger {
  private ownKey: Promise<SigningKey> | undefined;

  constructor(
    private readonly tokens: TokenFactory,
    private readonly origin: () => string,
  ) {}

  async forge(how: Forgery, shape: TokenShape): Promise<string> {
    check(FORGERIES.includes(how), `the forgery must be one of ${FORGERIES.join(', ')}`);
    const payload = this.tokens.startSession(shape);
    const { kid, privateKey, publicKey } = this.tokens.key(shape.kid);
    const header = { alg: 'RS256', kid, typ: 'JWT' };
    const good = await this.tokens.sign({ payload, kid });
    const [goodHeader, goodPayload, goodSignature] = good.split('.') as [string, string, string];
    const own = await this.own();
    const byOwn = (with_: Header): Promise<string> =>
      signCompact({ ...header, ...with_ }, payload, (input) => own.sign(input));
    const byServer = (with_: Header, hash: string, options = {}): Promise<string> =>
      signCompact({ ...header, ...with_ }, payload, (input) =>
        sign(hash, Buffer.from(input), { key: privateKey, ...options }),
      );
    const byHmac = (key: string | Buffer): Promise<string> =>
      signCompact({ ...header, alg: 'HS256' }, payload, (input) =>
        createHmac('sha256', key).update(input).digest(),
      );

    switch (how) {
      case 'alg-none':
        return `${encodeJson({ ...header, alg: 'none' })}.${goodPayload}.`;
      case 'hs256-public-key':
        return byHmac(publicKey.export({ type: 'spki', format: 'pem' }));
      case 'hs256-public-key-der':
        return byHmac(publicKey.export({ type: 'spki', format: 'der' }));
      case 'rs384':
        return byServer({ alg: 'RS384' }, 'RSA-SHA384');
      case 'rs512':
        return byServer({ alg: 'RS512' }, 'RSA-SHA512');
      case 'ps256':
        return byServer({ alg: 'PS256' }, 'RSA-SHA256', {
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
        });
      case 'es256': {
        const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        return signCompact({ ...header, alg: 'ES256' }, payload, (input) =>
          sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }),
        );
      }
      case 'other-key-same-kid':
        return byOwn({});
      case 'unknown-kid':
        return byOwn({ kid: randomUUID() });
      case 'no-kid':
        return byServer({ kid: undefined }, 'RSA-SHA256');
      case 'embedded-jwk':
        return byOwn({ jwk: own.publicJwk });
      case 'jku':
        return byOwn({ kid: own.kid, jku: `${this.origin()}/forger/jwks.json` });
      case 'x5u':
        return byOwn({ kid: own.kid, x5u: `${this.origin()}/forger/certificate.pem` });
      case 'x5c':
        return byOwn({ x5c: [(await this.certificate()).toString('base64')] });
      case 'crit':
        return byServer({ crit: ['exp'], exp: 1 }, 'RSA-SHA256');
      case 'zip': {
        const compressed = deflateRawSync(JSON.stringify(payload));
        return this.tokens.sign({ header: { zip: 'DEF' }, payload: compressed, kid });
      }
      case 'changed-payload':
        return `${goodHeader}.${encodeJson({ ...payload, sub: randomUUID() })}.${goodSignature}`;
      case 'changed-header':
        return `${encodeJson({ ...header, typ: 'jwt' })}.${goodPayload}.${goodSignature}`;
      case 'truncated-signature':
        return `${goodHeader}.${goodPayload}.${goodSignature.slice(0, 128)}`;
      case 'empty-signature':
        return `${goodHeader}.${goodPayload}.`;
    }
  }

  /** What the forger signs with. */
  own(): Promise<SigningKey> {
    return (this.ownKey ??= SigningKey.generate(2048));
  }

  /** That of the forger's key, in DER. */
  async certificate(): Promise<Buffer> {
    const { privateKey, publicKey } = await this.own();
    return selfSignedCertificate(privateKey, publicKey);
  }
}
