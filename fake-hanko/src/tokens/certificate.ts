import { type KeyObject, sign } from 'node:crypto';

/**
 * A self-signed X.509 certificate (RFC 5280 §4.1, version 1), in DER. Node can read certificates and
 * make none, and a forged `x5c` is worth nothing unless it holds one that a careless verifier accepts.
 */
export function selfSignedCertificate(privateKey: KeyObject, publicKey: KeyObject): Buffer {
  const algorithm = der(0x30, oid('2a864886f70d01010b'), der(0x05)); // sha256WithRSAEncryption
  const name = der(0x30, der(0x31, der(0x30, oid('550403'), der(0x0c, Buffer.from('Forger')))));
  const validity = der(
    0x30,
    der(0x17, Buffer.from('200101000000Z')),
    der(0x17, Buffer.from('491231235959Z')),
  );
  const certificate = der(
    0x30,
    der(0x02, Buffer.from([1])), // serial number
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('RSA-SHA256', certificate, privateKey);
  // The first byte of a bit string counts its unused bits.
  return der(0x30, certificate, algorithm, der(0x03, Buffer.from([0]), signature));
}

const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));

/** Tag, length, value (X.690 §8.1). */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  if (value.length < 0x80) return Buffer.concat([Buffer.from([tag, value.length]), value]);
  const digits = value.length.toString(16);
  const length = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, value]);
}
