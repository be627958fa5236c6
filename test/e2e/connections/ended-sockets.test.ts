import { HankoLiveSessions, HankoModule, HankoRevocation, hankoSockets } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { bearer, type RunningApp, startApp } from '../../support/app.js';
import { connect, NotesGateway, SERVERS } from '../../support/gateways.js';

let hanko: FakeHanko;

beforeAll(async () => {
  hanko = await FakeHanko.start();
});
afterAll(() => hanko.stop());

describe.each(SERVERS)('connections of $library on $platform', ({ library, platform }) => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp(
      platform,
      {
        imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' })],
        providers: [NotesGateway],
      },
      {
        configure: (it) =>
          void it.useWebSocketAdapter(
            hankoSockets(it, library === 'ws' ? new WsAdapter(it) : new IoAdapter(it)),
          ),
      },
    );
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it('are refused without a credential', async () => {
    await expect(connect(library, app.url)).rejects.toThrow(
      library === 'ws' ? /401/ : 'forced close',
    );
  });

  it('end with the session that opened them, though nothing was said', async () => {
    const token = await hanko.token();
    const closed =
      library === 'ws'
        ? await wsClosing(app.url, token, app)
        : await socketIoClosing(app.url, token, app);
    expect(closed).toBe(library === 'ws' ? '4401 session_revoked' : 'io server disconnect');
    expect(app.app.get(HankoLiveSessions).size).toBe(0);
  });
});

async function wsClosing(url: string, token: string, { app }: RunningApp): Promise<string> {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers: bearer(token) });
  await new Promise((resolve) => socket.once('open', resolve));
  const closed = new Promise<string>((resolve) =>
    socket.once('close', (code, reason) => resolve(`${code} ${reason.toString()}`)),
  );
  await revoke(token, app);
  return closed;
}

async function socketIoClosing(url: string, token: string, { app }: RunningApp): Promise<string> {
  const socket = io(url, { auth: { token }, transports: ['websocket'], forceNew: true });
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  const closed = new Promise<string>((resolve) => socket.once('disconnect', resolve));
  await revoke(token, app);
  return closed;
}

async function revoke(token: string, app: RunningApp['app']): Promise<void> {
  const { session_id: id } = JSON.parse(
    Buffer.from(token.split('.')[1] as string, 'base64url').toString(),
  ) as { session_id: string };
  expect(app.get(HankoLiveSessions).size).toBe(1);
  await app.get(HankoRevocation).revoke(id);
}
