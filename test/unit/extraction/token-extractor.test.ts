import { bearerTokenExtractor, cookieTokenExtractor, type IncomingRequest } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { nodeRequest } from '../../support/node-headers.js';
import { causeOf } from '../../support/cause-of.js';

const bearer = bearerTokenExtractor();
const raw = (...rawHeaders: string[]): IncomingRequest => nodeRequest(rawHeaders);

describe('the header fields of a request', () => {
  it.each([
    { name: 'of another name as long', request: raw('Accept-Ranges', 'Bearer a') },
    { name: 'without a value', request: raw('X', 'y', 'Authorization') },
    { name: 'that are none at all', request: raw('Authorization') },
  ])('are not those $name', ({ request }) => {
    expect(bearer.extract(request)).toBeUndefined();
  });
});

describe('an extractor', () => {
  it('has a name for logs', () => {
    expect([bearer.name, cookieTokenExtractor().name]).toEqual(['bearer', 'cookie']);
  });

  it.each([undefined, '', 'x=1', 'hanko=', 'hanko', 'hanko2', 'hanko2; hankoo'])(
    'of cookies finds none, and lets the next one look: %j',
    (cookie) => {
      expect(cookieTokenExtractor().extract({ headers: { cookie } })).toBeUndefined();
    },
  );

  it.each(['a"b"', '"a"b', '"a"b"c'])('takes only quotes around a cookie off: %s', (value) => {
    const found = cookieTokenExtractor().extract({ headers: { cookie: `hanko=${value}` } });

    expect(found?.tokens).toEqual([value]);
  });

  it('takes only spaces before a bearer off', () => {
    expect(bearer.extract(raw('Authorization', 'Bearer\ta b'))?.tokens).toEqual(['\ta b']);
  });

  it.each(['"Bearer" a', '"Bearer a"', '@Bearer a', '(Bearer a'])(
    'reads a scheme only at the start of a field: %s',
    (value) => {
      expect(bearer.extract(raw('Authorization', value))).toBeUndefined();
    },
  );

  it('says why it refuses', () => {
    const two = raw('Authorization', 'Bearer a', 'Authorization', 'Bearer b');

    expect(causeOf(() => bearer.extract(two))).toBe(
      'credentials_ambiguous: The request has two Authorization headers with different bearer tokens',
    );
    expect(causeOf(() => bearer.extract(raw('Authorization', 'Bearer')))).toBe(
      'token_malformed: The Authorization header has the scheme Bearer and no token behind it',
    );
  });
});

describe('the name of a cookie', () => {
  it.each(['\u00a0', '\ufeff', '\v', '\f', '\u2003'])(
    'is another one with %j before or behind it',
    (space) => {
      const extractor = cookieTokenExtractor('__Host-hanko');

      expect(
        extractor.extract({ headers: { cookie: `${space}__Host-hanko=evil` } }),
      ).toBeUndefined();
      expect(
        extractor.extract({ headers: { cookie: `__Host-hanko${space}=evil` } }),
      ).toBeUndefined();
    },
  );
});
