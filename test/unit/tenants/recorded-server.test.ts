import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HankoAuthService, HankoModule } from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { recorded, recordedTokens } from '../../support/recordings.js';

interface Exchange {
  readonly name: string;
  readonly request: {
    readonly path: string;
    readonly headers: { readonly authorization?: string };
  };
  readonly response: { readonly status: number; readonly body: unknown };
}

const FOLDER = '../../../fake-hanko/test/fixtures/server/main-tenants';
const read = (part: string): readonly Exchange[] => {
  const url = new URL(`${FOLDER}/${part}.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as { exchanges: Exchange[] }).exchanges;
};

const { takenAt, tenants } = recordedTokens('main-tenants');
const RED = 'cf135117-ac0c-44e0-af37-4aa572e493a1';
const BLUE = '26e99bcd-316c-46f4-a102-b23e2d914d2f';
const UNKNOWN = '1601411e-097e-4f25-90f3-bad590b766d1';
const [red, blue] = [recorded(tenants, 'red'), recorded(tenants, 'blue')];

/** Hanko is asked by GET, as it was for the recordings. */
const asked = { refreshSeconds: 1, keepAlive: false } as const;

let isDeleted = false;
let server: Server;
let app: INestApplicationContext;
let hanko: HankoAuthService;
const unrecorded: string[] = [];

/** Replies what the real server replied to the same request. */
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(takenAt) });
  const exchanges = [...read('jwks'), ...read('validate'), ...read('health')];
  server = createServer(({ url, headers }, response) => {
    const found = exchanges.filter(
      ({ request }) =>
        request.path === url && request.headers.authorization === headers.authorization,
    );
    const exchange = isDeleted ? found.at(-1) : found[0];
    if (exchange === undefined) unrecorded.push(String(url));
    const { status, body } = exchange?.response ?? { status: 501, body: {} };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const module = HankoModule.forRoot({
    apiUrl: `http://127.0.0.1:${port}`,
    audience: ['localhost', 'blue'],
    tenants: { resolve: () => null },
  });
  app = await NestFactory.createApplicationContext(module, { logger: false });
  hanko = app.get(HankoAuthService);
});

afterAll(async () => {
  await app?.close();
  server?.close();
  vi.useRealTimers();
});

const verify = (token: string, tenant: string, session?: typeof asked): Promise<unknown> =>
  hanko.verifyToken(token, { tenant, ...(session && { session }) });

describe('two tenants of a real server, as they were recorded', () => {
  test('each knows its own user by its own keys', async () => {
    expect(await verify(red.token, RED)).toMatchObject({ id: red.user, tenantId: RED });
    expect(await verify(blue.token, BLUE)).toMatchObject({ id: blue.user, tenantId: BLUE });
    expect(red.user).not.toBe(blue.user);
  });

  test('neither knows the token of the other, although both have the same audience', async () => {
    const code = 'token_key_unknown';
    await expect(verify(red.token, BLUE)).rejects.toMatchObject({ code });
    await expect(verify(blue.token, RED)).rejects.toMatchObject({ code });
  });

  test('each is asked about its own sessions', async () => {
    expect(await verify(red.token, RED, asked)).toMatchObject({ id: red.user });
  });

  test('the server knows no such tenant: nobody does', async () => {
    const code = 'tenant_unknown';
    await expect(verify(red.token, UNKNOWN)).rejects.toMatchObject({ code });
    await expect(verify(red.token, 'nope')).rejects.toMatchObject({ code });
  });

  test('a deleted one is nobody’s any more when the next key is looked for; the other goes on', async () => {
    isDeleted = true;
    // After the cooldown of the last look for a key that is not known.
    vi.setSystemTime(new Date(takenAt).getTime() + 60_000);
    const code = 'tenant_unknown';
    await expect(verify(blue.token, RED)).rejects.toMatchObject({ code });
    await expect(verify(red.token, RED)).rejects.toMatchObject({ code });
    expect(await verify(blue.token, BLUE)).toMatchObject({ id: blue.user });
    expect(unrecorded).toEqual([]);
  });
});
