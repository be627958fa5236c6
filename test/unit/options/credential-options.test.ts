import { bearerTokenExtractor } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { apiUrl, faults, paths, resolve } from '../../support/options.js';

describe('cookieName', () => {
  it.each(['hanko', '__Host-hanko', 'app.session', "!#$%&'*+-.^_`|~09azAZ"])(
    'may be a token: %s',
    (cookieName) => {
      const [, extractor] = resolve({ apiUrl, cookieName }).extractors;

      expect(extractor?.extract({ headers: { cookie: `${cookieName}=a` } })).toEqual({
        tokens: ['a'],
        ambient: true,
      });
    },
  );

  it.each([
    '',
    ' ',
    'a b',
    'a=b',
    'a;b',
    'a,b',
    '"a"',
    'a\nb',
    'a\tb',
    '<name>',
    'undefined',
    '["a"]',
    'hanko=',
    'hanko;',
    'ä',
    'a/b',
    '(a)',
    null,
    1,
    {},
  ])('is nothing else: %j', (cookieName) => {
    const [fault, ...others] = faults({ apiUrl, cookieName });

    expect(others).toEqual([]);
    expect(fault?.path).toBe('cookieName');
    expect(fault?.hint).toMatch(/letters, digits and/);
  });
});

describe('white space', () => {
  it('around a name or an origin is removed', () => {
    const [, extractor] = resolve({ apiUrl, cookieName: ' own\n' }).extractors;

    expect(extractor?.extract({ headers: { cookie: 'own=a' } })).toBeDefined();
    expect(
      resolve({ apiUrl, trustedOrigins: [' https://app.example.org\t'] }).trustedOrigins,
    ).toEqual(new Set(['https://app.example.org']));
  });
});

describe('extractors', () => {
  const own = { name: 'own', extract: () => undefined };

  it('replace the default ones', () => {
    expect(resolve({ apiUrl, extractors: [own] }).extractors).toEqual([own]);
    expect(resolve({ apiUrl, extractors: [bearerTokenExtractor(), own] }).extractors).toHaveLength(
      2,
    );
  });

  it.each([[[]], [null], ['bearer'], [own], [() => own], [1]])(
    'are a list of at least one: %j',
    (extractors) => {
      expect(paths({ apiUrl, extractors })).toEqual(['extractors']);
    },
  );

  it('are named one by one where they are none', () => {
    const list = [own, null, {}, { name: 'x' }, { extract: own.extract }, 'bearer', () => own];

    expect(paths({ apiUrl, extractors: list })).toEqual([
      'extractors[1]',
      'extractors[2]',
      'extractors[3]',
      'extractors[4]',
      'extractors[5]',
      'extractors[6]',
    ]);
  });

  it('are named where the list has a gap', () => {
    // oxlint-disable-next-line no-sparse-arrays -- that is what is tried
    expect(paths({ apiUrl, extractors: [, own] })).toEqual(['extractors[0]']);
  });

  it.each([
    undefined,
    { in: 'bearer' },
    { in: 'cookie', name: 'own' },
    { in: 'header', name: 'x-token' },
  ])('may say where they look: %j', (place) => {
    expect(resolve({ apiUrl, extractors: [{ ...own, place }] }).extractors).toHaveLength(1);
  });

  it.each([
    null,
    'bearer',
    {},
    { in: 'query', name: 'token' },
    { in: 'cookie' },
    { in: 'header', name: ' ' },
    [{ in: 'bearer' }],
  ])('cannot look elsewhere: %j', (place) => {
    expect(faults({ apiUrl, extractors: [own, { ...own, place }] })).toEqual([
      { path: 'extractors[1]', hint: expect.stringMatching(/^must have a place like/) },
    ]);
  });

  it('cannot be asynchronous: a promise is no credential', () => {
    const late = { name: 'late', extract: async () => Promise.resolve(undefined) };

    expect(faults({ apiUrl, extractors: [late] })).toEqual([
      { path: 'extractors[0]', hint: expect.stringContaining('must not have an async extract') },
    ]);
  });

  it('are those of the start, whatever the app does with its list later', () => {
    const list = [own];
    const { extractors } = resolve({ apiUrl, extractors: list });
    list.length = 0;

    expect(extractors).toEqual([own]);
  });

  it('and cookieName contradict each other', () => {
    const [fault, ...others] = faults({ apiUrl, extractors: [own], cookieName: 'x' });

    expect(others).toEqual([]);
    expect(fault?.path).toBe('cookieName');
    expect(fault?.hint).toMatch(/cookieTokenExtractor\(name\)/);
  });

  it('and HANKO_COOKIE_NAME contradict each other', () => {
    expect(paths({ apiUrl, extractors: [own] }, { HANKO_COOKIE_NAME: 'x' })).toEqual([
      'HANKO_COOKIE_NAME',
    ]);
  });

  it('may be instances of classes', () => {
    class Own {
      readonly name = 'own';
      extract(): undefined {}
    }

    expect(resolve({ apiUrl, extractors: [new Own()] }).extractors).toHaveLength(1);
  });
});

describe('trustedOrigins', () => {
  it.each([
    'https://app.example.org',
    'http://app.example.org',
    'http://localhost:3000',
    'https://app.example.org:8443',
    'http://127.0.0.1:3000',
    'http://[::1]:3000',
    'https://xn--bcher-kva.example',
  ])('may hold %s', (origin) => {
    expect(resolve({ apiUrl, trustedOrigins: [origin] }).trustedOrigins).toEqual(new Set([origin]));
  });

  it.each([
    'https://app.example.org/',
    'https://app.example.org/path',
    'https://app.example.org?x',
    'https://app.example.org#x',
    'https://user@app.example.org',
    'https://app.example.org:443',
    'http://app.example.org:80',
    'https://APP.example.org',
    'HTTPS://app.example.org',
    'https://b\u00FCcher.example',
    'https://*',
    'https://*.example.org',
    '*.example.org',
    '*',
    'app.example.org',
    '//app.example.org',
    'null',
    'data:,x',
    'file://',
    'https://app .example.org',
    'https://a.example.org,https://b.example.org',
    'https://a.example.org,b.example.org',
    '"https://app.example.org"',
    '<origin>',
    undefined,
    'https://a.example.org https://b.example.org',
    '',
    null,
    1,
    {},
    ['https://app.example.org'],
    'https://APP.example.org',
    'capacitor://',
    'capacitor://*',
    'capacitor://localhost/',
    'blob:https://app.example.org',
  ])('may not hold %j', (origin) => {
    const [fault, ...others] = faults({
      apiUrl,
      trustedOrigins: ['https://good.example.org', origin],
    });

    expect(others).toEqual([]);
    expect(fault?.path).toBe('trustedOrigins[1]');
    expect(fault?.hint).toMatch(/exactly scheme:\/\/host/);
  });

  it.each(['capacitor://localhost', 'ionic://localhost', 'chrome-extension://abcdefghij'])(
    'may hold %j, the origin of a packaged app',
    (origin) => {
      expect(resolve({ apiUrl, trustedOrigins: [origin] }).trustedOrigins).toEqual(
        new Set([origin]),
      );
    },
  );

  it.each(['https://app.example.org', null, {}, new Set(['https://app.example.org']), 1])(
    'are a list: %j',
    (trustedOrigins) => {
      const [fault, ...others] = faults({ apiUrl, trustedOrigins });

      expect(others).toEqual([]);
      expect(fault?.path).toBe('trustedOrigins');
    },
  );

  it('may be none', () => {
    expect(resolve({ apiUrl, trustedOrigins: [] }).trustedOrigins.size).toBe(0);
  });
});
