import { bearerTokenExtractor, type IncomingRequest } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { thrownRefusalOf, tokenRefusal } from '../../support/verifier.js';
import { ambiguous } from '../../support/refused-credentials.js';

/** A request as each platform shows it. */
const platforms: readonly {
  platform: string;
  request: (name: string, values: readonly string[]) => IncomingRequest;
}[] = [
  {
    platform: 'Node and Express',
    request: (name, values) => ({
      headers: values[0] === undefined ? {} : { [name]: values[0] },
      rawHeaders: values.flatMap((value) => [name, value]),
    }),
  },
  {
    platform: 'Fastify',
    request: (name, values) => ({
      headers: values[0] === undefined ? {} : { [name]: values[0] },
      raw: { rawHeaders: values.flatMap((value) => [name.toUpperCase(), value]) },
    }),
  },
  {
    platform: 'only parsed headers',
    request: (name, values) => ({ headers: { [name]: values.length === 1 ? values[0] : values } }),
  },
];

describe.each(platforms)('a bearer on $platform', ({ request }) => {
  const extract = (...values: readonly string[]): unknown =>
    bearerTokenExtractor().extract(request('authorization', values));

  it.each([
    { name: 'as written in the RFC', value: 'Bearer t0k.en' },
    { name: 'in lower case', value: 'bearer t0k.en' },
    { name: 'in upper case', value: 'BEARER t0k.en' },
    { name: 'in any case', value: 'bEaReR t0k.en' },
    { name: 'with several spaces', value: 'Bearer    t0k.en' },
    { name: 'with spaces around it', value: '  Bearer t0k.en  ' },
    { name: 'with a tab after it', value: 'Bearer t0k.en\t' },
  ])('is found $name', ({ value }) => {
    expect(extract(value)).toEqual({ tokens: ['t0k.en'], ambient: false });
  });

  it.each(['Bearer', 'bearer', 'Bearer ', 'Bearer     ', ' Bearer', 'Bearer\t', 'Bearer \t '])(
    'without a token is malformed: %j',
    (value) => {
      expect(thrownRefusalOf(() => extract(value))).toEqual(tokenRefusal('token_malformed'));
    },
  );

  it.each([
    '',
    ' ',
    'Basic YTpi',
    'Basic Bearer',
    'Basic Bearer t0k.en',
    'DPoP t0k.en',
    'Token t0k.en',
    'Bearert0k.en',
    'BearerToken t0k.en',
    'XBearer t0k.en',
    'Bear er t0k.en',
    't0k.en',
  ])('is not another scheme: %j', (value) => {
    expect(extract(value)).toBeUndefined();
  });

  it.each([
    { name: 'two tokens', value: 'Bearer a b', token: 'a b' },
    { name: 'two bearers in one field', value: 'Bearer a, Bearer b', token: 'a, Bearer b' },
    { name: 'a quoted token', value: 'Bearer "a"', token: '"a"' },
    { name: 'a tab before the token', value: 'Bearer \ta', token: '\ta' },
    { name: 'the scheme twice', value: 'Bearer Bearer a', token: 'Bearer a' },
  ])('is handed on as it stands, to be refused: $name', ({ value, token }) => {
    expect(extract(value)).toEqual({ tokens: [token], ambient: false });
  });

  // RFC 9110 §11.4: the scheme is a token (§5.6.2), so none of these belongs to a longer name.
  it.each(['Bearer\tt0k.en', 'Bearer:t0k.en', 'Bearer: t0k.en', 'Bearer,t0k.en', 'Bearer=t0k.en'])(
    'that is badly separated is bad, not absent: %j',
    (value) => {
      const outcome = ((): unknown => {
        try {
          return extract(value) ?? 'absent';
        } catch {
          return 'refused';
        }
      })();

      expect(outcome).not.toBe('absent');
    },
  );

  it.each([
    { name: 'the same twice', values: ['Bearer a', 'Bearer a'] },
    { name: 'the same in other words', values: ['Bearer a', 'bearer   a '] },
    { name: 'the same three times', values: ['Bearer a', 'Bearer a', 'Bearer a'] },
    { name: 'another scheme first', values: ['Basic YTpi', 'Bearer a'] },
    { name: 'another scheme after it', values: ['Bearer a', 'Basic YTpi'] },
    { name: 'an empty field first', values: ['', 'Bearer a'] },
  ])('may stand beside other fields: $name', ({ values }) => {
    expect(extract(...values)).toEqual({ tokens: ['a'], ambient: false });
  });

  it.each([
    { name: 'two', values: ['Bearer a', 'Bearer b'] },
    { name: 'two that differ in case', values: ['Bearer a', 'Bearer A'] },
    { name: 'two, another scheme between', values: ['Bearer a', 'Basic YTpi', 'Bearer b'] },
    { name: 'the last of three', values: ['Bearer a', 'Bearer a', 'Bearer b'] },
    { name: 'one without a token first', values: ['Bearer', 'Bearer a'] },
    { name: 'one without a token last', values: ['Bearer a', 'Bearer '] },
  ])('is ambiguous beside a different one: $name', ({ values }) => {
    expect(thrownRefusalOf(() => extract(...values))).toEqual(ambiguous);
  });

  it('is not there without the header', () => {
    expect(extract()).toBeUndefined();
  });
});
