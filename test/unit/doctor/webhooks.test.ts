import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeHanko } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { HankoAdmin } from '../../../lib/admin/index.js';
import type { Check } from '../../../lib/doctor/check.js';
import {
  checksOf,
  complaintsOf,
  diagnosisOf,
  type Files,
  HEALTHY,
  textOf,
} from '../../support/doctor.js';

const TENANT = '6f1d1f9e-3c39-4f0f-9d3d-0f6f4b6f5a11';
let hanko: FakeHanko;
let admin: HankoAdmin;
beforeAll(async () => {
  hanko = await FakeHanko.start();
  admin = new HankoAdmin({ url: hanko.adminUrl });
});
afterAll(() => hanko.stop());
afterEach(async () => {
  await hanko.recover();
  for (const { id } of (await admin.webhooks.list()).stored) await admin.webhooks.delete(id);
});

async function examine(
  variables: Readonly<Record<string, string>> = { HANKO_ADMIN_URL: hanko.adminUrl },
  files: Files = HEALTHY,
  serverUrl: string | null = null,
): Promise<readonly Check[]> {
  const { sections } = await diagnosisOf(
    {
      serverUrl,
      variables: { HANKO_API_URL: hanko.url, HANKO_AUDIENCE: 'localhost', ...variables },
    },
    files,
  );
  return sections.find(({ title }) => title === 'Webhooks')?.checks ?? [];
}

const subscribe = (...events: readonly string[]) =>
  admin.webhooks.create({ callback: 'http://localhost:3000/hanko/webhooks?key=secret', events });

describe('webhooks', () => {
  test.each([
    [[['session.delete', 'user.delete']], []],
    [[['session', 'user']], []],
    [[['session.delete'], ['user.delete', 'user.login']], []],
    [[['user.delete']], ['warn webhooks']],
    [[['session.delete.explicit', 'user.delete']], ['warn webhooks']],
    [[['user.login']], ['warn webhooks']],
    [[], ['warn webhooks']],
  ])('%j', async (hooks, complaints) => {
    for (const events of hooks) await subscribe(...events);
    const checks = await examine();
    expect(complaintsOf(checks)).toEqual(complaints);
    expect(JSON.stringify(checks)).not.toContain('secret');
  });

  test('say what is missing', async () => {
    await subscribe('user.delete');
    const text = textOf(await examine(), 'webhooks');
    expect(text).toContain('Hanko calls http://localhost:3000/hanko/webhooks for user.delete');
    expect(text).toMatch(/told of all session\.delete events.*Hanko up to 3\.0\.4/);
  });

  test('that Hanko has disabled are found', async () => {
    const { id, callback, events } = await subscribe('session', 'user');
    await admin.webhooks.update(id, { callback, events, isEnabled: false });
    const checks = await examine();
    expect(complaintsOf(checks)).toEqual(['fail webhooks', 'warn webhooks']);
    expect(textOf(checks, 'webhooks')).toMatch(/no longer calls http:.*is disabled/);
  });

  test('that fail are found, and count as long as Hanko calls', async () => {
    const failing = { ...STORED, failures: 1 };
    await using server = await answering({ database: [failing], config: null });
    const checks = await examine({ HANKO_ADMIN_URL: server.url });
    expect(complaintsOf(checks)).toEqual(['warn webhooks']);
    expect(textOf(checks, 'webhooks')).toContain('the last call failed. Hanko disables');
  });

  test('of the configuration count', async () => {
    const configured = await FakeHanko.start({
      webhooks: [{ url: 'http://localhost:3000/hook', events: ['session', 'user'] }],
    });
    const checks = await examine({ HANKO_ADMIN_URL: configured.adminUrl });
    await configured.stop();
    expect(complaintsOf(checks)).toEqual([]);
  });

  test('that no module receives are found', async () => {
    await subscribe('session', 'user');
    const source = 'ConfigModule.forRoot(), HankoModule.forRoot(); HankoAuthGuard';
    const checks = await examine(undefined, { ...HEALTHY, 'src/app.module.ts': source });
    expect(textOf(checks, 'webhooks')).toContain('HankoWebhooksModule.forRoot()');
  });

  test('of another address than the app are told apart', async () => {
    await subscribe('session', 'user');
    const checks = await examine(undefined, HEALTHY, 'http://localhost:4000');
    expect(textOf(checks, 'webhooks')).toContain('which is not http://localhost:4000');
  });
});

describe('the Admin API', () => {
  test('is not asked without an address of its own', async () => {
    const [check] = await examine({});
    expect(check).toMatchObject({ status: 'skip', id: 'webhooks' });
  });

  test.each<[what: string, url: () => string, says: RegExp]>([
    [
      'is the public one',
      () => hanko.url,
      /status 404.*must be the Admin API, by default on port 8001/,
    ],
    ['is a page', () => 'garbage', /web page/],
    ['is down', () => 'down', /cannot be reached.*running/],
    ['is no URL', () => 'localhost:8001', /must be an absolute URL/],
    ['holds a password', () => 'http://a:b@localhost:8001', /must not contain credentials/],
  ])('that %s is found', async (_what, url, says) => {
    const value = url();
    const isFault = value === 'garbage' || value === 'down';
    if (isFault) await hanko.fault(value, { path: '/webhooks' });
    const checks = await examine({ HANKO_ADMIN_URL: isFault ? hanko.adminUrl : value });
    expect(complaintsOf(checks).filter((complaint) => complaint.startsWith('fail'))).toHaveLength(
      1,
    );
    expect(checks.map(({ text, cure }) => `${text} ${cure}`).join('')).toMatch(says);
  });

  test('never has its key told', async () => {
    const key = 'a-very-secret-key-of-the-cloud';
    await hanko.fault('error', { path: '/webhooks' });
    const diagnosis = await diagnosisOf({
      variables: {
        HANKO_API_URL: hanko.url,
        HANKO_ADMIN_URL: hanko.adminUrl,
        HANKO_ADMIN_API_KEY: key,
      },
    });
    expect(complaintsOf(checksOf(diagnosis))).toContain('fail admin');
    expect(JSON.stringify(diagnosis)).not.toContain(key);
  });

  test('is only read, and only asked for webhooks', async () => {
    await using server = await answering({ database: [], config: null });
    const checks = await examine({ HANKO_ADMIN_URL: server.url });
    expect(complaintsOf(checks)).toEqual(['warn webhooks']);
    expect(server.asked).toEqual(['GET /webhooks']);
  });

  test('needs an address beside its key, where that does not follow from HANKO_API_URL', async () => {
    const checks = await examine({ HANKO_ADMIN_API_KEY: 'key' });
    expect(complaintsOf(checks)).toEqual(['fail admin']);
    expect(textOf(checks, 'admin')).toContain('Set HANKO_ADMIN_URL');
  });
});

/** A webhook as Hanko stores it. */
const STORED = {
  id: '1e7c2f56-7a3b-4c0f-8b7e-1c7d2b5a9f10',
  callback: 'http://localhost:3000/hanko/webhooks',
  enabled: true,
  failures: 0,
  expires_at: '2027-01-01T00:00:00Z',
  events: [
    { id: TENANT, event: 'session' },
    { id: TENANT, event: 'user' },
  ],
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
};

/** An Admin API that says one thing, and notes what it is asked. */
async function answering(json: object) {
  const asked: string[] = [];
  const server = createServer(({ method, url }, response) => {
    asked.push(`${method} ${url}`);
    response.end(JSON.stringify(json));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    asked,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('a tenant', () => {
  let tenants: FakeHanko;
  let management: string;
  beforeAll(async () => {
    tenants = await FakeHanko.start({ tenantId: TENANT });
    management = tenants.managementUrl ?? '';
    const tenantAdmin = new HankoAdmin({ url: tenants.adminUrl, managementUrl: management });
    await tenantAdmin.management.tenants.update(TENANT, {
      session: {
        audience: ['app.a.com'],
        issuer: 'https://a.com',
        cookie: { name: 'sid', domain: 'a.com' },
      },
      webauthn: { relying_party: { id: 'a.com', origins: ['https://app.a.com'] } },
      email_delivery: { smtp: { password: 'very-secret' } },
    });
  });
  afterAll(() => tenants.stop());

  const tenantChecks = async (
    variables: Readonly<Record<string, string>>,
  ): Promise<readonly Check[]> => {
    const { sections } = await diagnosisOf({
      appUrl: 'https://app.a.com',
      serverUrl: 'https://api.a.com',
      variables: { HANKO_API_URL: tenants.url, HANKO_MANAGEMENT_URL: management, ...variables },
    });
    expect(JSON.stringify(sections)).not.toContain('very-secret');
    return sections.find(({ title }) => title === 'Tenant')?.checks ?? [];
  };

  test('whose configuration fits is well', async () => {
    const variables = {
      HANKO_AUDIENCE: 'app.a.com',
      HANKO_ISSUER: 'https://a.com',
      HANKO_COOKIE_NAME: 'sid',
    };
    const checks = await tenantChecks(variables);
    expect(complaintsOf(checks)).toEqual([]);
    expect(textOf(checks, 'audience')).toContain('"app.a.com", which is accepted');
  });

  test('whose configuration does not fit says what to set', async () => {
    const checks = await tenantChecks({ HANKO_AUDIENCE: 'localhost', HANKO_ISSUER: 'me' });
    expect(complaintsOf(checks)).toEqual(['fail audience', 'fail issuer', 'fail cookie']);
    const cures = checks.map(({ cure }) => cure);
    expect(cures).toEqual([
      'Set HANKO_AUDIENCE=app.a.com',
      'Set HANKO_ISSUER=https://a.com',
      'Set HANKO_COOKIE_NAME=sid',
    ]);
  });

  test.each([
    ['an API of another kind', () => tenants.adminUrl, 'warn tenant'],
    ['no URL', () => 'localhost', 'fail HANKO_MANAGEMENT_URL'],
  ])('at %s is found', async (_what, url, complaint) => {
    const checks = await tenantChecks({ HANKO_MANAGEMENT_URL: url() });
    expect(complaintsOf(checks)).toEqual([complaint]);
  });
});
