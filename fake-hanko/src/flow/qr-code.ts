import { crc32, deflateSync } from 'node:zlib';
import { encode } from 'uqr';

/** Hanko draws it as wide and as high, in pixels. */
const SIZE = 200;

/**
 * What an authenticator app reads: the key, and whose it is (the Key URI Format, of which RFC 6238 leaves all
 * but the code open). Parameters and order are those of Hanko
 * (backend/flow_api/flow/mfa_creation/hook_otp_secret_generate.go).
 */
export function keyUri(service: string, account: string, secret: string): string {
  const issuer = encodeURIComponent(service);
  const label = `${issuer}:${encodeURIComponent(account)}`;
  return `otpauth://totp/${label}?algorithm=SHA1&digits=6&issuer=${issuer}&period=30&secret=${secret}`;
}

/** A QR code of the text, as a `data:` URL of a PNG image. */
export function qrCodeImage(text: string): string {
  const { data: modules, size } = encode(text, { border: 4 });
  const scale = Math.floor(SIZE / size);
  const margin = Math.floor((SIZE - size * scale) / 2);
  const isBlack = (x: number, y: number): boolean =>
    modules[Math.floor((y - margin) / scale)]?.[Math.floor((x - margin) / scale)] ?? false;
  // Each row begins with its filter: none (PNG, third edition, §9.2).
  const pixels = Buffer.alloc(SIZE * (SIZE + 1));
  for (let y = 0; y < SIZE; y += 1) {
    for (let x = 0; x < SIZE; x += 1) pixels[y * (SIZE + 1) + 1 + x] = isBlack(x, y) ? 0 : 255;
  }
  return `data:image/png;base64,${png(pixels).toString('base64')}`;
}

/** An image in shades of gray, 8 bits each. */
function png(pixels: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIZE, 0);
  header.writeUInt32BE(SIZE, 4);
  header[8] = 8;
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const chunks = [
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ];
  return Buffer.concat([signature, ...chunks]);
}

/** Length, type, data, checksum of the latter two. */
function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, checksum]);
}
