import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeJws, sendJson } from '../support/raw-http.js';
import { problem, UNKNOWN_ID } from '../contract/client.js';

const DEFAULT_ID = '00000000-0000-0000-0000-000000000001';

interface Tenant {
  readonly id: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly updated_at: string;
}

describe('the management API', () => {
  let now = Date.parse('2026-01-01T00:00:00Z');
  let hanko: FakeHanko;
  beforeAll(async () => {
    const config = { multi_tenancy: { enabled: true }, session: { issuer: 'https://own.test' } };
    hanko = await FakeHanko.start({ now: () => now, config });
  });
  afterAll(() => hanko.stop());

  const ask = async (method: string, path: string, body: unknown = '') => {
    const { status, body: answer } = await sendJson(method, `${hanko.managementUrl}${path}`, body);
    return { status, body: answer };
  };
  const create = async (config: object = {}): Promise<Tenant> => {
    const { status, body } = await ask('POST', '/tenants', { id: crypto.randomUUID(), config });
    expect(status).toBe(201);
    return body as Tenant;
  };
  const origins = (): { publicApi: string; adminApi: string } => ({
    publicApi: new URL(hanko.url).origin,
    adminApi: new URL(hanko.adminUrl).origin,
  });
  /** Makes a user of a tenant. @returns the claims of a session, and the token. */
  const login = async (id: string, user?: string) => {
    const { adminApi } = origins();
    const userId =
      user ??
      (
        (await sendJson('POST', `${adminApi}/${id}/users`, { username: crypto.randomUUID() }))
          .body as { id: string }
      ).id;
    const { body } = await sendJson('POST', `${adminApi}/${id}/sessions`, { user_id: userId });
    const { session_token: token } = body as { session_token: string };
    return { userId, token, claims: decodeJws(token).claims };
  };
  const isValid = async (id: string, session_token: string): Promise<boolean> => {
    const url = `${origins().publicApi}/${id}/sessions/validate`;
    const { body } = await sendJson('POST', url, { session_token });
    return (body as { is_valid: boolean }).is_valid;
  };

  it('is on a third port, and there only with tenants', async () => {
    expect(hanko.url).toBe(`${origins().publicApi}/${DEFAULT_ID}`);
    expect(new URL(hanko.managementUrl ?? '').origin).not.toBe(origins().adminApi);
    expect(await ask('GET', '/health/alive')).toEqual({ status: 200, body: { alive: true } });
    await using other = await FakeHanko.start();
    expect(other.managementUrl).toBeUndefined();
    await using one = await FakeHanko.start({ tenantId: UNKNOWN_ID.toUpperCase() });
    const { body } = await sendJson('GET', `${one.managementUrl}/tenants`, '');
    expect(body).toMatchObject([{ id: UNKNOWN_ID }]);
  });

  it('separates tenants: keys, users, sessions and configuration', async () => {
    const red = await create({
      session: { audience: ['red'], jwt_template: { claims: { t: 1 } } },
    });
    const blue = await create({ webauthn: { relying_party: { id: 'blue.test' } } });
    const [ofRed, ofBlue] = [await login(red.id), await login(blue.id)];
    expect(ofRed.claims).toMatchObject({ aud: ['red'], t: 1 });
    expect(ofBlue.claims).toMatchObject({ aud: ['blue.test'] });
    // What this server was started with is its own tenant's.
    expect(ofRed.claims).not.toHaveProperty('iss');
    expect(decodeJws(await hanko.token()).claims.iss).toBe('https://own.test');
    expect(await isValid(red.id, ofRed.token)).toBe(true);
    expect(await isValid(blue.id, ofRed.token)).toBe(false);
    expect(await isValid(DEFAULT_ID, ofRed.token)).toBe(false);
    const { adminApi } = origins();
    const foreign = await sendJson('GET', `${adminApi}/${blue.id}/users/${ofRed.userId}`, '');
    expect(foreign.status).toBe(404);
  });

  it('changes a configuration from then on: users, sessions and keys stay', async () => {
    const { id } = await create();
    const before = await login(id);
    now += 1000;
    const { status, body } = await ask('PUT', `/tenants/${id}`, {
      config: { session: { audience: ['new'], limit: 1 } },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ updated_at: '2026-01-01T00:00:01Z' });
    expect(await isValid(id, before.token)).toBe(true);
    const after = await login(id, before.userId);
    expect(after.claims.aud).toEqual(['new']);
    // The new limit ended the first session.
    expect(await isValid(id, before.token)).toBe(false);
  });

  it('takes what it has shown', async () => {
    const { id, config } = await create({ mfa: { device_trust_duration: '1h' } });
    expect(await ask('PUT', `/tenants/${id}`, { config })).toMatchObject({
      status: 200,
      body: { config },
    });
    expect(config.mfa).toMatchObject({ device_trust_duration: 3_600_000_000_000 });
  });

  it('deletes a tenant with all that it has', async () => {
    const { id } = await create();
    const { token } = await login(id);
    expect(await ask('DELETE', `/tenants/${id}`)).toEqual({ status: 204, body: '' });
    expect(await ask('DELETE', `/tenants/${id}`)).toEqual(problem(404));
    const url = `${origins().publicApi}/${id}/sessions/validate`;
    const { status } = await sendJson('POST', url, { session_token: token });
    expect(status).toBe(404);
  });

  it('lists them, newest first, in pages', async () => {
    const { id } = await create();
    const list = await sendJson('GET', `${hanko.managementUrl}/tenants?per_page=1`, '');
    expect(list.body).toMatchObject([{ id }]);
    expect(Number(list.headers['x-total-count'])).toBeGreaterThan(1);
    expect(await ask('GET', `/tenants/${id.toUpperCase()}`)).toMatchObject({ body: { id } });
  });

  it('sends the webhooks of a tenant with its own keys', async () => {
    const { adminApi } = origins();
    const { id } = await create();
    const hook = { callback: 'http://127.0.0.1:9/', events: ['user'] };
    expect((await sendJson('POST', `${adminApi}/${id}/webhooks`, hook)).status).toBe(201);
    const { body } = await sendJson('GET', `${hanko.adminUrl}/webhooks`, '');
    expect(body).toEqual({ database: [], config: null });
  });

  it.each<readonly [method: string, path: string, body: unknown, status: number]>([
    ['POST', '/tenants', {}, 400],
    ['POST', '/tenants', '{', 400],
    ['POST', '/tenants', { id: 'x', config: {} }, 400],
    ['POST', '/tenants', { id: UNKNOWN_ID }, 400],
    ['POST', '/tenants', { id: UNKNOWN_ID, config: 'x' }, 400],
    ['POST', '/tenants', { id: UNKNOWN_ID, config: [] }, 400],
    ['POST', '/tenants', { id: UNKNOWN_ID, config: { session: { lifespan: 'x' } } }, 400],
    ['POST', '/tenants', { id: UNKNOWN_ID, config: { nope: 1 } }, 400],
    ['POST', '/tenants', { id: UNKNOWN_ID, config: { rate_limiter: {} } }, 400],
    ['POST', '/tenants', { id: UNKNOWN_ID, config: { saml: { enabled: true } } }, 400],
    [
      'POST',
      '/tenants',
      {
        id: UNKNOWN_ID,
        config: { webhooks: { enabled: true, hooks: [{ callback: 'https://x' }] } },
      },
      400,
    ],
    ['POST', '/tenants', { id: DEFAULT_ID, config: {} }, 409],
    ['GET', '/tenants?page=x', '', 400],
    ['GET', '/tenants/x', '', 400],
    ['GET', `/tenants/${UNKNOWN_ID}`, '', 404],
    ['PUT', '/tenants/x', { config: {} }, 400],
    ['PUT', `/tenants/${DEFAULT_ID}`, {}, 400],
    ['PUT', `/tenants/${UNKNOWN_ID}`, { config: {} }, 404],
    ['DELETE', '/tenants/x', '', 400],
    ['GET', '/tenants/x/saml/providers', '', 400],
    ['GET', `/tenants/${UNKNOWN_ID}/saml/providers`, '', 404],
    ['POST', `/tenants/${DEFAULT_ID}/saml/providers`, {}, 403],
    ['PUT', `/tenants/${DEFAULT_ID}/saml/providers/x`, {}, 403],
    ['GET', '/users', '', 404],
  ])('%s %s %j: %i', async (method, path, body, status) => {
    expect(await ask(method, path, body)).toEqual(problem(status));
  });
});
