import type { AddressInfo } from 'node:net';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { INestApplication, INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ClientGrpcProxy,
  ClientProxyFactory,
  type ClientTCP,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { FakeHanko } from 'fake-hanko';
import { firstValueFrom, type Observable } from 'rxjs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { freePort } from './free-port.js';

let hanko: FakeHanko;
let services: readonly INestMicroservice[];
let gateway: INestApplication;
let notes: ClientTCP;
let billing: ClientGrpcProxy;
let url: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  vi.stubEnv('HANKO_API_URL', hanko.url);
  vi.stubEnv('HANKO_AUDIENCE', 'localhost');
  vi.stubEnv('NOTES_PORT', await freePort());
  vi.stubEnv('BILLING_PORT', await freePort());
  const { NOTES, BILLING } = await import('../../sample/07-microservice/src/addresses.js');
  const { NotesModule } = await import('../../sample/07-microservice/src/notes/notes.module.js');
  const { BillingModule } =
    await import('../../sample/07-microservice/src/billing/billing.module.js');
  const { GatewayModule } =
    await import('../../sample/07-microservice/src/gateway/gateway.module.js');
  const logger = false;
  const start = NestFactory.createMicroservice.bind(NestFactory)<MicroserviceOptions>;
  services = await Promise.all([
    start(NotesModule, { ...NOTES, logger }),
    start(BillingModule, { ...BILLING, logger }),
  ]);
  await Promise.all(services.map((service) => service.listen()));
  gateway = await NestFactory.create(GatewayModule, { logger });
  await gateway.listen(0, '127.0.0.1');
  url = `http://127.0.0.1:${(gateway.getHttpServer().address() as AddressInfo).port}`;
  notes = ClientProxyFactory.create(NOTES) as ClientTCP;
  billing = ClientProxyFactory.create(BILLING);
});

afterAll(async () => {
  for (const client of [notes, billing]) client?.close();
  await gateway?.close();
  await Promise.all(services?.map((service) => service.close()) ?? []);
  await hanko?.stop();
  vi.unstubAllEnvs();
});

async function ask(
  method: string,
  path: string,
  token?: string,
  body?: object,
): Promise<{ status: number; challenge: string | null; body: unknown }> {
  const response = await fetch(url + path, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const challenge = response.headers.get('www-authenticate');
  return { status: response.status, challenge, body: await response.json() };
}

/** Past the gateway. @returns what the service answers or refuses with */
const overTcp = async (metadata: Record<string, string> | undefined): Promise<unknown> => {
  notes.setOnDispatchHook((packet) => {
    if (metadata) packet.metadata = metadata;
  });
  return firstValueFrom(notes.send('notes.list', {})).catch((error: unknown) => error);
};

const overGrpc = async (authorization?: string): Promise<unknown> => {
  const metadata = new Metadata();
  if (authorization) metadata.set('authorization', authorization);
  const service = billing.getService<{ card(request: object, it: Metadata): Observable<unknown> }>(
    'Billing',
  );
  return firstValueFrom(service.card({}, metadata)).catch((error: unknown) => error);
};

describe('sample/07-microservice', () => {
  test('a user reaches both services through the gateway, as themselves', async () => {
    const [ada, bob] = await Promise.all(
      ['ada@example.test', 'bob@example.test'].map((email) =>
        hanko.token({ email, amr: ['pwd', 'totp'] }),
      ),
    );
    // What a caller says of itself counts for nothing.
    const note = { text: 'of Ada', userId: 'bob', authorization: `Bearer ${bob}` };
    await ask('POST', '/notes', ada, note);
    expect(await ask('GET', '/notes', ada)).toMatchObject({ status: 200, body: ['of Ada'] });
    expect(await ask('GET', '/notes', bob)).toMatchObject({ status: 200, body: [] });
    expect(await ask('GET', '/card', ada)).toMatchObject({
      status: 200,
      body: { card: '•••• 4242' },
    });
  });

  test('calls at the same time do not mix up whose they are', async () => {
    const users = await Promise.all(
      Array.from({ length: 8 }, async (_, at) => ({
        text: `note ${at}`,
        token: await hanko.token(),
      })),
    );
    await Promise.all(users.map(({ text, token }) => ask('POST', '/notes', token, { text })));
    const lists = await Promise.all(users.map(({ token }) => ask('GET', '/notes', token)));
    expect(lists.map(({ body }) => body)).toEqual(users.map(({ text }) => [text]));
  });

  test('each refuses without a token and with an expired one, the services also past the gateway', async () => {
    const expired = await hanko.expiredToken();
    const bearer = `Bearer ${expired}`;
    for (const [code, token] of [
      ['credentials_missing', undefined],
      ['token_expired', expired],
    ] as const) {
      const refused = { statusCode: 401, code };
      for (const path of ['/notes', '/card']) {
        expect(await ask('GET', path, token)).toMatchObject({ status: 401, body: refused });
      }
      expect(await overTcp(token ? { authorization: bearer } : undefined)).toMatchObject(refused);
      const grpc = (await overGrpc(token && bearer)) as ServiceError;
      expect(grpc).toMatchObject({ code: status.UNAUTHENTICATED, details: code });
      expect(grpc.metadata.get('www-authenticate')).toEqual([expect.stringMatching(/^Bearer/)]);
    }
  });

  test('what the TCP service refuses is the response that it would have sent over HTTP', async () => {
    const token = await hanko.token({ ageSeconds: 61 });
    expect(await ask('DELETE', '/notes', token)).toEqual({
      status: 401,
      challenge: 'Bearer',
      body: {
        statusCode: 401,
        code: 'step_up_required',
        message: 'A stronger or more recent login is required',
        unmet: [{ requirement: 'maxAgeSeconds', needed: 60, actual: expect.any(Number) as number }],
        authenticatedAt: expect.any(String) as string,
      },
    });
    expect(await ask('DELETE', '/notes', await hanko.token())).toMatchObject({ status: 200 });
  });

  test('what the gRPC service refuses has its code and its challenge', async () => {
    const token = await hanko.token({ amr: ['pwd'] });
    expect(await ask('GET', '/card', token)).toMatchObject({
      status: 401,
      challenge: expect.stringContaining('error="insufficient_user_authentication"') as string,
      body: { statusCode: 401, code: 'step_up_required' },
    });
  });
});
