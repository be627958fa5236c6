import { inflateSync } from 'node:zlib';
import { encode } from 'uqr';
import { describe, expect, it } from 'vitest';
import { keyUri, qrCodeImage } from '../../src/flow/qr-code.js';

/** The chunks of a PNG image, by their types. */
function chunksOf(image: string): ReadonlyMap<string, Buffer> {
  const [, base64 = ''] = image.split('data:image/png;base64,');
  const png = Buffer.from(base64, 'base64');
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    chunks.set(png.toString('latin1', at + 4, at + 8), png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  return chunks;
}

describe('the QR code of an authenticator app', () => {
  it('says whose key it is, and how codes are made, as Hanko says it', () => {
    expect(keyUri('FakeHanko', 'ada@example.test', 'JBSWY3DPEHPK3PXP')).toBe(
      'otpauth://totp/FakeHanko:ada%40example.test?algorithm=SHA1&digits=6&issuer=FakeHanko&period=30&secret=JBSWY3DPEHPK3PXP',
    );
  });

  it("is an image of 200 by 200 pixels, as Hanko's", () => {
    const header = chunksOf(qrCodeImage('text')).get('IHDR');
    expect([header?.readUInt32BE(0), header?.readUInt32BE(4)]).toEqual([200, 200]);
  });

  it.each(['text', keyUri('FakeHanko', `${'long'.repeat(30)}@example.test`, 'A'.repeat(32))])(
    'shows every module of the code: %s',
    (text) => {
      const { data, size } = encode(text, { border: 4 });
      const pixels = inflateSync(chunksOf(qrCodeImage(text)).get('IDAT') ?? Buffer.alloc(0));
      const scale = Math.floor(200 / size);
      const margin = Math.floor((200 - size * scale) / 2);
      const isBlack = (row: number, column: number): boolean =>
        pixels[(margin + row * scale) * 201 + 1 + margin + column * scale] === 0;
      expect(scale).toBeGreaterThan(1);
      expect(data.map((line, row) => line.map((_, column) => isBlack(row, column)))).toEqual(data);
    },
  );
});
