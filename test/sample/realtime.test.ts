import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { FakeHanko } from 'fake-hanko';
import { HankoLiveSessions, hankoSockets } from 'nestjs-hanko';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { sessionIdIn } from '../support/claims-in.js';

type Library = 'socket.io' | 'ws';

let hanko: FakeHanko;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  vi.stubEnv('HANKO_API_URL', hanko.url);
  vi.stubEnv('HANKO_AUDIENCE', 'localhost');
});

afterAll(async () => {
  await hanko?.stop();
  vi.unstubAllEnvs();
});

async function start(library: Library): Promise<INestApplication> {
  const { AppModule } = await import('../../sample/08-realtime/src/app.module.js');
  const { SocketIoGateway } = await import('../../sample/08-realtime/src/socket-io.gateway.js');
  const { WsGateway } = await import('../../sample/08-realtime/src/ws.gateway.js');
  const isWs = library === 'ws';
  const module = AppModule.withGateway(isWs ? WsGateway : SocketIoGateway);
  const app = await NestFactory.create(module, { logger: false });
  app.useWebSocketAdapter(hankoSockets(app, isWs ? new WsAdapter(app) : new IoAdapter(app)));
  await app.listen(0, '127.0.0.1');
  return app;
}

/** Somebody who has connected. */
interface Client {
  /** Settles with what is said next. */
  hears(): Promise<unknown>;
  say(text: string): void;
  /** Settles with why the connection ended. */
  readonly ended: Promise<string>;
}

/** @throws Error with the code of the refusal. */
const connect: Record<Library, (url: string, token?: string) => Promise<Client>> = {
  async 'socket.io'(url, token) {
    const socket = io(url, { auth: { token }, forceNew: true });
    let why = '';
    socket.on('exception', ({ code }: { code: string }) => (why = code));
    const ended = new Promise<string>((resolve) => socket.on('disconnect', () => resolve(why)));
    const heard = queue<unknown>((put) => socket.on('said', put));
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', (error: Error & { data?: { code: string } }) =>
        reject(new Error(error.data?.code)),
      );
    });
    return { hears: heard, say: (text) => void socket.emit('say', text), ended };
  },
  async ws(url, token) {
    const socket = new WebSocket(url, token === undefined ? [] : ['hanko', `bearer.${token}`]);
    const ended = new Promise<string>((resolve) =>
      socket.on('close', (code, reason) => resolve(`${code} ${reason.toString()}`)),
    );
    const heard = queue<unknown>((put) =>
      socket.on('message', (data: Buffer) => {
        const { event, data: message } = JSON.parse(data.toString()) as Record<string, unknown>;
        if (event === 'said') put(message);
      }),
    );
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', () => undefined);
      socket.once('unexpected-response', (_request, response) => {
        response.setEncoding('utf8').once('data', (body: string) => {
          reject(new Error((JSON.parse(body) as { code: string }).code));
        });
      });
    });
    const say = (text: string): void => socket.send(JSON.stringify({ event: 'say', data: text }));
    return { hears: heard, say, ended };
  },
};

/** @returns takes what comes, in its order. */
function queue<T>(listen: (put: (item: T) => void) => void): () => Promise<T> {
  const items: T[] = [];
  const waiting: ((item: T) => void)[] = [];
  listen((item) => {
    const next = waiting.shift();
    if (next === undefined) items.push(item);
    else next(item);
  });
  return () =>
    items.length > 0
      ? Promise.resolve(items.shift() as T)
      : new Promise((resolve) => waiting.push(resolve));
}

describe.each(['socket.io', 'ws'] as const)('sample/08-realtime over %s', (library) => {
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    app = await start(library);
    // All apps of a process have one chat.
    const { Chat } = await import('../../sample/08-realtime/src/chat.js');
    app.get(Chat).latest = [];
    url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  });
  afterAll(() => app?.close());

  test('nobody listens without a session', async () => {
    await expect(connect[library](url)).rejects.toThrow('credentials_missing');
  });

  test('all hear what one says, and it ends for those whose session ends', async () => {
    const email = `ada-${library}@example.test`;
    const [ada, bob] = await Promise.all([hanko.token({ email }), hanko.token()]);
    const speaker = await connect[library](url, bob);
    const listener = await connect[library](url, ada);
    listener.say('hello');
    for (const client of [speaker, listener]) {
      expect(await client.hears()).toMatchObject({ from: email, text: 'hello' });
    }
    await hanko.sendWebhook(`${url}/webhooks/hanko`, 'session.delete.explicit.logout', {
      id: sessionIdIn(ada),
    });
    expect(await listener.ended).toMatch('session_revoked');
    speaker.say('still here');
    expect(await speaker.hears()).toMatchObject({ text: 'still here' });
    expect(app.get(HankoLiveSessions).size).toBe(1);
    const late = await connect[library](url, await hanko.token());
    expect(await late.hears()).toMatchObject({ text: 'hello' });
  });
});
