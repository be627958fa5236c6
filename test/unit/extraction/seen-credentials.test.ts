import { describe, expect, it } from 'vitest';
import { bearerTokenExtractor } from '../../../lib/extraction/bearer.js';
import { cookieTokenExtractor } from '../../../lib/extraction/cookie.js';
import type { IncomingRequest } from '../../../lib/extraction/request.js';
import { describeSearch } from '../../../lib/extraction/seen-credentials.js';
import type { TokenExtractor } from '../../../lib/extraction/token-extractor.js';

const SECRET = 'c2VjcmV0LXNlY3JldC1zZWNyZXQ';
const seen = (headers: IncomingRequest['headers']): string => {
  const text = describeSearch([bearerTokenExtractor(), cookieTokenExtractor()], { headers });
  expect(text).not.toContain(SECRET);
  return text.slice(text.indexOf('the request has') + 'the request has '.length);
};

describe('the line about a credential that was not found', () => {
  it('names each place that was looked at', () => {
    const own = (name: string, place?: TokenExtractor['place']): TokenExtractor => ({
      name,
      ...(place && { place }),
      extract: () => undefined,
    });

    expect(
      describeSearch(
        [
          bearerTokenExtractor(),
          cookieTokenExtractor('__Host-hanko'),
          own('mine'),
          own('key', { in: 'header', name: 'X-Key' }),
        ],
        { headers: {} },
      ),
    ).toBe(
      'looked for a token in Authorization: Bearer and in the cookie "__Host-hanko" and by the extractor "mine" and ' +
        'in the header "X-Key"; the request has no Authorization and no cookie',
    );
  });

  it.each([
    [`Basic ${SECRET}`, 'Authorization with the scheme "Basic"'],
    [`dpop ${SECRET}`, 'Authorization with the scheme "dpop"'],
    [`${SECRET} x`, 'Authorization with another scheme'],
    [SECRET, 'Authorization without a scheme (write "Bearer" and a space before the token)'],
    [` ${SECRET} `, 'Authorization without a scheme (write "Bearer" and a space before the token)'],
    ['', 'Authorization without a scheme (write "Bearer" and a space before the token)'],
  ])('tells the scheme, and nothing that may be a token: %j', (authorization, text) => {
    expect(seen({ authorization })).toBe(`${text} and no cookie`);
  });

  it.each([
    [`session=${SECRET}; theme=dark`, 'the cookies "session", "theme"'],
    [SECRET, 'no cookie'],
    [`=${SECRET}`, 'no cookie'],
    // A cookie without a name, that ends as Base64 does.
    [`${SECRET.repeat(2)}=; a=b`, 'the cookies "a"'],
    [`${'n'.repeat(65)}=1; a=b`, 'the cookies "(a long name)", "a"'],
    ['a"\u001b[31m=1', 'the cookies "a??[31m"'],
  ])('tells names of cookies, and no value: %j', (cookie, text) => {
    expect(seen({ cookie })).toBe(`no Authorization and ${text}`);
  });

  it('is bounded', () => {
    const cookie = Array.from({ length: 500 }, (_, n) => `${'n'.repeat(30)}${n}=v`).join('; ');

    expect(seen({ cookie })).toContain(' and 490 more');
    expect(seen({ cookie }).length).toBeLessThan(600);
  });
});

describe('what a client said beside its header fields', () => {
  const said = (params?: unknown): string =>
    describeSearch([bearerTokenExtractor()], { headers: {} }, params);

  it.each([[undefined], [{}], ['text'], [{ token: null }], [{ authorization: 'Basic x' }]])(
    'is not spoken of where there is nothing to tell: %j',
    (params) => {
      expect(said(params)).toBe(said());
    },
  );

  it('is told by its names, so that a token under a wrong one is found, and never by its values', () => {
    const text = said({ jwt: 'secret', ['s'.repeat(41)]: 1, query: { token: 'secret' } });

    expect(text).toContain(
      'the client sent "jwt", "(a long name)", "query"; a token is looked for in "token" and "authorization"',
    );
    expect(text).not.toContain('secret');
  });
});
