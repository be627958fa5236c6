import { describe, expect, it } from 'vitest';
import { OPTIONS } from '../../../lib/options/hanko-options.js';
import { apiUrl, failure, faults, paths, resolve } from '../../support/options.js';

describe('options that are omitted', () => {
  // Each default is also held against the documentation: test/surface/docs-options.test.ts.
  it('have the documented defaults', () => {
    expect(resolve({ apiUrl })).toMatchObject({
      apiUrl,
      audience: null,
      issuer: null,
      clockToleranceSeconds: 5,
      maxTokenBytes: 8_192,
      jwks: null,
      jwksCacheSeconds: 600,
      jwksCooldownSeconds: 30,
      jwksTimeoutMs: 5_000,
      jwksMaxBytes: 262_144,
      jwksStaleIfErrorSeconds: 86_400,
      trustedOrigins: new Set(),
      extractors: [{ name: 'bearer' }, { name: 'cookie' }],
      signatureCache: { maxEntries: 10_000, maxBytes: 33_554_432 },
      session: null,
      validateTimeoutMs: 3_000,
      onUnavailable: 'reject',
      revocation: { store: null, onUnavailable: 'reject' },
      claimsSchema: null,
      logRoutes: false,
      fetch: null,
    });
  });

  it('may be written as undefined', () => {
    const names = Object.keys(OPTIONS).filter((name) => name !== 'apiUrl');
    const options = Object.fromEntries(names.map((name) => [name, undefined]));
    const undefinedNow = { ...resolve({ apiUrl, ...options }), extractors: null, now: null };

    expect(names.length).toBeGreaterThan(20);
    expect(undefinedNow).toEqual({ ...resolve({ apiUrl }), extractors: null, now: null });
  });

  it('are not written into the object of the app', () => {
    const options = Object.freeze({ apiUrl, audience: Object.freeze(['b', 'a']) });

    expect(resolve(options).audience).toEqual(['b', 'a']);
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
    jwksStaleIfErrorSeconds: -1,
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
        'jwksStaleIfErrorSeconds',
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
      expect(hint).toMatch(/must|is not|is not part|has no effect|without|names|less than/);
      expect(hint).toMatch(/\.$/);
    }
  });
});

describe('fetch and now', () => {
  it('are functions', () => {
    const own = { fetch: (): never => expect.unreachable(), now: () => 0 };

    expect(resolve({ apiUrl, ...own }).fetch).toBe(own.fetch);
    expect(resolve({ apiUrl, ...own }).now()).toBe(0);
  });

  it.each([null, 0, 'fetch', {}, new Date(0)])('are nothing else: %j', (value) => {
    expect(paths({ apiUrl, fetch: value, now: value })).toEqual(['fetch', 'now']);
  });
});
