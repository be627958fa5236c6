import { cookieTokenExtractor } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { thrownRefusalOf } from '../../support/verifier.js';
import { ambiguous } from '../../support/refused-credentials.js';

const EIGHT = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

describe('the cookie', () => {
  const extract = (cookie: string | string[], name?: string): readonly string[] =>
    cookieTokenExtractor(name).extract({ headers: { cookie } })?.tokens ?? [];

  it('is ambient: a browser sends it by itself', () => {
    expect(cookieTokenExtractor().extract({ headers: { cookie: 'hanko=a' } })).toEqual({
      tokens: ['a'],
      ambient: true,
    });
  });

  it.each([
    { name: 'alone', cookie: 'hanko=a', tokens: ['a'] },
    { name: 'between others', cookie: 'x=1; hanko=a; y=2', tokens: ['a'] },
    { name: 'without spaces', cookie: 'x=1;hanko=a;y=2', tokens: ['a'] },
    { name: 'with spaces', cookie: '  hanko = a  ;', tokens: ['a'] },
    { name: 'with tabs', cookie: '\thanko\t=\ta\t', tokens: ['a'] },
    { name: 'quoted', cookie: 'hanko="a"', tokens: ['a'] },
    { name: 'quoted and spaces', cookie: 'hanko= "a" ', tokens: ['a'] },
    { name: 'half quoted', cookie: 'hanko="a', tokens: ['"a'] },
    { name: 'one quote', cookie: 'hanko="', tokens: ['"'] },
    { name: 'quotes inside', cookie: 'hanko=a"b"c', tokens: ['a"b"c'] },
    { name: 'an equals sign in it', cookie: 'hanko=a=b==', tokens: ['a=b=='] },
    { name: 'per cent encoding left alone', cookie: 'hanko=%61%2E', tokens: ['%61%2E'] },
    { name: 'empty', cookie: 'hanko=', tokens: [] },
    { name: 'empty in quotes', cookie: 'hanko=""', tokens: [] },
    { name: 'only spaces', cookie: 'hanko=   ; x=1', tokens: [] },
    { name: 'no equals sign', cookie: 'hanko; x=1', tokens: [] },
    { name: 'no equals sign, then a good one', cookie: 'hanko; hanko=a', tokens: ['a'] },
    { name: 'only separators', cookie: ';;;; ; ;', tokens: [] },
    { name: 'an empty header', cookie: '', tokens: [] },
    { name: 'a nameless one', cookie: '=hanko; =a', tokens: [] },
    { name: 'the name as a value', cookie: 'x=hanko=a', tokens: [] },
    { name: 'another case', cookie: 'Hanko=a; HANKO=b', tokens: [] },
    { name: 'longer names', cookie: 'hanko2=a; xhanko=b; hanko-token=c; hanko.x=d', tokens: [] },
    { name: 'prefixes', cookie: '__Host-hanko=a; __Secure-hanko=b', tokens: [] },
    { name: 'a shorter name', cookie: 'hank=a', tokens: [] },
    { name: 'an old-style attribute', cookie: '$Version=1; hanko=a; $Path=/', tokens: ['a'] },
  ])('is read from the header: $name', ({ cookie, tokens }) => {
    expect(extract(cookie)).toEqual(tokens);
  });

  it.each([
    { name: 'two', cookie: 'hanko=a; hanko=b', tokens: ['a', 'b'] },
    {
      name: 'three, others between',
      cookie: 'hanko=a; x=1; hanko=b; hanko=c',
      tokens: ['a', 'b', 'c'],
    },
    {
      name: 'eight',
      cookie: EIGHT.map((value) => `hanko=${value}`).join('; '),
      tokens: EIGHT,
    },
    { name: 'the same twice', cookie: 'hanko=a; hanko=a', tokens: ['a'] },
    { name: 'the same, once quoted', cookie: 'hanko=a; hanko="a"', tokens: ['a'] },
    {
      name: 'empty ones between',
      cookie: 'hanko=; hanko=a; hanko=""; hanko=b',
      tokens: ['a', 'b'],
    },
    {
      name: 'repetitions do not use up the eight',
      cookie: ['a', 'a', 'a', ...EIGHT].map((value) => `hanko=${value}`).join('; '),
      tokens: EIGHT,
    },
  ])('may come several times, up to eight different ones: $name', ({ cookie, tokens }) => {
    expect(extract(cookie)).toEqual(tokens);
  });

  it('is ambiguous if more than eight different ones come', () => {
    const nine = [...EIGHT, 'i'].map((value) => `hanko=${value}`);

    expect(thrownRefusalOf(() => extract(nine.join('; ')))).toEqual(ambiguous);
    expect(thrownRefusalOf(() => extract(nine))).toEqual(ambiguous);
  });

  it('is read from every field of a list', () => {
    expect(extract(['x=1; hanko=a', 'hanko=b'])).toEqual(['a', 'b']);
  });

  it('costs little in a header of a megabyte', () => {
    expect(extract(`${'x=1;'.repeat(250_000)}hanko=a`)).toEqual(['a']);
    expect(extract('hanko='.repeat(150_000))).toHaveLength(1);
  });

  it.each([
    { name: 'app.session', cookie: 'appXsession=b; app.session=a' },
    { name: '__Host-hanko', cookie: 'hanko=b; __Host-hanko=a' },
    { name: '$a+b*', cookie: '$aab=b; $a+b*=a' },
    { name: '__proto__', cookie: 'hanko=b; __proto__=a' },
    { name: 'constructor', cookie: 'constructor=a' },
  ])('may have another name: $name', ({ name, cookie }) => {
    expect(extract(cookie, name)).toEqual(['a']);
  });
});

describe('the cookie that a parser made', () => {
  const extract = (cookies: unknown, name?: string, cookie?: string): readonly string[] =>
    cookieTokenExtractor(name).extract({ headers: { cookie }, cookies })?.tokens ?? [];

  it.each([
    { name: 'an object', cookies: { hanko: 'a' } },
    {
      name: 'an object without prototype',
      cookies: Object.assign(Object.create(null), { hanko: 'a' }) as object,
    },
  ])('counts where there is no Cookie header: $name', ({ cookies }) => {
    expect(extract(cookies)).toEqual(['a']);
  });

  it('does not count beside a Cookie header', () => {
    expect(extract({ hanko: 'a' }, undefined, 'hanko=b')).toEqual(['b']);
    expect(extract({ hanko: 'a' }, undefined, 'x=1')).toEqual([]);
  });

  it.each([
    { name: 'none', cookies: undefined },
    { name: 'null', cookies: null },
    { name: 'text', cookies: 'hanko=a' },
    { name: 'a list', cookies: ['hanko=a'] },
    { name: 'a function', cookies: Object.assign(() => 'a', { hanko: 'a' }) },
    { name: 'another name', cookies: { Hanko: 'a' } },
    { name: 'an inherited one', cookies: Object.create({ hanko: 'a' }) as object },
    { name: 'an empty one', cookies: { hanko: '' } },
    { name: 'undefined', cookies: { hanko: undefined } },
    { name: 'null', cookies: { hanko: null } },
    { name: 'false, as for a bad signature', cookies: { hanko: false } },
    { name: 'a number', cookies: { hanko: 1 } },
    { name: 'a list', cookies: { hanko: ['a'] } },
    { name: 'JSON, as cookie-parser makes it', cookies: { hanko: { toString: () => 'a' } } },
  ])('does not count: $name', ({ cookies }) => {
    expect(extract(cookies)).toEqual([]);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'is not a member of every object: %s',
    (name) => {
      expect(extract({}, name)).toEqual([]);
    },
  );

  it.each(['__proto__', 'constructor'])('may have the name of one: %s', (name) => {
    expect(extract(JSON.parse(`{"${name}":"a"}`), name)).toEqual(['a']);
  });
});
