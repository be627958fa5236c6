import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { hankoSockets } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type Json, mergePatch } from '../../sample/05-admin/page/src/merge-patch.js';
import { claimsIn, sessionIdIn } from '../support/claims-in.js';

const MARGARET = 'margaret@example.test';

let hanko: FakeHanko;
let app: INestApplication;
let url: string;
let admin: string;
const logged: string[] = [];

beforeAll(async () => {
  hanko = await FakeHanko.start({
    config: {
      session: { jwt_template: { claims: { role: '{{ .User.Metadata.Public "role" }}' } } },
      audit_log: { storage: { enabled: true } },
    },
    users: [{ email: MARGARET, metadata: { public_metadata: { role: 'admin' } } }],
  });
  vi.stubEnv('HANKO_API_URL', hanko.url);
  vi.stubEnv('HANKO_ADMIN_URL', hanko.adminUrl);
  vi.stubEnv('HANKO_AUDIENCE', 'localhost');
  const { AppModule } = await import('../../sample/05-admin/src/app.module.js');
  const quiet = (): void => undefined;
  const log = (line: string): void => void logged.push(line);
  app = await NestFactory.create(AppModule, { logger: { log, warn: quiet, error: quiet } });
  app.useWebSocketAdapter(hankoSockets(app, new WsAdapter(app)));
  await app.listen(0, '127.0.0.1');
  url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
});

beforeEach(async () => {
  admin = await hanko.token({ email: MARGARET, amr: ['pwd', 'totp'] });
});

afterAll(async () => {
  await app?.close();
  await hanko?.stop();
  vi.unstubAllEnvs();
});

async function ask(
  token: string | undefined,
  path: string,
  method = 'GET',
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

/** Settles with how it ends, once it is open. */
async function openSocket(token: string): Promise<{ ended: Promise<string> }> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/admin/live`, [
    'hanko',
    `bearer.${token}`,
  ]);
  const ended = new Promise<string>((resolve) =>
    socket.once('close', (code, reason) => resolve(`${code} ${reason.toString()}`)),
  );
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return { ended };
}

const ROUTES = [
  ['GET', '/users'],
  ['GET', '/users/:id'],
  ['PATCH', '/users/:id/metadata'],
  ['DELETE', '/users/:id/sessions'],
  ['DELETE', '/users/:id/sessions/:id'],
  ['DELETE', '/users/:id/credentials/x'],
  ['DELETE', '/users/:id/otp'],
  ['GET', '/audit-logs'],
] as const;

describe('sample/05-admin', () => {
  test('is for administrators with a second factor, all of it, and nothing else has been done', async () => {
    const { id } = hanko.createUser({
      email: 'target@example.test',
      totpSecret: 'JBSWY3DPEHPK3PXP',
    });
    await hanko.token({ email: 'target@example.test' });
    for (const [token, status, code] of [
      [undefined, 401, 'credentials_missing'],
      [await hanko.token({ amr: ['pwd', 'totp'] }), 403, 'requirement_not_met'],
      [await hanko.token({ email: MARGARET, amr: ['pwd'] }), 401, 'step_up_required'],
    ] as const) {
      for (const [method, path] of ROUTES) {
        const body = method === 'PATCH' ? { publicMetadata: { role: 'admin' } } : undefined;
        const asked = await ask(token, path.replaceAll(':id', id), method, body);
        expect([path, asked]).toMatchObject([path, { status, body: { code } }]);
      }
    }
    expect(hanko.sessions(id)).toHaveLength(1);
    expect(await ask(admin, `/users/${id}`)).toMatchObject({
      body: { user: { otp: {}, metadata: { publicMetadata: {} } } },
    });
    expect((await fetch(url + '/users', { headers: { cookie: `hanko=${admin}` } })).status).toBe(
      200,
    );
  });

  test('finds users by a part of their address or name, page by page', async () => {
    for (let at = 0; at < 11; at += 1) hanko.createUser({ email: `page-${at}@example.test` });
    hanko.createUser({ email: 'named@example.test', username: 'countess' });
    expect(await ask(admin, '/users?by=email&q=page-&page=2')).toMatchObject({
      body: {
        items: [{ emails: [{ address: 'page-0@example.test' }] }],
        page: 2,
        pages: 2,
        total: 11,
      },
    });
    expect(await ask(admin, '/users?by=username&q=ounte')).toMatchObject({
      body: { items: [{ username: 'countess' }], total: 1 },
    });
    expect(await ask(admin, '/users?q=nobody-has-this')).toMatchObject({ body: { items: [] } });
    for (const page of ['0', '-1', '1.5', 'x', '99999999', '']) {
      expect((await ask(admin, `/users?page=${page}`)).status).toBe(400);
      expect((await ask(admin, `/audit-logs?page=${page}`)).status).toBe(400);
    }
  });

  test('ends a session: its token is refused at once, and its socket closes', async () => {
    const [ada, other] = [
      await hanko.token({ email: 'ada@example.test' }),
      await hanko.token({ email: 'ada@example.test' }),
    ];
    const { sub: id } = claimsIn(ada);
    const [socket, stays] = [await openSocket(ada), await openSocket(other)];
    expect(await ask(admin, `/users/${id}`)).toMatchObject({
      body: { sessions: [{ sockets: 1 }, { id: sessionIdIn(ada), sockets: 1 }] },
    });
    const ended = await ask(admin, `/users/${id}/sessions/${sessionIdIn(ada)}`, 'DELETE');
    expect(ended).toEqual({ status: 200, body: { ended: 1 } });
    const path = `/users/${id}/sessions/${sessionIdIn(ada)}`;
    expect(logged.at(-1)).toBe(`${claimsIn(admin).sub}: DELETE ${path} done`);
    expect(await socket.ended).toBe('4401 session_revoked');
    expect((await ask(ada, '/users')).body).toMatchObject({ code: 'session_revoked' });
    expect((await ask(other, '/users')).body).toMatchObject({ code: 'requirement_not_met' });
    expect(await ask(admin, `/users/${id}`)).toMatchObject({
      body: { sessions: [{ id: sessionIdIn(other), sockets: 1 }] },
    });
    expect((await ask(admin, `/users/${id}/sessions`, 'DELETE')).body).toEqual({ ended: 1 });
    expect(await stays.ended).toBe('4401 session_revoked');
    await expect(openSocket(other)).rejects.toThrow('401');
  });

  test('changes metadata, and ends the sessions of whoever gets another role', async () => {
    const grace = await hanko.token({ email: 'grace@example.test' });
    const path = `/users/${claimsIn(grace).sub}/metadata`;
    const { body } = await ask(admin, path, 'PATCH', {
      publicMetadata: { plan: 'gold' },
      privateMetadata: { note: '</script><img src=x onerror=alert(1)>' },
    });
    expect(body).toEqual({
      metadata: {
        publicMetadata: { plan: 'gold' },
        privateMetadata: { note: '</script><img src=x onerror=alert(1)>' },
        unsafeMetadata: {},
      },
      ended: 0,
    });
    expect((await ask(grace, '/users')).status).toBe(403);
    const promoted = await ask(admin, path, 'PATCH', { publicMetadata: { role: 'admin' } });
    expect(promoted.body).toMatchObject({ ended: 1 });
    expect((await ask(grace, '/users')).body).toMatchObject({ code: 'session_revoked' });
  });

  test('takes the role away at once, though it stands in the token', async () => {
    const metadata = { public_metadata: { role: 'admin' } };
    const { id } = hanko.createUser({ email: 'former@example.test', metadata });
    const asAdmin = await hanko.token({ email: 'former@example.test', amr: ['passkey'] });
    expect((await ask(asAdmin, '/users')).status).toBe(200);
    const changes = { publicMetadata: null };
    expect((await ask(admin, `/users/${id}/metadata`, 'PATCH', changes)).status).toBe(200);
    expect((await ask(asAdmin, '/users')).body).toMatchObject({ code: 'session_revoked' });
  });

  test('takes nothing else into the body of a change', async () => {
    const { id } = hanko.createUser();
    for (const body of [
      {},
      [],
      'text',
      { publicMetadata: {} },
      { publicMetadata: [] },
      { publicMetadata: 'text' },
      { publicMetadata: { a: 1 }, UserID: id },
      { public_metadata: { a: 1 } },
      JSON.parse('{"__proto__":{"publicMetadata":{"a":1}}}') as unknown,
    ]) {
      const { status } = await ask(admin, `/users/${id}/metadata`, 'PATCH', body);
      expect([body, status]).toEqual([body, 400]);
    }
    for (const path of ['x', '..%2f..%2fsessions', `${id}%2f..`]) {
      expect((await ask(admin, `/users/${path}`)).status).toBe(400);
    }
  });

  test('says in words of its own what Hanko refuses', async () => {
    const path = `/users/${crypto.randomUUID()}`;
    expect(await ask(admin, path)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await ask(admin, `${path}/otp`, 'DELETE')).toMatchObject({ status: 404 });
    expect(logged.at(-1)).toBe(`${claimsIn(admin).sub}: DELETE ${path}/otp failed`);
    const { id } = hanko.createUser();
    const long = { publicMetadata: { text: 'x'.repeat(4000) } };
    expect(await ask(admin, `/users/${id}/metadata`, 'PATCH', long)).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('limit') as string },
    });
  });

  test('removes what a user has lost', async () => {
    const { id } = hanko.createUser({ email: 'lost@example.test', totpSecret: 'JBSWY3DPEHPK3PXP' });
    hanko.addPasskey('lost@example.test');
    const { body } = await ask(admin, `/users/${id}`);
    const { user } = body as { user: { credentials: readonly [{ id: string }] } };
    const credential = encodeURIComponent(user.credentials[0].id);
    await ask(admin, `/users/${id}/credentials/${credential}`, 'DELETE');
    await ask(admin, `/users/${id}/otp`, 'DELETE');
    const { user: now } = (await ask(admin, `/users/${id}`)).body as { user: object };
    expect(now).toMatchObject({ credentials: [] });
    expect(now).not.toHaveProperty('otp');
  });

  test('does nothing for a page of another origin', async () => {
    const ada = await hanko.token({ email: 'target@example.test' });
    const { sub: id } = claimsIn(ada);
    const cookie = `hanko=${admin}`;
    const foreign = { cookie, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    const refused = await ask(undefined, `/users/${id}/sessions`, 'DELETE', undefined, foreign);
    expect(refused).toMatchObject({ status: 403, body: { code: 'cross_site_request' } });
    // A sibling host is no foreign site: a browser asks before PATCH and DELETE, and there is no other way to change something.
    const sibling = { cookie, 'sec-fetch-site': 'same-site', origin: 'https://blog.example.test' };
    for (const [method, path] of ROUTES) {
      const asked = path.replaceAll(':id', id);
      const preflight = await fetch(url + asked, {
        method: 'OPTIONS',
        headers: { ...sibling, 'access-control-request-method': method },
      });
      expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
      expect((await ask(undefined, asked, 'POST', {}, sibling)).status).toBe(404);
    }
    expect((await ask(ada, '/users')).status).toBe(403);
  });
});

describe('a change of metadata', () => {
  /** RFC 7396 §2. */
  function merged(target: unknown, patch: unknown): unknown {
    if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
    const isObject = typeof target === 'object' && target !== null && !Array.isArray(target);
    const result = new Map(isObject ? Object.entries(target) : []);
    for (const [name, value] of Object.entries(patch)) {
      if (value === null) result.delete(name);
      else result.set(name, merged(result.get(name), value));
    }
    return Object.fromEntries(result);
  }

  test.each<[Json, Json, Json | undefined]>([
    [{}, {}, undefined],
    [{ a: 1, b: { c: [1] } }, { b: { c: [1] }, a: 1 }, undefined],
    [{ a: 1 }, { a: 1, b: 2 }, { b: 2 }],
    [{ a: 1, b: 2 }, { b: 2 }, { a: null }],
    [{ a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } }, { a: { c: 3 } }],
    [{ a: { b: 1 } }, { a: {} }, { a: { b: null } }],
    [{ a: [1, 2] }, { a: [1] }, { a: [1] }],
    [{ a: [1] }, { a: { b: 1 } }, { a: { b: 1 } }],
    [{ a: { b: 1 } }, { a: 'text' }, { a: 'text' }],
    [{}, { a: {} }, { a: {} }],
    [{ constructor: 1 }, { toString: 2 }, { constructor: null, toString: 2 }],
    [{}, JSON.parse('{"__proto__":{"a":1}}') as Json, JSON.parse('{"__proto__":{"a":1}}') as Json],
  ])('from %j to %j is %j', (before, after, patch) => {
    const made = mergePatch(before, after);
    expect(JSON.stringify(made)).toBe(JSON.stringify(patch));
    expect(JSON.parse(JSON.stringify(merged(before, made ?? {})))).toEqual(after);
  });
});
