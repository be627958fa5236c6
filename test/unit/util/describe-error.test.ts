import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { describeError } from '../../../lib/util/describe-error.js';
import { printable, printableList } from '../../../lib/util/printable.js';

describe('what a log says of an error of the app', () => {
  it('is its class, its message and where it was thrown', () => {
    expect(describeError(new TypeError('fetch failed'))).toMatch(
      /^TypeError: fetch failed \(at .*describe-error\.test\.ts/,
    );
  });

  it('is the same for an error of another realm', () => {
    expect(describeError(runInNewContext('new RangeError("too much")'))).toMatch(
      /^RangeError: too much/,
    );
  });

  it.each([
    { what: 'a token', message: `bad eyJhbGciOi.${'a'.repeat(30)}.${'b'.repeat(30)} here` },
    { what: 'a key', message: `key ${'0123456789abcdef'.repeat(2)} expired` },
    { what: 'credentials of a URL', message: 'GET https://ada:s3cret@keys.test/jwks failed' },
    { what: 'the query of a URL', message: 'GET https://keys.test/jwks?key=s3cret failed' },
    { what: 'what JSON.parse was given', message: `Unexpected token 's', "s3cret" is not JSON [` },
    { what: 'quotes in it', message: `Unexpected token 'x', "{"a": s3cret}" is not JSON [` },
    { what: 'what stands in single quotes', message: `no key 's3cret' in the vault [` },
  ])('leaves out what may be a secret: $what', ({ message }) => {
    const text = describeError(new Error(message)).split(' (at ')[0];

    expect(text).not.toMatch(/eyJ|aaaa|0123|s3cret/);
    expect(text).toMatch(/https:\/\/keys\.test|\[/);
  });

  it('is one line of bounded length', () => {
    const text = describeError(new Error(`a\nb\r\u001b[31m${'word '.repeat(1_000)}`));

    expect(text).toMatch(/^[ -~…]+$/);
    expect(text.length).toBeLessThan(600);
  });

  it.each([undefined, null, 'text', 42, {}, { message: 1 }])(
    'of %j is that it is no error',
    (thrown) => {
      expect(describeError(thrown)).toBe('a value that is not an Error');
    },
  );

  it('survives an error whose message throws', () => {
    const hostile = {
      get message(): string {
        throw new Error('s3cret');
      },
    };
    expect(describeError(hostile)).toBe('a value that is not an Error');
  });
});

describe('text from outside in a log', () => {
  it('cannot end the line, colour it or close its quotes', () => {
    expect(printable('a\r\nb\u001b[0m"c\\\u2028é')).toBe('a??b?[0m?c???');
  });

  it('is cut', () => {
    expect(printable('x'.repeat(200), 10)).toBe('xxxxxxxxxx…');
    expect(printable('x'.repeat(10), 10)).toBe('xxxxxxxxxx');
  });

  it('is cut in lists as well', () => {
    expect(printableList(['a', 'b', 'c'], { maxItems: 2 })).toBe('"a", "b" and 1 more');
    expect(printableList(['a'])).toBe('"a"');
  });
});
