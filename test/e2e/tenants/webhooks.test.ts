import { randomUUID } from 'node:crypto';
import { HankoConfigurationError, HankoModule } from 'nestjs-hanko';
import { HankoWebhooksModule } from 'nestjs-hanko/webhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, PLATFORMS, send, startApp } from '../../support/app.js';
import { claimsIn, sessionIdIn } from '../../support/claims-in.js';
import { byHeader, hanko, madeUp } from '../../support/tenants.js';
import {
  ACME,
  acme,
  apiUrl,
  at,
  codeIn,
  GLOBEX,
  globex,
  tenantsModule,
  twinOf,
  useTenants,
} from '../../support/tenants-apart.js';
import {
  expectAnswer,
  expectDone,
  expectInvalid,
  type ReceiverApp,
  startReceiver,
} from '../../support/webhooks.js';

useTenants();

const PATH = 'webhooks/hanko/:tenant';

describe.each(PLATFORMS)('webhooks of tenants on %s', (platform) => {
  let app: ReceiverApp;
  beforeAll(async () => {
    app = await startReceiver(platform, {
      hanko,
      options: { apiUrl, tenants: { resolve: byHeader } },
      webhooks: { path: PATH },
      configure: (nest) => void nest.setGlobalPrefix('api'),
      at: '',
    });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const post = (id: string, token: string, event: string) =>
    send(
      `${app.url}/api/webhooks/hanko/${id}`,
      { 'Content-Type': 'application/json' },
      {
        method: 'POST',
        body: JSON.stringify({ token, event }),
      },
    );
  const statusOf = async (tenant: string, token: string): Promise<number> =>
    (await app.get('/api/closed', { ...at(tenant), ...bearer(token) })).status;

  it('are verified with the keys of the tenant in the path, and with no others', async () => {
    const before = app.events.length;
    const data = { id: randomUUID() };
    const ofAcme = await acme.webhookToken('user.login', data);
    for (let again = 0; again < 2; again += 1) {
      expectInvalid(await post(GLOBEX, ofAcme, 'user.login'));
      expectDone(await post(ACME.toUpperCase(), ofAcme, 'user.login'));
    }
    expect(app.events.slice(before)).toMatchObject([{ tenantId: ACME, data }]);
  });

  it.each(['session.delete', 'user.delete'])(
    '%s ends only what is of its own tenant',
    async (event) => {
      const token = await acme.token();
      const twin = await twinOf(token);
      const { sub, session_id: sessionId } = claimsIn(token);
      const data = { id: event === 'user.delete' ? sub : sessionId };
      // Globex says of acme's session that it is over.
      expectDone(await post(GLOBEX, await globex.webhookToken(event, data), event));
      expect(await statusOf(ACME, token)).toBe(200);
      expect(await statusOf(GLOBEX, twin)).toBe(401);
      expectInvalid(await post(ACME, await globex.webhookToken(event, data), event));
      expect(await statusOf(ACME, token)).toBe(200);
      expectDone(await post(ACME, await acme.webhookToken(event, data), event));
      expect(await statusOf(ACME, token)).toBe(401);
    },
  );

  it('for no tenant, and for one that is made up, are 404, and end nothing', async () => {
    const token = await acme.token();
    const hook = await acme.webhookToken('session.delete', { id: sessionIdIn(token) });
    const [unknown = ''] = madeUp(1);
    for (const id of [unknown, 'acme', `${ACME}%00`, '%20', `${ACME}%2F`, `x${ACME}`]) {
      const answer = await post(id, hook, 'session.delete');
      expect([id, answer.status, codeIn(answer.body)]).toEqual([id, 404, 'tenant_unknown']);
    }
    for (const id of [
      '',
      `${ACME}/${GLOBEX}`,
      `${GLOBEX}/webhooks/hanko/${ACME}`,
      `../hanko/${GLOBEX}/${ACME}`,
    ]) {
      expect((await post(id, hook, 'session.delete')).status).toBe(404);
    }
    expectInvalid(
      await post(`${GLOBEX}?tenant=${ACME}#/webhooks/hanko/${ACME}`, hook, 'session.delete'),
    );
    expect(await statusOf(ACME, token)).toBe(200);
  });

  it('a token is no webhook, and a webhook no token, also of the own tenant', async () => {
    expectInvalid(await post(ACME, await acme.token(), 'user.login'));
    expect(await statusOf(ACME, await acme.webhookToken('user.login', {}))).toBe(401);
  });

  it('of a tenant that is down are 503, and others come through', async () => {
    const [down = ''] = madeUp(1);
    const tenant = await hanko.createTenant(down);
    const [hook, other] = [
      await tenant.webhookToken('user.login', {}),
      await acme.webhookToken('user.login', { n: platform }),
    ];
    await hanko.fault('error', { path: `/${down}/.well-known/jwks.json` });
    expectAnswer(await post(down, hook, 'user.login'), 503, 'hanko_unavailable');
    expectDone(await post(ACME, other, 'user.login'));
    await hanko.recover();
    hanko.deleteTenant(down);
  });

  it('to made-up tenants make no more fetches than requests may', async () => {
    const hook = await acme.webhookToken('user.login', {});
    await new Promise((resolve) => setImmediate(resolve));
    hanko.clearRequests();
    const startedAt = performance.now();
    const answers = await Promise.all(madeUp(150).map((id) => post(id, hook, 'user.login')));
    const seconds = (performance.now() - startedAt) / 1000;
    expect(hanko.countRequests()).toBeLessThanOrEqual(50 + 10 * seconds + 1);
    const statuses = new Set(answers.map(({ status }) => status));
    expect([...statuses].toSorted()).toEqual([404, 503]);
    expectDone(await post(ACME, await acme.webhookToken('user.login', { platform }), 'user.login'));
  });
});

it.each([
  ['webhooks/hanko', true],
  ['webhooks/:tenant/:tenant', true],
  ['webhooks/hanko/:tenant', false],
])('a path that does not fit the app is refused at the start: %s', async (path, hasTenants) => {
  const module = hasTenants ? tenantsModule() : HankoModule.forRoot({ apiUrl, audience: null });
  await expect(
    startApp('Express', { imports: [module, HankoWebhooksModule.forRoot({ path })] }),
  ).rejects.toThrow(HankoConfigurationError);
});
