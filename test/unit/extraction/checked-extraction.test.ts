import type { ExecutionContext } from '@nestjs/common';
import {
  bearerTokenExtractor,
  cookieTokenExtractor,
  HankoAuthError,
  HankoUser,
  type IncomingRequest,
} from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { refuseCrossSite } from '../../../lib/extraction/cross-site.js';
import { handlerName } from '../../../lib/extraction/request.js';
import { nodeRequest } from '../../support/node-headers.js';
import { isExecutionContext } from '../../../lib/transports/transports.js';

/** What an operator reads of a refusal: its code and its precise cause. */
function causeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof HankoAuthError ? `${error.code}: ${error.reason}` : String(error);
  }
  return expect.unreachable('it was accepted');
}

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

describe('a request with a cookie', () => {
  type Headers = IncomingRequest['headers'];
  const OWN = 'https://api.example.com';
  const HOST = 'api.example.com';
  const foreign = 'cross_site_request: Origin is neither this host nor in trustedOrigins';
  const judge = (headers: Headers): void => refuseCrossSite({ method: 'POST', headers }, new Set());

  it.each<{ name: string; headers: Headers }>([
    { name: 'Host', headers: { origin: OWN, host: HOST } },
    { name: ':authority', headers: { origin: OWN, ':authority': HOST } },
    { name: 'an empty Host', headers: { origin: OWN, host: '', ':authority': HOST } },
  ])('passes with the Origin that is its $name', ({ headers }) => {
    expect(() => judge(headers)).not.toThrow();
  });

  it.each<{ name: string; headers: Headers }>([
    { name: 'Origin', headers: { origin: ['https://api.exam', 'ple.com'], host: HOST } },
    { name: 'Host', headers: { origin: OWN, host: ['api.exam', 'ple.com'] } },
    { name: ':authority', headers: { origin: OWN, ':authority': ['api.exam', 'ple.com'] } },
  ])('is refused if two fields make up its own only together: $name', ({ headers }) => {
    expect(causeOf(() => judge(headers))).toBe(foreign);
  });

  it('is refused with its reason', () => {
    expect(causeOf(() => judge({ origin: 'https://evil.test', host: HOST }))).toBe(foreign);
    expect(causeOf(() => judge({ origin: OWN, host: HOST, 'sec-fetch-site': 'cross-site' }))).toBe(
      'cross_site_request: Sec-Fetch-Site says the request is cross-site',
    );
  });
});

describe('an execution context', () => {
  const context = (parts: object): ExecutionContext => parts as ExecutionContext;

  it('is known by its method', () => {
    expect(isExecutionContext({ switchToHttp: () => undefined })).toBe(true);
    expect(isExecutionContext({ switchToHttp: 1 })).toBe(false);
    expect(isExecutionContext({ headers: {} })).toBe(false);
  });

  it('names its handler, if it has one', () => {
    class Notes {}
    const list = (): void => undefined;

    expect(handlerName(context({ getClass: () => Notes, getHandler: () => list }))).toBe(
      'Notes.list',
    );
    expect(handlerName(context({ getClass: () => undefined, getHandler: () => undefined }))).toBe(
      'undefined.undefined',
    );
  });
});

it('a user without an email has no such property', () => {
  const user = new HankoUser({
    sub: '0d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33',
    session_id: '5c0b6a52-5f0e-4c8e-9a53-0a4a3f4f1f10',
    iat: 1_790_000_000,
    exp: 1_790_043_200,
  });

  expect(['email' in user, 'username' in user]).toEqual([false, false]);
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
