import {
  createHash,
  createPrivateKey,
  createPublicKey,
  createSign,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { FakePasskey } from 'fake-hanko';

/** What `navigator.credentials` is given, as the Flow API words it. */
export interface PublicKeyOptions {
  readonly challenge: string;
  readonly rpId?: string;
  readonly rp?: { readonly id: string };
  readonly user?: { readonly id: string };
  readonly excludeCredentials?: readonly { readonly id: string }[];
  readonly allowCredentials?: readonly { readonly id: string }[];
}

/** What a forger says instead of the truth. */
export interface Lies {
  readonly challenge?: string;
  readonly origin?: string;
  readonly rpId?: string;
  readonly type?: string;
  readonly userHandle?: string | undefined;
  readonly count?: number;
  readonly isPresent?: boolean;
  readonly isVerified?: boolean;
  /** The passkey is copied to other devices. */
  readonly isBackedUp?: boolean;
  /** Model of the authenticator, in hexadecimal digits. */
  readonly aaguid?: string;
  readonly transports?: readonly unknown[];
  /** Signs with another key. */
  readonly signer?: SoftwareKey;
}

const sha256 = (data: Buffer | string): Buffer => createHash('sha256').update(data).digest();

/** COSE: the algorithm, the curve (RFC 9053 §7.1), and the hash of signatures. */
const CURVES = {
  'P-256': { alg: -7, crv: 1, hash: 'sha256' },
  'P-384': { alg: -35, crv: 2, hash: 'sha384' },
} as const;

/** Signs as an authenticator does: the structures of WebAuthn §6. */
export class SoftwareKey {
  id = randomBytes(32).toString('base64url');
  count = 0;
  userHandle: string | undefined;
  private keys: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };

  constructor(
    private readonly origin: string,
    private readonly format: 'none' | 'packed' = 'packed',
    private readonly transport = 'internal',
    private readonly curve: keyof typeof CURVES = 'P-256',
  ) {
    this.keys = generateKeyPairSync('ec', { namedCurve: curve });
  }

  /** As a virtual authenticator takes a passkey over. */
  static of(passkey: FakePasskey, origin: string): SoftwareKey {
    const key = new SoftwareKey(origin);
    const der = Buffer.from(passkey.privateKey, 'base64url');
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    key.keys = { privateKey, publicKey: createPublicKey(privateKey) };
    key.id = passkey.id;
    key.userHandle = passkey.userHandle;
    key.count = passkey.signCount;
    return key;
  }

  get privateKey(): KeyObject {
    return this.keys.privateKey;
  }

  /** `navigator.credentials.create()`, as JSON. */
  create(options: PublicKeyOptions, lies: Lies = {}): unknown {
    this.userHandle = options.user?.id;
    this.count += 1;
    const clientData = this.clientData('webauthn.create', options.challenge, lies);
    const authData = Buffer.concat([
      this.head(lies.rpId ?? options.rp?.id ?? '', 0x40, lies),
      Buffer.from(lies.aaguid ?? '01020304050607080102030405060708', 'hex'),
      uint16(32),
      Buffer.from(this.id, 'base64url'),
      this.coseKey(),
    ]);
    const statement =
      this.format === 'none'
        ? Buffer.from('a0', 'hex')
        : cbor.map([
            [cbor.text('alg'), cbor.negative(CURVES[this.curve].alg)],
            [cbor.text('sig'), cbor.bytes(this.sign(authData, clientData, lies))],
          ]);
    const attestation = cbor.map([
      [cbor.text('fmt'), cbor.text(this.format)],
      [cbor.text('attStmt'), statement],
      [cbor.text('authData'), cbor.bytes(authData)],
    ]);
    return {
      type: 'public-key',
      id: this.id,
      rawId: this.id,
      authenticatorAttachment: 'platform',
      response: {
        clientDataJSON: clientData.toString('base64url'),
        attestationObject: attestation.toString('base64url'),
        transports: lies.transports ?? [this.transport],
      },
      clientExtensionResults: {},
    };
  }

  /** `navigator.credentials.get()`, as JSON. */
  get(options: PublicKeyOptions, lies: Lies = {}): unknown {
    this.count += 1;
    const clientData = this.clientData('webauthn.get', options.challenge, lies);
    const authData = this.head(lies.rpId ?? options.rpId ?? '', 0, lies);
    const handle = 'userHandle' in lies ? lies.userHandle : this.userHandle;
    return {
      type: 'public-key',
      id: this.id,
      rawId: this.id,
      authenticatorAttachment: 'platform',
      response: {
        clientDataJSON: clientData.toString('base64url'),
        authenticatorData: authData.toString('base64url'),
        signature: this.sign(authData, clientData, lies).toString('base64url'),
        ...(handle !== undefined && { userHandle: handle }),
      },
      clientExtensionResults: {},
    };
  }

  /** RFC 9053 §7.1.1 */
  coseKey(): Buffer {
    const { x = '', y = '' } = this.keys.publicKey.export({ format: 'jwk' });
    return cbor.map([
      [cbor.positive(1), cbor.positive(2)],
      [cbor.positive(3), cbor.negative(CURVES[this.curve].alg)],
      [cbor.negative(-1), cbor.positive(CURVES[this.curve].crv)],
      [cbor.negative(-2), cbor.bytes(Buffer.from(x, 'base64url'))],
      [cbor.negative(-3), cbor.bytes(Buffer.from(y, 'base64url'))],
    ]);
  }

  private clientData(type: string, challenge: string, lies: Lies): Buffer {
    const data = { type, challenge, origin: this.origin, crossOrigin: false };
    const { challenge: other = challenge, origin = this.origin } = lies;
    return Buffer.from(
      JSON.stringify({ ...data, type: lies.type ?? type, challenge: other, origin }),
    );
  }

  /** Hash of the RP id, flags, counter. */
  private head(rpId: string, flags: number, lies: Lies): Buffer {
    const { isPresent = true, isVerified = true, isBackedUp = false, count = this.count } = lies;
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(count);
    const all = flags | (isPresent ? 1 : 0) | (isVerified ? 4 : 0) | (isBackedUp ? 0x18 : 0);
    return Buffer.concat([sha256(rpId), Buffer.from([all]), counter]);
  }

  private sign(authData: Buffer, clientData: Buffer, { signer = this }: Lies): Buffer {
    return createSign(CURVES[this.curve].hash)
      .update(Buffer.concat([authData, sha256(clientData)]))
      .sign(signer.privateKey);
  }
}

const uint16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);

/** RFC 8949 §3, as far as a key needs it. */
const cbor = {
  head(major: number, value: number): Buffer {
    const type = major << 5;
    if (value < 24) return Buffer.from([type | value]);
    if (value < 256) return Buffer.from([type | 24, value]);
    return Buffer.concat([Buffer.from([type | 25]), uint16(value)]);
  },
  positive: (value: number): Buffer => cbor.head(0, value),
  negative: (value: number): Buffer => cbor.head(1, -1 - value),
  bytes: (value: Buffer): Buffer => Buffer.concat([cbor.head(2, value.length), value]),
  text: (value: string): Buffer =>
    Buffer.concat([cbor.head(3, Buffer.byteLength(value)), Buffer.from(value)]),
  map: (entries: readonly (readonly [Buffer, Buffer])[]): Buffer =>
    Buffer.concat([cbor.head(5, entries.length), ...entries.flat()]),
};
