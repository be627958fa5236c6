import { generateKeyPairSync } from 'node:crypto';
import {
  bearerTokenExtractor,
  type ConfigurationFault,
  HankoConfigurationError,
} from 'nestjs-hanko';
import { beforeAll, describe, expect, it } from 'vitest';
import { EXTRACTED_FROM } from '../../lib/hanko.constants.js';
import type { ResolvedHankoOptions } from '../../lib/options/hanko-options.js';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { SigningKey } from '../../fake-hanko/src/tokens/keys.js';

type Environment = Readonly<Record<string, unknown>>;

const apiUrl = 'https://login.example.com';

const resolve = (options: unknown, environment: Environment = {}): ResolvedHankoOptions =>
  resolveOptions(options, (name) => environment[name]);

function failure(options: unknown, environment: Environment = {}): HankoConfigurationError {
  try {
    resolve(options, environment);
  } catch (error) {
    if (error instanceof HankoConfigurationError) return error;
    throw error;
  }
  return expect.unreachable('the options were accepted');
}

const faults = (options: unknown, environment: Environment = {}): readonly ConfigurationFault[] =>
  failure(options, environment).faults;

const paths = (options: unknown, environment: Environment = {}): readonly string[] =>
  faults(options, environment).map(({ path }) => path);

let key: SigningKey;
beforeAll(async () => {
  key = await SigningKey.generate(2048, 'a');
});

describe('options left out', () => {
  it('have the documented defaults', () => {
    expect(resolve({ apiUrl })).toEqual({
      apiUrl,
      audience: null,
      isAudienceOff: false,
      issuer: null,
      clockToleranceSeconds: 5,
      maxTokenBytes: 8_192,
      jwks: null,
      jwksCacheSeconds: 600,
      jwksCooldownSeconds: 30,
      jwksTimeoutMs: 5_000,
      jwksMaxBytes: 262_144,
      staleIfErrorSeconds: 86_400,
      trustedOrigins: new Set(),
      extractors: [
        {
          name: 'bearer',
          extract: expect.any(Function) as unknown,
          [EXTRACTED_FROM]: { in: 'bearer' },
        },
        {
          name: 'cookie',
          extract: expect.any(Function) as unknown,
          [EXTRACTED_FROM]: { in: 'cookie', name: 'hanko' },
        },
      ],
      signatureCache: { maxEntries: 10_000, maxBytes: 33_554_432 },
      session: 'offline',
      validateTimeoutMs: 3_000,
      onUnavailable: 'reject',
      revocation: expect.any(Object) as object,
      claimsSchema: null,
      logRoutes: false,
      fetch: null,
      now: Date.now,
    });
  });

  it('may be written as undefined', () => {
    const names = [
      'audience',
      'issuer',
      'cookieName',
      'clockToleranceSeconds',
      'maxTokenBytes',
      'jwks',
      'jwksCacheSeconds',
      'jwksCooldownSeconds',
      'jwksTimeoutMs',
      'jwksMaxBytes',
      'staleIfErrorSeconds',
      'trustedOrigins',
      'extractors',
      'signatureCache',
      'session',
      'validateTimeoutMs',
      'onUnavailable',
      'revocation',
      'claimsSchema',
      'logRoutes',
      'fetch',
      'now',
    ];
    const options = Object.fromEntries(names.map((name) => [name, undefined]));

    expect(resolve({ apiUrl, ...options })).toMatchObject({ maxTokenBytes: 8_192, audience: null });
  });

  it('are not written into the object of the app', () => {
    const options = Object.freeze({ apiUrl, audience: Object.freeze(['b', 'a']) });

    expect(resolve(options).audience).toEqual(['b', 'a']);
  });
});

describe('a number', () => {
  const bounds = [
    { name: 'clockToleranceSeconds', min: 0, max: 300, unit: 'seconds' },
    { name: 'maxTokenBytes', min: 1_024, max: 1_048_576, unit: 'bytes' },
    { name: 'jwksCacheSeconds', min: 1, max: 86_400, unit: 'seconds' },
    { name: 'jwksCooldownSeconds', min: 1, max: 3_600, unit: 'seconds' },
    { name: 'jwksTimeoutMs', min: 1, max: 60_000, unit: 'milliseconds' },
    { name: 'jwksMaxBytes', min: 1_024, max: 16_777_216, unit: 'bytes' },
    { name: 'staleIfErrorSeconds', min: 0, max: 2_678_400, unit: 'seconds' },
  ];

  it.each(bounds)('may be its bounds: $name', ({ name, min, max }) => {
    expect(resolve({ apiUrl, [name]: min })).toMatchObject({ [name]: min });
    expect(resolve({ apiUrl, [name]: max })).toMatchObject({ [name]: max });
  });

  it.each(bounds)('may not be beyond them: $name', ({ name, min, max, unit }) => {
    for (const value of [min - 1, max + 1, -1, -Infinity, Infinity]) {
      expect(faults({ apiUrl, [name]: value })).toEqual([
        {
          path: name,
          hint: `must be a whole number from ${min} to ${max} (${unit}), got ${value}.`,
        },
      ]);
    }
  });

  it.each(bounds)('must be one: $name', ({ name, min }) => {
    for (const value of [NaN, min + 0.5, String(min), '', null, true, [min], {}, 5n]) {
      expect(paths({ apiUrl, [name]: value })).toEqual([name]);
    }
  });

  it('is called by its kind where it is none', () => {
    expect(faults({ apiUrl, jwksTimeoutMs: '5000' })[0]?.hint).toMatch(/got a string\.$/);
    expect(faults({ apiUrl, jwksTimeoutMs: null })[0]?.hint).toMatch(/got null\.$/);
    expect(faults({ apiUrl, jwksTimeoutMs: [5000] })[0]?.hint).toMatch(/got (an array|a list)\.$/);
    expect(faults({ apiUrl, jwksTimeoutMs: {} })[0]?.hint).toMatch(/got an object\.$/);
  });
});

describe('apiUrl', () => {
  it.each([
    ['https://abc.hanko.io', 'https://abc.hanko.io'],
    ['https://abc.hanko.io/', 'https://abc.hanko.io'],
    ['https://abc.hanko.io///', 'https://abc.hanko.io'],
    ['http://localhost:8000', 'http://localhost:8000'],
    ['http://[::1]:8000/', 'http://[::1]:8000'],
    ['https://login.example.com:443', 'https://login.example.com'],
    ['HTTPS://LOGIN.example.com', 'https://login.example.com'],
    [
      'https://login.example.com/26e99bcd-316c-46f4-a102-b23e2d914d2f',
      'https://login.example.com/26e99bcd-316c-46f4-a102-b23e2d914d2f',
    ],
    ['https://login.example.com/a/b//', 'https://login.example.com/a/b'],
  ])('%s is used as %s', (written, used) => {
    expect(resolve({ apiUrl: written }).apiUrl).toBe(used);
    expect(resolve({}, { HANKO_API_URL: written }).apiUrl).toBe(used);
  });

  it('is missing: says both ways to give it', () => {
    const [fault] = faults({});

    expect(fault?.path).toBe('apiUrl');
    expect(fault?.hint).toMatch(/forRoot\(\{ apiUrl \}\).*HANKO_API_URL/);
  });

  it.each([
    'login.example.com',
    '/login',
    '//login.example.com',
    'localhost:8000',
    'ftp://login.example.com',
    'file:///etc/passwd',
    'data:application/json,{}',
    'ws://login.example.com',
    'https://',
    'https://exa mple.com',
    'nonsense',
    ' ',
    null,
    1,
    true,
    {},
    ['https://login.example.com'],
    new URL('https://login.example.com'),
  ])('must be an absolute http(s) address: %j', (value) => {
    expect(faults({ apiUrl: value })).toEqual([
      {
        path: 'apiUrl',
        hint: 'must be an absolute URL that begins with https:// or http://.',
      },
    ]);
  });

  it.each([
    ['https://login.example.com?x=1', /query/],
    ['https://login.example.com/#x', /fragment/],
    ['https://login.example.com/.well-known/jwks.json', /without \/\.well-known/],
    ['https://login.example.com/tenant/.well-known', /without \/\.well-known/],
  ])('%s is refused with its cure', (value, cure) => {
    const [fault, ...others] = faults({ apiUrl: value });

    expect(others).toEqual([]);
    expect(fault?.path).toBe('apiUrl');
    expect(fault?.hint).toMatch(cure);
  });

  it.each([
    'https://user:s3cr3t@login.example.com',
    'https://s3cr3t@login.example.com/path',
    'https://:s3cr3t@login.example.com/?token=s3cr3t#s3cr3t',
    'ftp://user:s3cr3t@login.example.com',
    'https://user:s3cr3t@exa mple.com',
  ])('is refused with a user, and never repeated: %s', (value) => {
    for (const error of [failure({ apiUrl: value }), failure({}, { HANKO_API_URL: value })]) {
      for (const text of [error.message, error.stack, JSON.stringify(error.faults)]) {
        expect(text).not.toContain('s3cr3t');
        expect(text).not.toContain('login.example.com');
      }
    }
  });

  it('is not needed beside jwks', () => {
    expect(resolve({ jwks: { keys: [key.publicJwk] } }).apiUrl).toBeNull();
    expect(resolve({ jwks: { getKey: () => undefined } }).apiUrl).toBeNull();
  });
});

describe('audience', () => {
  it.each([
    { name: 'text', audience: 'app', expected: ['app'] },
    { name: 'text with a comma', audience: 'a,b', expected: ['a,b'] },
    { name: 'a list', audience: ['a', 'b'], expected: ['a', 'b'] },
  ])('may be $name', ({ audience, expected }) => {
    expect(resolve({ apiUrl, audience })).toMatchObject({
      audience: expected,
      isAudienceOff: false,
    });
  });

  it('is off in words only', () => {
    expect(resolve({ apiUrl, audience: null })).toMatchObject({
      audience: null,
      isAudienceOff: true,
    });
    expect(resolve({ apiUrl })).toMatchObject({ audience: null, isAudienceOff: false });
  });

  it('is off in words even if the environment has one', () => {
    expect(resolve({ apiUrl, audience: null }, { HANKO_AUDIENCE: 'app' })).toMatchObject({
      audience: null,
      isAudienceOff: true,
    });
  });

  it.each([
    '',
    ' ',
    [],
    [''],
    ['a', ' '],
    [1],
    [null],
    [['a']],
    1,
    false,
    {},
    { 0: 'a', length: 1 },
  ])('is nothing else: %j', (audience) => {
    const [fault, ...others] = faults({ apiUrl, audience });

    expect(others).toEqual([]);
    expect(fault?.path).toBe('audience');
    expect(fault?.hint).toMatch(/null turns the check off/);
  });

  it.each([
    ['app', ['app']],
    ['a,b', ['a', 'b']],
    [' a , b ', ['a', 'b']],
    ['https://app.example.com', ['https://app.example.com']],
  ])('comes from the environment, separated by commas: %j', (value, audience) => {
    expect(resolve({ apiUrl }, { HANKO_AUDIENCE: value }).audience).toEqual(audience);
  });

  it.each([',', 'a,', ',a', 'a,,b', ' ', 'a, ,b'])(
    'from the environment has no empty entries: %j',
    (value) => {
      expect(faults({ apiUrl }, { HANKO_AUDIENCE: value })).toEqual([
        {
          path: 'HANKO_AUDIENCE',
          hint: 'must be audiences separated by commas, none of them empty.',
        },
      ]);
    },
  );
});

describe('the environment', () => {
  const variables = {
    HANKO_API_URL: 'https://env.example.com/',
    HANKO_AUDIENCE: 'env',
    HANKO_ISSUER: 'https://env.example.com',
    HANKO_COOKIE_NAME: 'env',
  };
  const cookie = (options: ResolvedHankoOptions, name: string): unknown =>
    options.extractors[1]?.extract({ headers: { cookie: `${name}=a` } });

  it('fills what is left out', () => {
    const options = resolve({}, variables);

    expect(options).toMatchObject({
      apiUrl: 'https://env.example.com',
      audience: ['env'],
      issuer: 'https://env.example.com',
    });
    expect(cookie(options, 'env')).toEqual({ tokens: ['a'], ambient: true });
  });

  it('gives way to what is written', () => {
    const options = resolve(
      { apiUrl, audience: 'written', issuer: 'written', cookieName: 'written' },
      variables,
    );

    expect(options).toMatchObject({ apiUrl, audience: ['written'], issuer: 'written' });
    expect(cookie(options, 'written')).toBeDefined();
    expect(cookie(options, 'env')).toBeUndefined();
  });

  it.each(['', null, undefined])('counts as unset where it is %j', (value) => {
    const unset = {
      HANKO_API_URL: value,
      HANKO_AUDIENCE: value,
      HANKO_ISSUER: value,
      HANKO_COOKIE_NAME: value,
    };

    expect(paths({}, unset)).toEqual(['apiUrl']);
    const options = resolve({ apiUrl }, unset);
    expect(options).toMatchObject({ audience: null, isAudienceOff: false, issuer: null });
    expect(cookie(options, 'hanko')).toBeDefined();
  });

  it('does not hide an option that is written empty', () => {
    expect(
      paths({ apiUrl: '', audience: '', issuer: '', cookieName: '' }, variables).toSorted(),
    ).toEqual(['apiUrl', 'audience', 'cookieName', 'issuer']);
  });

  it('is named in the faults that it causes', () => {
    const wrong = {
      HANKO_API_URL: 'nonsense',
      HANKO_AUDIENCE: ',',
      HANKO_ISSUER: ' ',
      HANKO_COOKIE_NAME: 'a b',
    };

    expect(paths({}, wrong).toSorted()).toEqual(Object.keys(wrong).toSorted());
  });

  it('is asked for these four names only', () => {
    const asked: string[] = [];
    resolveOptions({ apiUrl: undefined, jwks: { keys: [key.publicJwk] } }, (name) => {
      asked.push(name);
    });

    expect(asked.toSorted()).toEqual(Object.keys(variables).toSorted());
  });

  it('does not sneak in through the process', () => {
    process.env['HANKO_API_URL'] = apiUrl;
    try {
      expect(paths({})).toEqual(['apiUrl']);
    } finally {
      delete process.env['HANKO_API_URL'];
    }
  });
});

describe('issuer', () => {
  it('may be any text', () => {
    expect(resolve({ apiUrl, issuer: 'not an address' }).issuer).toBe('not an address');
  });

  it.each(['', ' ', null, 1, ['a'], {}])('is nothing else: %j', (issuer) => {
    expect(paths({ apiUrl, issuer })).toEqual(['issuer']);
  });
});

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
    'a\n',
    'a\t',
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
    ' https://app.example.org',
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

describe('jwks', () => {
  it('may be a set or a provider', () => {
    const set = { keys: [key.publicJwk] };
    const provider = { getKey: () => undefined };

    expect(resolve({ jwks: set }).jwks).toEqual(set);
    expect(resolve({ jwks: provider }).jwks).toBe(provider);
  });

  it('may be an instance of a class', () => {
    class Provider {
      getKey(): undefined {}
    }
    const provider = new Provider();

    expect(resolve({ jwks: provider }).jwks).toBe(provider);
  });

  it.each([null, 'https://login.example.com/jwks.json', 1, [], {}, { keys: {} }, { getKey: 1 }])(
    'is nothing else: %j',
    (jwks) => {
      const [fault, ...others] = faults({ apiUrl, jwks });

      expect(others).toEqual([]);
      expect(fault?.path).toBe('jwks');
      expect(fault?.hint).toMatch(/JWK Set.*JwksProvider.*getKey/);
    },
  );

  it('has a key at least', () => {
    expect(faults({ jwks: { keys: [] } })).toEqual([
      { path: 'jwks.keys', hint: 'must not be empty.' },
    ]);
  });

  it('has one key of a kid: of two, one would win in silence', () => {
    expect(faults({ jwks: { keys: [key.publicJwk, { ...key.publicJwk }] } })).toEqual([
      { path: 'jwks.keys', hint: 'must not have two keys with the same "kid".' },
    ]);
  });

  it('has usable keys only, and names each other one', () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
    const keys = [
      key.publicJwk,
      null,
      { ...key.publicJwk, use: 'enc' },
      { ...weak.export({ format: 'jwk' }), use: 'sig', kid: 'weak' },
      { kty: 'oct', k: 's3cr3t', use: 'sig', kid: 'b' },
      { ...key.publicJwk, kid: undefined },
    ];

    expect(faults({ jwks: { keys } })).toEqual([
      { path: 'jwks.keys[1]', hint: 'is not an object.' },
      { path: 'jwks.keys[2]', hint: '"use" is not "sig".' },
      { path: 'jwks.keys[3]', hint: 'the modulus has less than 2048 bits.' },
      { path: 'jwks.keys[4]', hint: '"kty" is not "RSA".' },
      { path: 'jwks.keys[5]', hint: '"kid" is missing.' },
    ]);
  });

  it('never shows a private member', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwk = privateKey.export({ format: 'jwk' });
    const { message } = failure({ jwks: { keys: [{ ...jwk, use: 'enc', kid: 'a' }] } });

    expect(message).not.toContain(jwk.d);
    expect(message).not.toContain(jwk.n);
  });

  it.each([
    ['jwksCacheSeconds', 600],
    ['jwksCooldownSeconds', 30],
    ['jwksTimeoutMs', 5_000],
    ['jwksMaxBytes', 262_144],
    ['staleIfErrorSeconds', 86_400],
  ])('and %s contradict each other', (name, value) => {
    for (const jwks of [{ keys: [key.publicJwk] }, { getKey: () => undefined }]) {
      expect(faults({ jwks, [name]: value })).toEqual([
        {
          path: name,
          hint: 'has no effect beside jwks, whose keys are not fetched: leave one out.',
        },
      ]);
    }
  });

  it('may stand beside apiUrl and every other option', () => {
    expect(() =>
      resolve({
        apiUrl,
        jwks: { keys: [key.publicJwk] },
        audience: 'a',
        issuer: 'i',
        cookieName: 'c',
        clockToleranceSeconds: 0,
        maxTokenBytes: 2_048,
        trustedOrigins: [],
        signatureCache: { maxEntries: 1 },
        session: 'online',
        validateTimeoutMs: 1_000,
        onUnavailable: 'accept',
        fetch: globalThis.fetch,
        now: Date.now,
      }),
    ).not.toThrow();
  });
});

describe('signatureCache', () => {
  const bounds = [
    { name: 'maxEntries', max: 1_000_000, unit: 'entries' },
    { name: 'maxBytes', max: 1_073_741_824, unit: 'bytes' },
  ];
  const cache = (signatureCache: unknown): ResolvedHankoOptions['signatureCache'] =>
    resolve({ apiUrl, signatureCache }).signatureCache;

  it('is off in a word: false', () => {
    expect(cache(false)).toEqual({ maxEntries: 0, maxBytes: 0 });
  });

  it('has the default of each bound that is left out', () => {
    const defaults = { maxEntries: 10_000, maxBytes: 33_554_432 };

    expect(cache({})).toEqual(defaults);
    expect(cache({ maxEntries: undefined, maxBytes: undefined })).toEqual(defaults);
    expect(cache({ maxEntries: 7 })).toEqual({ ...defaults, maxEntries: 7 });
    expect(cache({ maxBytes: 7 })).toEqual({ ...defaults, maxBytes: 7 });
    expect(cache({ maxEntries: 7, maxBytes: 8 })).toEqual({ maxEntries: 7, maxBytes: 8 });
  });

  it.each(bounds)('may be from 0 to its largest value: $name', ({ name, max }) => {
    expect(cache({ [name]: 0 })).toMatchObject({ [name]: 0 });
    expect(cache({ [name]: max })).toMatchObject({ [name]: max });
  });

  it.each(bounds)('may not be beyond them, and says so: $name', ({ name, max, unit }) => {
    for (const value of [-1, max + 1, 0.5, NaN, Infinity, -Infinity]) {
      expect(faults({ apiUrl, signatureCache: { [name]: value } })).toEqual([
        {
          path: `signatureCache.${name}`,
          hint: `must be a whole number from 0 to ${max} (${unit}), got ${value}.`,
        },
      ]);
    }
  });

  it.each(bounds)('must be a number, and says what it got: $name', ({ name, max, unit }) => {
    for (const [value, kind] of [
      ['10', 'a string'],
      ['', 'a string'],
      [null, 'null'],
      [true, 'a boolean'],
      [false, 'a boolean'],
      [[1], 'a list'],
      [{}, 'an object'],
      [5n, 'a bigint'],
    ]) {
      expect(faults({ apiUrl, signatureCache: { [name]: value } })).toEqual([
        {
          path: `signatureCache.${name}`,
          hint: `must be a whole number from 0 to ${max} (${unit}), got ${kind as string}.`,
        },
      ]);
    }
  });

  it.each(['maxAge', 'maxentries', 'size', '__proto__', 'constructor', 'toString'])(
    'has no other member: %s',
    (name) => {
      const signatureCache = JSON.parse(`{"${name}":1}`) as object;

      expect(faults({ apiUrl, signatureCache })).toEqual([
        {
          path: `signatureCache.${name}`,
          hint: 'is not an option: there are maxEntries and maxBytes.',
        },
      ]);
      expect(paths({ apiUrl, signatureCache: { [name]: undefined } })).toHaveLength(1);
    },
  );

  it('tells of each wrong member', () => {
    const signatureCache = { maxEntries: -1, maxBytes: null, maxAge: 1 };

    expect(paths({ apiUrl, signatureCache }).toSorted()).toEqual([
      'signatureCache.maxAge',
      'signatureCache.maxBytes',
      'signatureCache.maxEntries',
    ]);
  });

  it.each([true, null, 0, 10_000, '', 'off', [], [10_000], () => ({}), 5n])(
    'is nothing else than bounds or false: %s',
    (signatureCache) => {
      expect(faults({ apiUrl, signatureCache })).toEqual([
        {
          path: 'signatureCache',
          hint: 'must be { maxEntries, maxBytes }, or false to remember nothing.',
        },
      ]);
    },
  );

  it('may stand beside pinned keys', () => {
    const options = { jwks: { keys: [key.publicJwk] }, signatureCache: { maxEntries: 1 } };

    expect(resolve(options).signatureCache.maxEntries).toBe(1);
  });
});

describe('fetch and now', () => {
  it('are functions', () => {
    const own = { fetch: (): never => expect.unreachable(), now: () => 0 };

    expect(resolve({ apiUrl, ...own })).toMatchObject(own);
  });

  it.each([null, 0, 'fetch', {}, new Date(0)])('are nothing else: %j', (value) => {
    expect(paths({ apiUrl, fetch: value, now: value })).toEqual(['fetch', 'now']);
  });
});

describe('claimsSchema', () => {
  const standard = { version: 1, vendor: 'test', validate: () => ({ value: {} }) };

  it.each([
    { name: 'an object', claimsSchema: { '~standard': standard } },
    {
      name: 'a function, as arktype makes them',
      claimsSchema: Object.assign(() => undefined, { '~standard': standard }),
    },
    {
      name: 'an instance, as zod makes them',
      claimsSchema: Object.create({ '~standard': standard }) as object,
    },
    {
      name: 'one with a getter',
      claimsSchema: {
        get '~standard'() {
          return standard;
        },
      },
    },
  ])('is a Standard Schema: $name', ({ claimsSchema }) => {
    expect(resolve({ apiUrl, claimsSchema }).claimsSchema).toBe(claimsSchema);
  });

  it.each([
    null,
    true,
    'schema',
    {},
    [],
    () => true,
    standard,
    { '~standard': null },
    { '~standard': {} },
    { '~standard': { ...standard, version: 2 } },
    { '~standard': { ...standard, version: '1' } },
    { '~standard': { ...standard, validate: true } },
    { '~standard': { version: 1, vendor: 'test' } },
  ])('is nothing else: %j', (claimsSchema) => {
    expect(faults({ apiUrl, claimsSchema })).toEqual([
      {
        path: 'claimsSchema',
        hint: 'must be a Standard Schema, version 1, as zod (from 3.24), valibot (from 1.0) and arktype (from 2.0) make them.',
      },
    ]);
  });
});

describe('an option that does not exist', () => {
  it.each([
    'apiURL',
    'audiences',
    'sessions',
    'revocations',
    'claims',
    'isGlobal',
    'secret',
    '__proto__',
    'constructor',
    'toString',
  ])('is refused with the names that do: %s', (name) => {
    const options = JSON.parse(`{"apiUrl":"${apiUrl}","${name}":1}`) as object;
    const [fault, ...others] = faults(options);

    expect(others).toEqual([]);
    expect(fault?.path).toBe(name);
    expect(fault?.hint).toMatch(/apiUrl, audience, claimsSchema, clockToleranceSeconds/);
  });

  it('is refused though it is undefined', () => {
    expect(paths({ apiUrl, audiences: undefined })).toEqual(['audiences']);
  });

  it('is refused without its value', () => {
    expect(failure({ apiUrl, password: 's3cr3t' }).message).not.toContain('s3cr3t');
  });
});

describe('options', () => {
  it.each([undefined, null, 1, 'x', true, [], [{ apiUrl }], () => ({ apiUrl })])(
    'are an object: %j',
    (options) => {
      expect(paths(options)).toEqual(['options']);
    },
  );

  it('that are none are called by their kind', () => {
    expect(faults(null)[0]?.hint).toBe('must be an object, got null.');
    expect(faults([])[0]?.hint).toMatch(/^must be an object, got (an array|a list)\.$/);
    expect(faults(undefined)[0]?.hint).toMatch(/^must be an object, got (undefined|nothing)\.$/);
  });

  it('may have no prototype', () => {
    const options = Object.assign(Object.create(null), { apiUrl }) as object;

    expect(resolve(options).apiUrl).toBe(apiUrl);
  });

  const wrong = {
    apiUrl: 'https://user:s3cr3t@login.example.com/.well-known/jwks.json?s3cr3t',
    audience: [],
    issuer: ' ',
    cookieName: 'a b',
    clockToleranceSeconds: 301,
    maxTokenBytes: 1,
    jwks: { keys: [null] },
    jwksCacheSeconds: 0,
    jwksCooldownSeconds: 0,
    jwksTimeoutMs: 0,
    jwksMaxBytes: 0,
    staleIfErrorSeconds: -1,
    trustedOrigins: ['*', 'null'],
    extractors: [null],
    signatureCache: { maxEntries: -1, maxBytes: '1', nonsense: 1 },
    session: { refreshSeconds: -1, keepAlive: 1, onUnavailable: 's3cr3t', nonsense: 1 },
    validateTimeoutMs: 0,
    onUnavailable: 's3cr3t',
    fetch: 1,
    now: 1,
    nonsense: 1,
  };

  it('that are all wrong are told all at once', () => {
    expect(new Set(paths(wrong))).toEqual(
      new Set([
        'apiUrl',
        'audience',
        'issuer',
        'cookieName',
        'clockToleranceSeconds',
        'maxTokenBytes',
        'jwks.keys[0]',
        'jwksCacheSeconds',
        'jwksCooldownSeconds',
        'jwksTimeoutMs',
        'jwksMaxBytes',
        'staleIfErrorSeconds',
        'trustedOrigins[0]',
        'trustedOrigins[1]',
        'extractors[0]',
        'signatureCache.maxEntries',
        'signatureCache.maxBytes',
        'signatureCache.nonsense',
        'session.refreshSeconds',
        'session.keepAlive',
        'session.onUnavailable',
        'session.nonsense',
        'validateTimeoutMs',
        'onUnavailable',
        'fetch',
        'now',
        'nonsense',
      ]),
    );
  });

  it('that are wrong make an error that reads as a list and gives cures', () => {
    const error = failure(wrong);
    const [title, ...lines] = error.message.split('\n');

    expect(title).toBe('nestjs-hanko is not set up correctly:');
    expect(lines).toEqual(error.faults.map(({ path, hint }) => `  - ${path}: ${hint}`));
    expect(error.message).not.toContain('s3cr3t');
    for (const { hint } of error.faults) {
      expect(hint).toMatch(/must|is not|is no part|has no effect|without|names|less than/);
      expect(hint).toMatch(/\.$/);
    }
  });
});

describe('logRoutes', () => {
  it.each([true, false])('is %s as written', (logRoutes) => {
    expect(resolve({ apiUrl, logRoutes }).logRoutes).toBe(logRoutes);
  });

  it.each(['yes', 1, null, {}])('cannot be %j', (logRoutes) => {
    expect(faults({ apiUrl, logRoutes })).toEqual([
      { path: 'logRoutes', hint: 'must be true or false.' },
    ]);
  });
});
