import { readFileSync } from 'node:fs';
import { FakeHanko, type FakeHankoConfig } from 'fake-hanko';
import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../src/config/duration.js';
import { printedTenantConfig, readConfig } from '../../src/config/read-config.js';
import { isKey, isMany, isUnusedSection, type Section } from '../../src/config/keys.js';
import { SERVER_KEYS } from '../../src/config/server-keys.js';
import { TENANT_KEYS } from '../../src/config/tenant-keys.js';
import { checkOptions } from '../../src/options.js';
import { decodeJws, send } from '../support/raw-http.js';

const settings = (config: unknown, options: object = {}) =>
  checkOptions({ ...options, config: config as FakeHankoConfig });

describe('the option config', () => {
  it('says in the words of Hanko what options of their own say too', () => {
    expect(
      settings({
        session: {
          audience: ['a', 'b'],
          issuer: 'https://login.test',
          lifespan: '1h30m',
          idle_timeout: '20s',
          limit: 3,
          enable_auth_token_header: true,
          cookie: { name: 'sid' },
        },
        cors: { allow_origins: ['https://*.app.test'] },
        webhooks: {
          enabled: true,
          hooks: [{ callback: 'http://localhost:1/x', events: ['user'] }],
        },
      }),
    ).toMatchObject({
      audience: ['a', 'b'],
      issuer: 'https://login.test',
      lifespanSeconds: 5400,
      idleTimeoutSeconds: 20,
      sessionLimit: 3,
      tokenTransport: 'header',
      cookieName: 'sid',
      allowOrigins: ['https://*.app.test'],
      webhooks: [['http://localhost:1/x', ['user']]],
    });
  });

  it('is overridden by an option of its own', () => {
    const { config, ...rest } = settings(
      {
        session: { issuer: 'a', lifespan: '1h', cookie: { name: 'a', same_site: 'lax' } },
        rate_limiter: { enabled: true },
        cors: { allow_origins: ['https://app.test'] },
      },
      {
        issuer: 'b',
        lifespanSeconds: 60,
        cookieName: 'b',
        rateLimits: 'off',
        onboarding: 'skipped',
        allowOrigins: 'loopback',
      },
    );
    expect(rest).toMatchObject({ issuer: 'b', lifespanSeconds: 60, allowOrigins: 'loopback' });
    expect(config.session).toMatchObject({
      issuer: 'b',
      lifespan: '60s',
      cookie: { name: 'b', same_site: 'lax' },
    });
    expect(config.rate_limiter.enabled).toBe(false);
    expect(config.passkey).toMatchObject({ acquire_on_login: 'never' });
    expect(config.mfa).toMatchObject({ device_trust_policy: 'never' });
  });

  it('the id of the relying party is the audience, unless there is one', () => {
    const webauthn = { relying_party: { id: 'app.test' } };
    expect(settings({ webauthn }).audience).toEqual(['app.test']);
    expect(settings({ webauthn, session: { audience: 'b' } }).audience).toEqual(['b']);
    expect(settings({}).audience).toEqual(['localhost']);
  });

  it.each<readonly [unknown, string]>([
    [{ sesion: {} }, "config.sesion is no key of Hanko's configuration"],
    [{ session: { lifespam: '1h' } }, "config.session.lifespam is no key of Hanko's configuration"],
    [{ session: 'x' }, 'config.session must be an object'],
    [[], 'config must be an object'],
    [null, 'config must be an object'],
    [{ toString: {} }, 'config.toString is no key'],
    [
      { third_party: { custom_providers: { keycloak: { enabld: true } } } },
      'config.third_party.custom_providers.keycloak.enabld is no key',
    ],
    [{ session: { lifespan: 3600 } }, 'config.session.lifespan must be a duration, such as 12h'],
    [{ session: { lifespan: '1 hour' } }, 'config.session.lifespan must be a duration'],
    [{ session: { lifespan: '-1h' } }, 'config.session.lifespan must be a duration'],
    [{ session: { lifespan: '10ms' } }, 'config.session.lifespan must be at least 1s'],
    [{ session: { limit: 0 } }, 'config.session.limit must be a whole number of at least 1'],
    [
      { session: { cookie: { same_site: 'Lax' } } },
      'config.session.cookie.same_site must be strict',
    ],
    [{ session: { audience: [1] } }, 'config.session.audience must be a list of texts'],
    [{ account: { allow_signup: 'yes' } }, 'config.account.allow_signup must be true or false'],
    [
      { mfa: { device_trust_duration: 'x' } },
      'config.mfa.device_trust_duration must be a duration',
    ],
    [{ service: { name: ' ' } }, 'config.service.name must not be empty'],
    [{ saml: { enabled: true } }, 'config.saml.enabled must be false: there is no SAML'],
    [{ cors: { allow_origins: '*' } }, 'config.cors.allow_origins must not have * unless'],
    [{ webhooks: { hooks: {} } }, 'config.webhooks.hooks must be a list'],
    [{ webhooks: { hooks: [{ url: 'x' }] } }, 'config.webhooks.hooks.0.url is no key'],
    [
      { webhooks: { enabled: true, hooks: [{ callback: 'https://app.test/hook' }] } },
      'config.webhooks.hooks.0.callback must be http:// on this machine',
    ],
    [
      { webhooks: { enabled: true, hooks: [{ callback: 'http://localhost:1', events: ['x'] }] } },
      'config.webhooks.hooks.0.events has x, which is no event of Hanko',
    ],
    [
      { third_party: { allowed_redirect_urls: ['http://localhost:2/'] } },
      'config.third_party: http://localhost:2/ must not end with a slash',
    ],
  ])('%j: %s', (config, message) => {
    expect(() => settings(config)).toThrow(`FakeHanko: ${message}`);
  });

  it('takes what Go takes: text for a number, one text for a list, null for what is not given', () => {
    const { config } = settings({
      email: { limit: '7', enabled: 'false', optional: null },
      cors: { allow_origins: 'https://app.test' },
      rate_limiter: { otp_limits: { interval: 60_000_000_000 } },
      session: null,
    });
    expect(config.email).toMatchObject({ limit: 7, enabled: false, optional: false });
    expect(config.cors.allow_origins).toEqual(['https://app.test']);
    expect(config.rate_limiter.otp_limits).toEqual({ tokens: 3, interval: '60000000000ns' });
    expect(config.session.lifespan).toBe('12h');
  });

  it('is not changed by a name that every object has', () => {
    const given: unknown = JSON.parse('{"__proto__": {}, "session": {"constructor": 1}}');
    expect(readConfig(given).unknown).toEqual(['__proto__', 'session.constructor']);
  });

  it('tells which keys nothing depends on', () => {
    const { unused, unknown, faults } = readConfig({
      database: { password: 'x', anything: 1 },
      secret_keys: ['x'],
      email_delivery: { smtp: { host: 'x' } },
      session: { limit: 2 },
    });
    expect([...unused.keys()]).toEqual(['database', 'secret_keys', 'email_delivery.smtp.host']);
    expect([unknown, faults]).toEqual([[], []]);
  });

  it('reaches the tokens and the cookies of a server', async () => {
    await using hanko = await FakeHanko.start({
      config: {
        session: {
          issuer: 'https://login.test',
          cookie: { secure: true, same_site: 'none', domain: '.app.test', http_only: false },
        },
      },
    });
    const token = await hanko.token();
    expect(decodeJws(token).claims).toMatchObject({ iss: 'https://login.test' });
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${hanko.url}/logout`, { method: 'POST', headers });
    expect(response.headers.get('set-cookie')).toBe(
      'hanko=; Path=/; Domain=app.test; Max-Age=0; Secure; SameSite=None',
    );
  });
});

describe('cors.allow_origins', () => {
  it.each([
    ['https://*.app.test', 'https://a.app.test', true],
    ['https://*.app.test', 'https://a.app.test.evil.test', false],
    ['https://*.app.test', 'https://appXtest', false],
    ['https://app.test', 'https://app.test', true],
    ['https://app.test', 'http://localhost:5173', false],
    ['https://app?.test', 'https://app1.test', true],
  ])('%s: %s %s', async (allowed, origin, isAllowed) => {
    await using hanko = await FakeHanko.start({ config: { cors: { allow_origins: allowed } } });
    const { headers } = await send({ url: `${hanko.url}/health/alive`, headers: { origin } });
    expect(headers['access-control-allow-origin']).toBe(isAllowed ? origin : undefined);
  });

  it('is everybody where that is said twice', async () => {
    const cors = { allow_origins: '*', unsafe_wildcard_origin_allowed: true };
    await using hanko = await FakeHanko.start({ config: { cors } });
    const origin = 'https://evil.test';
    const { headers } = await send({ url: `${hanko.url}/health/alive`, headers: { origin } });
    expect(headers['access-control-allow-origin']).toBe(origin);
  });
});

describe('server.*.address', () => {
  it('says the port; where it listens, host says', () => {
    const { port, adminPort, managementPort, host } = settings({
      server: { public: { address: ':8000' }, admin: { address: '0.0.0.0:8001' }, management: {} },
    });
    expect([port, adminPort, managementPort, host]).toEqual([8000, 8001, 0, '127.0.0.1']);
    expect(settings({ server: { public: { address: ':8000' } } }, { port: 9 }).port).toBe(9);
  });
});

describe('the type of the option config', () => {
  it('has each key that is read, and no other', () => {
    const file = new URL('../../src/config/given-config.ts', import.meta.url);
    const declared = readFileSync(file, 'utf8').matchAll(/readonly (\w+)\?:|'([\w-]+)'/g);
    const names = new Set(Array.from(declared, ([, member, literal]) => member ?? literal));
    const namesIn = (keys: Section): readonly string[] =>
      Object.entries(keys).flatMap(([name, entry]) => [
        name,
        ...(isMany(entry) ? namesIn(entry.each) : []),
        ...(isKey(entry) || isMany(entry) || isUnusedSection(entry)
          ? []
          : namesIn(entry as Section)),
      ]);
    const read = new Set(namesIn({ ...SERVER_KEYS, ...TENANT_KEYS }));
    expect([...read].filter((name) => !names.has(name))).toEqual([]);
    const values =
      /^(always|conditional|never|required|preferred|discouraged|direct|indirect|none|numeric|alphanumeric|prompt|session|persistent|strict|lax|platform|cross-platform|no_preference|local|aws_kms)$/;
    expect([...names].filter((name = '') => !read.has(name) && !values.test(name))).toEqual([]);
  });
});

describe('a configuration as Hanko prints it', () => {
  it('has durations in nanoseconds, and null for an empty list', () => {
    const printed = printedTenantConfig(readConfig({}).config);
    expect(printed).toMatchObject({
      mfa: { device_trust_duration: 2_592_000_000_000_000 },
      session: { audience: null, lifespan: '12h' },
      webhooks: { hooks: null },
      third_party: { custom_providers: null },
    });
    expect(JSON.stringify(printed)).not.toContain('jwt_template');
  });
});

describe('a duration of Go', () => {
  it.each([
    ['0', 0],
    ['0m', 0],
    ['12h', 43_200_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['300ms', 300],
    ['2us', 0.002],
    ['', null],
    ['12', null],
    ['h', null],
    ['-1s', null],
    ['1d', null],
    ['1..5s', null],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });
});
