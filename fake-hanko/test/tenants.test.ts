import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { FakeHanko, type FakeTenant } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FlowClient } from './support/flow-client.js';
import { decodeJws, send, sendJson } from './support/raw-http.js';
import { isAlive, UNKNOWN_ID, verify } from './support/tokens.js';

const ACME = '0d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33';
const GLOBEX = '1d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33';
const JWKS = '/.well-known/jwks.json';

const ada = { email: 'ada@example.test' };
const password = 'Correct-Horse-1';

let hanko: FakeHanko;
let acme: FakeTenant;
let globex: FakeTenant;
beforeAll(async () => {
  hanko = await FakeHanko.start({ tenantId: ACME, issuer: 'https://own.test', rateLimits: 'off' });
  acme = hanko.tenant(ACME);
  globex = await hanko.createTenant(GLOBEX);
});
afterEach(() => hanko.recover());
afterAll(() => hanko.stop());

const statusOf = async (url: string): Promise<number> => (await send({ url })).status;

describe('a tenant of FakeHanko', () => {
  it('has an address of its own on the ports of the server', async () => {
    const { origin } = new URL(hanko.url);
    expect(hanko.url).toBe(`${origin}/${ACME}`);
    expect([acme.url, globex.url]).toEqual([`${origin}/${ACME}`, `${origin}/${GLOBEX}`]);
    expect(new URL(globex.adminUrl).pathname).toBe(`/${GLOBEX}`);
    expect(new URL(globex.adminUrl).origin).toBe(new URL(hanko.adminUrl).origin);
    expect(hanko.tenant(GLOBEX.toUpperCase()).url).toBe(globex.url);
    const { body } = await sendJson('GET', `${hanko.managementUrl}/tenants`, '');
    expect(body).toMatchObject([{ id: GLOBEX }, { id: ACME }]);
  });

  it('has keys, users and sessions of its own', async () => {
    const [ofAcme, ofGlobex] = [await acme.token(ada), await globex.token(ada)];
    const [one, other] = [decodeJws(ofAcme).claims, decodeJws(ofGlobex).claims];
    expect(one.sub).not.toBe(other.sub);
    expect(acme.signingKid).not.toBe(globex.signingKid);
    await expect(verify(acme, ofAcme)).resolves.toBeDefined();
    await expect(verify(globex, ofGlobex)).resolves.toBeDefined();
    await expect(verify(globex, ofAcme)).rejects.toThrow('no applicable key');
    expect(await isAlive(globex, ofGlobex)).toBe(true);
    expect(await isAlive(acme, ofGlobex)).toBe(false);
    expect(globex.sessions(String(one.sub))).toEqual([]);
    expect(() => globex.revoke(ofAcme)).toThrow('there is no such session');
    globex.revoke(ofGlobex);
    expect([await isAlive(acme, ofAcme), await isAlive(globex, ofGlobex)]).toEqual([true, false]);
  });

  it('has no user whose id another tenant has, unless a test says so', async () => {
    const user = acme.createUser();
    const body = { id: user.id, username: 'grace' };
    const created = await sendJson('POST', `${globex.adminUrl}/users`, body);
    expect(created).toMatchObject({
      status: 409,
      body: { message: expect.stringMatching(/user already exists$/) as unknown },
    });
    // What two servers can have.
    globex.createUser({ id: user.id });
    globex.deleteUser(user.id);
    expect(decodeJws(await acme.token({ user })).claims.sub).toBe(user.id);
  });

  it('rotates and publishes keys by itself', async () => {
    const before = acme.jwks();
    const kid = await globex.rotateKey();
    expect(globex.jwks().keys.map((key) => key.kid)).toContain(kid);
    expect(acme.jwks()).toEqual(before);
    globex.setJwks({ keys: [] });
    expect((await send({ url: globex.url + JWKS })).body).toEqual({ keys: [] });
    expect((await send({ url: acme.url + JWKS })).body).toEqual(before);
    globex.setJwks(null);
  });

  it('has people who sign in with it, and nowhere else', async () => {
    globex.createUser({ email: 'only@example.test', password });
    const signIn = (tenant: FakeTenant): Promise<string> =>
      new FlowClient(tenant.url).signIn('only@example.test', password);
    expect(await signIn(globex)).toBe('success');
    expect(await signIn(acme)).not.toBe('success');
    expect(acme.mails).toEqual([]);
  });

  it('sends its webhooks, signed with its keys, to its own receivers', async () => {
    const tokens: string[] = [];
    const receiver = createServer(async (request, response) => {
      tokens.push(((await json(request)) as { token: string }).token);
      response.end();
    });
    await new Promise((resolve) => receiver.listen(0, '127.0.0.1', () => resolve(null)));
    const { port } = receiver.address() as AddressInfo;
    const callback = `http://127.0.0.1:${port}/`;
    const hooks = [{ callback, events: ['session.delete'] }];
    const id = crypto.randomUUID();
    const tenant = await hanko.createTenant(id, { webhooks: { enabled: true, hooks } });
    acme.revoke(await acme.token());
    tenant.revoke(await tenant.token());
    await Promise.all([acme.webhooksSettled(), tenant.webhooksSettled()]);
    expect(tokens).toHaveLength(1);
    expect(decodeJws(String(tokens[0])).header.kid).toBe(tenant.signingKid);
    expect([acme.webhookDeliveries.length, tenant.webhookDeliveries.length]).toEqual([0, 1]);
    // The receivers of a server are those of its own tenant.
    await using other = await FakeHanko.start({ tenantId: ACME, webhooks: [{ url: callback }] });
    const second = await other.createTenant(GLOBEX);
    await second.token();
    await second.webhooksSettled();
    expect(second.webhookDeliveries).toEqual([]);
    await new Promise((resolve) => receiver.close(resolve));
  });

  it('is configured as the server was, or as it is said, with Hanko’s defaults', async () => {
    expect(decodeJws(await globex.token()).claims).toMatchObject({
      iss: 'https://own.test',
      aud: ['localhost'],
    });
    const tenant = await hanko.createTenant(crypto.randomUUID(), {
      session: { audience: ['app.test'], lifespan: '1h' },
    });
    const { claims } = decodeJws(await tenant.token());
    expect(claims).toMatchObject({ aud: ['app.test'], exp: Number(claims.iat) + 3600 });
    expect(claims).not.toHaveProperty('iss');
  });

  it('fails alone', async () => {
    await hanko.fault('error', { tenant: GLOBEX.toUpperCase() });
    await hanko.fault('error', { tenant: ACME, path: '/me', times: 1 });
    const statuses = (path: string): Promise<number[]> =>
      Promise.all([acme, globex].map(({ url }) => statusOf(url + path)));
    expect(await statuses(JWKS)).toEqual([200, 500]);
    expect(await statuses('/me')).toEqual([500, 500]);
    expect(await statuses('/me')).toEqual([401, 500]);
    await expect(hanko.fault('error', { tenant: 'acme' })).rejects.toThrow(
      'tenant must be the id of a tenant, a UUID',
    );
  });

  it('is gone with all that it had when it is deleted, and can come back empty', async () => {
    const id = crypto.randomUUID();
    const tenant = await hanko.createTenant(id);
    const token = await tenant.token(ada);
    hanko.deleteTenant(id.toUpperCase());
    expect(await send({ url: tenant.url + JWKS })).toMatchObject({
      status: 404,
      body: { message: 'tenant not found' },
    });
    await expect(tenant.token()).rejects.toThrow('there is no tenant with this id');
    expect(() => tenant.sessions()).toThrow(TypeError);
    const again = await hanko.createTenant(id);
    expect(again.sessions()).toEqual([]);
    await expect(verify(again, token)).rejects.toThrow('no applicable key');
    // What was returned before is about the tenant of this id, whichever it is.
    expect(tenant.signingKid).toBe(again.signingKid);
  });

  it('is deleted too where the server began with it', async () => {
    await using other = await FakeHanko.start({ tenantId: ACME });
    const second = await other.createTenant(GLOBEX);
    other.deleteTenant(ACME);
    await expect(other.token()).rejects.toThrow('there is no tenant with this id');
    expect(await statusOf(other.url + JWKS)).toBe(404);
    expect(await statusOf(second.url + JWKS)).toBe(200);
    await other.createTenant(ACME);
    await expect(verify(other, await other.token())).resolves.toBeDefined();
  });

  it('is there once, has a UUID, and only on a server with tenants', async () => {
    await expect(hanko.createTenant(GLOBEX)).rejects.toThrow('tenant already exists');
    await expect(hanko.createTenant(GLOBEX.toUpperCase())).rejects.toThrow(TypeError);
    await expect(hanko.createTenant('globex')).rejects.toThrow('must be a UUID');
    await expect(hanko.createTenant(crypto.randomUUID(), { nope: 1 })).rejects.toThrow(
      'invalid config: nope',
    );
    expect(() => hanko.tenant(UNKNOWN_ID)).toThrow('there is no tenant with this id');
    expect(() => hanko.deleteTenant(UNKNOWN_ID)).toThrow('there is no tenant with this id');
    await using single = await FakeHanko.start();
    const text = 'this FakeHanko has no tenants: start it with the option tenantId';
    await expect(single.createTenant(GLOBEX)).rejects.toThrow(text);
    expect(() => single.tenant(GLOBEX)).toThrow(text);
    expect(() => single.deleteTenant(GLOBEX)).toThrow(text);
  });

  it('is made once, however many ask at a time', async () => {
    const id = crypto.randomUUID();
    const outcomes = await Promise.allSettled([hanko.createTenant(id), hanko.createTenant(id)]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(hanko.tenant(id).jwks().keys).toHaveLength(1);
  });
});
