import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJwkSet } from '../../../lib/jwks/jwk-set.js';
import { useFixedSeed, expectAtLeast, Tally, anyJson } from '../../support/properties.js';

useFixedSeed();

describe('any JWK Set', () => {
  const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  /** The length of a number in bits, counted on its bytes. */
  const bitsOf = (base64url: string): number => {
    const bytes = Buffer.from(base64url, 'base64url');
    const first = bytes.findIndex((byte) => byte !== 0);
    return first < 0 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first] ?? 0) + 24;
  };

  const modulus = fc
    .record({
      zeros: fc.constantFrom(0, 0, 1, 64),
      first: fc.constantFrom(0x01, 0x7f, 0x80, 0xff),
      length: fc.constantFrom(0, 1, 254, 255, 255, 255, 256, 511),
      fill: fc.nat({ max: 255 }),
    })
    .map(({ zeros, first, length, fill }) =>
      encode(
        Uint8Array.from([
          ...Array<number>(zeros).fill(0),
          first,
          ...Array<number>(length).fill(fill),
        ]),
      ),
    );
  const exponent = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('AQAB', 'AAEAAQ', 'AQAD') },
    fc.constantFrom('', 'Aw', 'AQ', 'AQAA', 'AA', '____', 'AQAB='),
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map(encode),
  );
  const mostly = (arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
    fc.oneof({ weight: 24, arbitrary }, { weight: 1, arbitrary: anyJson });
  const jwk = fc.record({
    kty: mostly(fc.constant('RSA')),
    use: mostly(fc.constant('sig')),
    alg: mostly(fc.constantFrom('RS256', undefined)),
    key_ops: mostly(fc.constantFrom(['verify'], ['sign', 'verify'], undefined)),
    kid: mostly(fc.string({ minLength: 1 })),
    n: mostly(modulus),
    e: mostly(exponent),
    d: anyJson,
  });

  it('gives sound RSA keys and says of each other member what is wrong', () => {
    const usable = new Tally();
    const faulty = new Tally();
    fc.assert(
      fc.property(fc.array(fc.oneof(jwk, jwk, anyJson), { maxLength: 6 }), (keys) => {
        const parsed = parseJwkSet({ keys }) as NonNullable<ReturnType<typeof parseJwkSet>>;

        const wrong = new Set(parsed.faults.map(({ index }) => index));
        const right = keys.filter((_, index) => !wrong.has(index));
        expect(parsed.usable.length + parsed.faults.length).toBe(keys.length);
        expect(parsed.usable).toEqual(right.map((key) => pick(key as Record<string, unknown>)));
        for (const { n, e, kid } of parsed.usable) {
          expect(bitsOf(n)).toBeGreaterThanOrEqual(2048);
          expect((Buffer.from(e, 'base64url').at(-1) ?? 0) % 2).toBe(1);
          expect(bitsOf(e)).toBeGreaterThan(16);
          expect(bitsOf(e)).toBeLessThanOrEqual(256);
          expect(kid).not.toBe('');
        }
        for (const key of right) {
          expect(key).toMatchObject({ kty: 'RSA', use: 'sig' });
          expect(['RS256', undefined]).toContain((key as { alg?: unknown }).alg);
        }
        usable.count += parsed.usable.length;
        faulty.count += parsed.faults.length;
      }),
    );
    expectAtLeast(50, usable);
    expectAtLeast(200, faulty);
  });

  it('never throws, whatever it is', () => {
    const thing = fc.oneof(
      anyJson,
      fc.anything(),
      fc.record({ keys: fc.oneof(anyJson, fc.anything(), fc.array(fc.anything())) }),
    );
    fc.assert(
      fc.property(thing, (value) => {
        const parsed = parseJwkSet(value);

        const isSet = Array.isArray((value as { keys?: unknown } | null | undefined)?.keys);
        expect(parsed === null).toBe(!isSet || Array.isArray(value));
        expect(parsed?.usable ?? []).toEqual([]);
      }),
    );
  });

  const pick = ({ kid, n, e }: Record<string, unknown>): object => ({ kid, n, e });
});
