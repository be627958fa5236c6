import { randomUUID } from 'node:crypto';
import { format, inspect } from 'node:util';
import { HankoConfigurationError } from 'nestjs-hanko';
import { HankoAdmin, HankoAdminError } from 'nestjs-hanko/admin';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  AdminServer,
  type Behaviour,
  problem,
  replying,
  reset,
} from '../../support/admin-server.js';
import { captureLog } from '../../support/log.js';

const server = new AdminServer();
const log = captureLog();
afterEach(() => vi.unstubAllEnvs());

const KEY = 'the-api-key';
const PASSWORD = 'the-password';

/** All the ways in which people write something down. */
const textsOf = (value: unknown): string =>
  [
    inspect(value, { depth: 20, showHidden: true, getters: true }),
    format('%o %O %s %j', value, value, value, value),
    JSON.stringify(value),
    String(value),
    value instanceof Error ? `${value.stack} ${inspect(Object.entries(value))}` : '',
  ].join('\n');

const failed = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => expect.fail('it is done'),
    (error: unknown) => error,
  );

describe('the API key', () => {
  const admin = (): HankoAdmin =>
    new HankoAdmin({ url: server.url, apiKey: KEY, managementUrl: `${server.url}/management` });

  it('is in nothing that shows a client, nor in its parts', () => {
    const { users, management } = admin();
    const shown = textsOf([admin(), users, management, users.list()]);

    expect(shown).not.toContain(KEY);
  });

  it('goes to the Admin API and nowhere else', async () => {
    server.behaviour = replying(200, [], { 'x-total-count': '0' });
    await admin().users.list().page();
    await admin().management.tenants.list().page();
    await admin().health.alive();

    expect(server.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/users?page=1&per_page=100', `Bearer ${KEY}`],
      ['/management/tenants?page=1&per_page=100', undefined],
      ['/health/alive', `Bearer ${KEY}`],
    ]);
  });

  const echo: Behaviour = (response, request) =>
    problem(400, `not so: ${request.headers.authorization}`, {
      'x-request-id': request.headers.authorization?.slice('Bearer '.length) ?? '',
    })(response, request, 1);

  it.each<[string, Behaviour]>([
    ['refuses it', problem(401, KEY)],
    ['sends it back', echo],
    ['redirects with it', replying(302, '', { location: `https://x.test/?key=${KEY}` })],
    ['sends a page with it', replying(200, `<html>${KEY}`)],
    ['fails', problem(500, KEY)],
    ['hangs up', reset],
    ['sends something else with it', replying(200, { [KEY]: KEY, id: [KEY] })],
  ])('and what was sent are in no error, where a server %s', async (_, behaviour) => {
    server.behaviour = behaviour;
    const error = await failed(admin().passwords.create(randomUUID(), PASSWORD));

    expect(error).toBeInstanceOf(HankoAdminError);
    const shown = textsOf(error);
    expect(shown).not.toContain(KEY);
    expect(shown).not.toContain(PASSWORD);
    expect(shown).not.toContain(new URL(server.url).port);
    expect(log.join()).not.toContain(KEY);
  });

  it('is in no error of what was written', () => {
    for (const options of [
      { url: server.url, apiKey: `${KEY} ${KEY}` },
      { url: `http://${KEY}@x.test`, apiKey: KEY },
      { url: 'http://x.test', apiKey: KEY },
      { apiKey: KEY, key: KEY },
    ]) {
      let error: unknown;
      try {
        error = new HankoAdmin(options);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(HankoConfigurationError);
      expect(textsOf(error)).not.toContain(KEY);
    }
  });
});

describe('new HankoAdmin()', () => {
  it('reads the environment of the process', async () => {
    vi.stubEnv('HANKO_ADMIN_URL', `${server.url}/`);
    vi.stubEnv('HANKO_ADMIN_API_KEY', KEY);
    vi.stubEnv('HANKO_MANAGEMENT_URL', server.url);
    server.behaviour = replying(200, [], { 'x-total-count': '0' });
    await new HankoAdmin().users.list().page();
    await new HankoAdmin({}).management.tenants.list().page();

    expect(server.requests.map(({ url }) => url.split('?')[0])).toEqual(['/users', '/tenants']);
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  it('says what is missing, and that a .env file is not read', () => {
    vi.stubEnv('HANKO_ADMIN_URL', undefined);
    vi.stubEnv('HANKO_API_URL', undefined);

    expect(() => new HankoAdmin()).toThrow(HankoConfigurationError);
    expect(() => new HankoAdmin()).toThrow(/HankoAdmin\.url.*HANKO_ADMIN_URL.*--env-file=\.env/s);
  });

  it.each([null, 'http://hanko:8001', [], 1])('takes no %j', (options) => {
    expect(() => new HankoAdmin(options as never)).toThrow(/HankoAdmin.*takes an object/s);
  });

  it('warns of an Admin API on the open net without a key', () => {
    expect(new HankoAdmin({ url: 'https://admin.example.com' }).users).toBeDefined();
    expect(log).toEqual([
      expect.stringMatching(/^warn .*open net and there is no API key.*HankoAdmin$/),
    ]);
  });

  it('has no tenants without their address, and says so', () => {
    vi.stubEnv('HANKO_MANAGEMENT_URL', undefined);

    expect(() => new HankoAdmin({ url: server.url }).management).toThrow(/HANKO_MANAGEMENT_URL/);
  });

  it('is asked for health at the top, whatever the tenant', async () => {
    server.behaviour = replying(200, { alive: true });
    const tenant = randomUUID();
    for (const path of ['', `/${tenant}`, '/a', `/a/${tenant}`]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await new HankoAdmin({ url: server.url + path }).health.ready();
    }

    expect(server.requests.map(({ url }) => url)).toEqual([
      '/health/ready',
      '/health/ready',
      '/a/health/ready',
      '/a/health/ready',
    ]);
  });

  it('makes no more calls once it was closed: none of its parts', async () => {
    const admin = new HankoAdmin({ url: server.url, managementUrl: server.url });
    admin.onApplicationShutdown();
    const calls = [
      () => admin.users.get(randomUUID()),
      () => admin.health.alive(),
      () => admin.management.tenants.list().page(),
    ];

    for (const call of calls) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await failed(call())).toMatchObject({ code: 'unavailable' });
    }
    expect(server.requests).toEqual([]);
  });
});

describe('a HankoAdminError', () => {
  it.each([
    ['code=400, message=name is a required field, internal=sql: x', 'name is a required field'],
    ['plain', 'plain'],
    ['a\u0000b\u202Ec', 'a b c'],
    ['x'.repeat(5_000), 'x'.repeat(300)],
    ['', undefined],
    [5, undefined],
  ])('has the reason that Hanko gave: %j', async (message, reason) => {
    server.behaviour = problem(400, message as string, { 'x-request-id': 'abc123' });
    const error = await failed(new HankoAdmin({ url: server.url }).users.get(randomUUID()));

    expect(error).toMatchObject({ code: 'invalid', status: 400, requestId: 'abc123' });
    expect((error as HankoAdminError).reason).toBe(reason);
  });

  it('says what was asked, without ids', async () => {
    server.behaviour = problem(409);
    const { users, sessions, emails, credentials, management } = new HankoAdmin({
      url: server.url,
      managementUrl: server.url,
    });
    const id = randomUUID();
    const errors = await Promise.all(
      [
        users.delete(id),
        sessions.list(id),
        emails.setPrimary(id, id),
        credentials.delete(id, 'AbC-1_d'),
        management.samlProviders.get(id, id),
        users.findByEmail('ada@example.test'),
      ].map(failed),
    );

    expect(errors.map((error) => /to (.*)$/.exec((error as Error).message)?.[1])).toEqual([
      'DELETE /users/:id',
      'GET /users/:id/sessions',
      'POST /users/:id/emails/:id/set_primary',
      'DELETE /users/:id/webauthn_credentials/:id',
      'GET /tenants/:id/saml/providers/:id',
      'GET /users',
    ]);
    expect(textsOf(errors)).not.toContain(id);
    expect(textsOf(errors)).not.toContain('ada@');
  });

  it('has no reason where it may hold what was asked for', async () => {
    server.behaviour = problem(404, 'user ada@example.test not found');
    const error = await failed(new HankoAdmin({ url: server.url }).users.get(randomUUID()));

    expect(error).not.toHaveProperty('reason');
    expect(error).not.toHaveProperty('requestId');
    expect(textsOf(error)).not.toContain('ada@');
  });
});
