import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FakeHanko, type FakeTenant } from 'fake-hanko';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TENANTS } from '../../sample/09-tenants/src/tenants.js';
import { sessionIdIn } from '../support/claims-in.js';

const [ACME, GLOBEX] = ['acme.localhost', 'globex.localhost'];

let hanko: FakeHanko;
let acme: FakeTenant;
let globex: FakeTenant;
let app: INestApplication;
let port: number;

beforeAll(async () => {
  const [first, second] = TENANTS.map(({ id, host }) => ({
    id,
    config: { webauthn: { relying_party: { id: host } } },
  }));
  hanko = await FakeHanko.start({ tenantId: String(first?.id), config: first?.config ?? {} });
  acme = hanko.tenant(String(first?.id));
  globex = await hanko.createTenant(String(second?.id), second?.config);
  vi.stubEnv('HANKO_API_URL', new URL(hanko.url).origin);
  const { AppModule } = await import('../../sample/09-tenants/src/app.module.js');
  app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  ({ port } = app.getHttpServer().address() as AddressInfo);
});

afterAll(async () => {
  await app?.close();
  await hanko?.stop();
  vi.unstubAllEnvs();
});

/** As a browser that has this host name in its address bar. */
async function ask(
  host: string | undefined,
  path: string,
  token?: string,
  text?: string,
): Promise<{ status: number | undefined; body: unknown }> {
  const sent = request({
    port,
    host: '127.0.0.1',
    path,
    method: text === undefined ? 'GET' : 'POST',
    headers: {
      host: `${host}:${port}`,
      ...(token && { cookie: `hanko=${token}` }),
      'content-type': 'application/json',
    },
    agent: false,
  });
  sent.end(text === undefined ? undefined : JSON.stringify({ text }));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode, body: await json(response) };
}

const ada = { email: 'ada@example.test' };

test('each host name has its users, and the same address is two people', async () => {
  const tokens = [await acme.token(ada), await globex.token(ada)];
  const answers = [await ask(ACME, '/me', tokens[0]), await ask(GLOBEX, '/me', tokens[1])];
  const [one, other] = answers.map(({ body }) => body as { id: string; tenantId: string });
  expect(answers).toMatchObject([{ status: 200 }, { status: 200 }]);
  expect([one?.tenantId, other?.tenantId]).toEqual(TENANTS.map(({ id }) => id));
  expect(one?.id).not.toBe(other?.id);
});

test('a token of one is refused at the other, and at a host name that is nobody’s', async () => {
  const token = await acme.token(ada);
  expect(await ask(GLOBEX, '/me', token)).toMatchObject({
    status: 401,
    body: { code: 'token_audience_mismatch' },
  });
  for (const host of ['initech.localhost', 'localhost', 'acme.localhost.evil.test']) {
    expect(await ask(host, '/me', token)).toMatchObject({
      status: 404,
      body: { code: 'tenant_unknown' },
    });
  }
});

test('it is refused by its key, too, whatever its audience says', async () => {
  const token = await acme.token({ ...ada, audience: GLOBEX });
  expect(await ask(GLOBEX, '/me', token)).toMatchObject({ body: { code: 'token_key_unknown' } });
});

test('notes are the tenant’s', async () => {
  const [ofAcme, ofGlobex] = [await acme.token(ada), await globex.token(ada)];
  const note = { by: ada.email, text: 'Only for us' };
  expect(await ask(ACME, '/notes', ofAcme, note.text)).toEqual({ status: 201, body: [note] });
  const colleague = await acme.token({ email: 'grace@example.test' });
  expect(await ask(ACME, '/notes', colleague)).toEqual({ status: 200, body: [note] });
  expect(await ask(GLOBEX, '/notes', ofGlobex)).toEqual({ status: 200, body: [] });
});

test('the page learns whose it is, and what its token is worth elsewhere', async () => {
  expect(await ask(GLOBEX, '/tenant')).toEqual({
    status: 200,
    body: { name: 'Globex', hankoApiUrl: globex.url },
  });
  expect(await ask('initech.localhost', '/tenant')).toMatchObject({ status: 404 });
  expect(await ask(ACME, '/everywhere', await acme.token())).toMatchObject({
    status: 200,
    body: [{ answer: 'valid' }, { host: GLOBEX, answer: 'token_audience_mismatch' }],
  });
});

test('the webhooks of one end sessions of that one', async () => {
  const [ofAcme, ofGlobex] = [await acme.token(), await globex.token()];
  const [acmePath, globexPath] = TENANTS.map(
    ({ id }) => `http://127.0.0.1:${port}/webhooks/hanko/${id}`,
  );
  const end = (by: FakeTenant, path: string | undefined, token: string) =>
    by.sendWebhook(String(path), 'session.delete.explicit.logout', { id: sessionIdIn(token) });
  // To its own path, about a session of the other: known nowhere. To the path of the other: refused.
  expect(await end(acme, acmePath, ofGlobex)).toEqual({ status: 200 });
  expect((await end(acme, globexPath, ofGlobex)).status).toBe(400);
  expect(await ask(GLOBEX, '/me', ofGlobex)).toMatchObject({ status: 200 });
  expect(await end(acme, acmePath, ofAcme)).toEqual({ status: 200 });
  expect(await ask(ACME, '/me', ofAcme)).toMatchObject({ body: { code: 'session_revoked' } });
});
