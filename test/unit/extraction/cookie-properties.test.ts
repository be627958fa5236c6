import cookieParser from 'cookie-parser';
import * as fc from 'fast-check';
import { cookieTokenExtractor } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import {
  useFixedSeed,
  anyText,
  expectAtLeast,
  Tally,
  fieldText,
} from '../../support/properties.js';

useFixedSeed();

describe('any Cookie header', () => {
  const tokensOf = (cookie: string | readonly string[], name: string): readonly string[] =>
    cookieTokenExtractor(name).extract({ headers: { cookie } })?.tokens ?? [];

  /** `cookie` 0.7, as Express apps use it: the first value of each name, unquoted, here undecoded. */
  const parsedBy = (cookie: string): Readonly<Record<string, unknown>> => {
    const request = { headers: { cookie } } as Parameters<ReturnType<typeof cookieParser>>[0];
    cookieParser(undefined, { decode: (value) => value })(request, {} as never, () => undefined);
    return request.cookies as Record<string, unknown>;
  };

  // RFC 6265 §5.2 knows two kinds of white space; the no-break space is tested by name below.
  const text = fieldText({ maxLength: 6 }, /[^\t\x20-\x7e\x80-\x9f\xa1-\xff]/);
  const name = fc.constantFrom('hanko', '__Host-hanko', '$a+b*', 'constructor', 'a b');
  const space = fc.constantFrom('', '', ' ', '\t', '  ', ' \t ');
  const value = fc.oneof(
    text,
    text.map((inner) => `"${inner}"`),
    fc.constantFrom('', '"', '""', '"""', 'a', 'b', 'c', 'd', '"a', 'a"', 'a=b', '%61', '"a" b'),
  );
  const header = name.chain((wanted) => {
    const other = fc.constantFrom('x', '', wanted.toUpperCase(), `${wanted}2`, wanted.slice(1));
    const pair = fc
      .tuple(
        space,
        fc.oneof(fc.constant(wanted), other, text),
        space,
        fc.constantFrom('=', '=', ''),
      )
      .chain((before) =>
        fc.tuple(space, value, space).map((rest) => [...before, ...rest].join('')),
      );
    const separator = fc.constantFrom(';', '; ', ' ;', ';;', ';\t', ',', '');
    return fc.record({
      name: fc.constant(wanted),
      cookie: fc
        .array(fc.tuple(fc.oneof({ weight: 4, arbitrary: pair }, text), separator), {
          maxLength: 9,
        })
        .map((pieces) => pieces.flat().join('')),
    });
  });

  it('gives at least the value that the cookie parser finds', () => {
    const found = new Tally();
    fc.assert(
      fc.property(header, ({ name: wanted, cookie }) => {
        const first = parsedBy(cookie)[wanted];
        // No token: an empty one, or what cookie-parser itself made of `j:…`.
        if (typeof first !== 'string' || first === '') return;
        found.count += 1;
        expect(tokensOf(cookie, wanted)).toContain(first);
      }),
    );
    expectAtLeast(100, found);
  });

  it('gives nothing where the cookie parser finds nothing', () => {
    const absent = new Tally();
    fc.assert(
      fc.property(header, ({ name: wanted, cookie }) => {
        if (Object.hasOwn(parsedBy(cookie), wanted)) return;
        absent.count += 1;
        expect(tokensOf(cookie, wanted)).toEqual([]);
      }),
    );
    expectAtLeast(50, absent);
  });

  it('gives different values, none empty, each as it stands in the header', () => {
    const full = new Tally();
    fc.assert(
      fc.property(header, ({ name: wanted, cookie }) => {
        const tokens = tokensOf(cookie, wanted);

        expect(tokens.length).toBeLessThanOrEqual(8);
        expect(new Set(tokens).size).toBe(tokens.length);
        expect(tokens.filter((token) => token === '' || !cookie.includes(token))).toEqual([]);
        if (tokens.length > 2) full.count += 1;
      }),
    );
    expectAtLeast(5, full);
  });

  it('is as good as its pieces in several fields', () => {
    fc.assert(
      fc.property(header, ({ name: wanted, cookie }) => {
        expect(tokensOf(cookie.split(';'), wanted)).toEqual(tokensOf(cookie, wanted));
      }),
    );
  });

  it('never makes the extractor throw, nor does what a cookie parser made', () => {
    fc.assert(
      fc.property(
        anyText(),
        fc.oneof(anyText(), fc.array(anyText(), { maxLength: 3 })),
        fc.anything({ maxDepth: 1 }),
        (wanted, cookie, cookies) => {
          const extractor = cookieTokenExtractor(wanted);

          expect(() => extractor.extract({ headers: { cookie }, cookies })).not.toThrow();
          expect(() => extractor.extract({ headers: {}, cookies })).not.toThrow();
        },
      ),
    );
  });
});
