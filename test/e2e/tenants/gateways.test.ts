import { UseGuards } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import {
  type OnGatewayConnection,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoLiveSessions,
  hankoSockets,
  type HankoTenantsOptions,
  type HankoUser,
} from 'nestjs-hanko';
import type { Server, ServerOptions, Socket } from 'socket.io';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, cookie, type RunningApp } from '../../support/app.js';
import { closeLibrary, startClosed, tryToConnect, until } from '../../support/closed-gateways.js';
import { connect, type Frame, type Opening, SERVERS, useLibrary } from '../../support/gateways.js';
import { byHeader } from '../../support/tenants.js';
import {
  ACME,
  acme,
  apiUrl,
  at,
  codeIn,
  GLOBEX,
  keepsTenantsApart,
  twinOf,
  useTenants,
  who,
  whoIn,
} from '../../support/tenants-apart.js';

useTenants();

@WebSocketGateway()
class WhoGateway {
  @UseGuards(HankoAuthGuard)
  @SubscribeMessage('who')
  who(@CurrentUser() user: HankoUser): Frame {
    return { event: 'reply', data: who(user) };
  }
}

/** Where both are: one host for all tenants, whose path names them. */
const byUrl: HankoTenantsOptions['resolve'] = ({ url = '' }) =>
  /[?&]tenant=([^&]+)/.exec(url)?.[1] ?? null;

describe.each(SERVERS)('$library on $platform', ({ library, platform }) => {
  const start = (
    configure = closeLibrary(library),
    resolve: HankoTenantsOptions['resolve'] = byHeader,
  ) =>
    startClosed(library, { url: apiUrl }, [WhoGateway], {
      platform,
      options: { tenants: { resolve } },
      configure,
    });

  describe('guarded at each message', () => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await start(useLibrary(library));
    });
    afterAll(() => app[Symbol.asyncDispose]());

    keepsTenantsApart(
      async (tenant, token) => {
        await using client = await connect(library, app.url, {
          headers: { ...at(tenant), ...bearer(token) },
        });
        const { event, data } = await client.ask('who');
        return event === 'reply' ? String(data) : codeIn(data);
      },
      () => app.app,
    );
  });

  describe('closed by hankoSockets()', () => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await start();
    });
    afterAll(() => app[Symbol.asyncDispose]());

    const enter = async (opening: Opening): Promise<string> => {
      const { status, code } = await tryToConnect(library, app.url, opening);
      if (status !== 0) return String(code);
      await using client = await connect(library, app.url, opening);
      return String((await client.ask('who')).data);
    };
    const carried = (token: string): Opening =>
      library === 'ws' ? { protocols: ['hanko', `bearer.${token}`] } : { auth: { token } };

    describe.each(['header', 'cookie', 'the handshake'])('by %s', (by) => {
      keepsTenantsApart(
        (tenant, token) =>
          enter({
            ...(by === 'the handshake' && carried(token)),
            headers: {
              ...at(tenant),
              ...(by === 'header' && bearer(token)),
              ...(by === 'cookie' && { ...cookie(token), Origin: app.url }),
            },
          }),
        () => app.app,
      );
    });

    it('a tenant named twice is none', async () => {
      const token = await acme.token();
      const headers = { 'x-tenant': [ACME, GLOBEX] as never, ...bearer(token) };
      expect(await enter({ headers })).toBe('tenant_unknown');
    });
  });

  it('the address of the handshake may name the tenant', async () => {
    await using app = await start(undefined, byUrl);
    const token = await acme.token();
    const query = (id: string): string => (library === 'ws' ? `/?tenant=${id}` : `?tenant=${id}`);
    const opening = (id: string): Opening => ({ headers: bearer(token), at: query(id) });
    await using client = await connect(library, app.url, opening(ACME));
    expect(await client.ask('who')).toEqual({ event: 'reply', data: whoIn(ACME, token) });
    expect(await tryToConnect(library, app.url, opening(GLOBEX))).toMatchObject({
      code: 'token_key_unknown',
    });
  });
});

it('what a client of socket.io says beside the handshake names no tenant', async () => {
  await using app = await startClosed('socket.io', { url: apiUrl }, [WhoGateway], {
    options: { tenants: { resolve: byHeader } },
  });
  const token = await acme.token();
  const auth = { token, 'x-tenant': ACME, headers: { 'x-tenant': ACME } };
  const codeOf = async (headers: Record<string, string>): Promise<unknown> =>
    (await tryToConnect('socket.io', app.url, { auth, headers })).code;
  expect(await codeOf(at(GLOBEX))).toBe('token_key_unknown');
  expect(await codeOf({})).toBe('tenant_unknown');
  expect(await codeOf(at(ACME))).toBeUndefined();
});

describe('connectionStateRecovery', () => {
  @WebSocketGateway()
  class RoomsGateway implements OnGatewayConnection {
    @WebSocketServer() server!: Server;

    async handleConnection(socket: Socket): Promise<void> {
      if (!socket.recovered) await socket.join('secret');
    }
  }

  class RecoveringAdapter extends IoAdapter {
    override createIOServer(port: number, options?: ServerOptions): Server {
      const connectionStateRecovery = { skipMiddlewares: true };
      return super.createIOServer(port, {
        ...(options as ServerOptions),
        connectionStateRecovery,
      });
    }
  }

  it('gives nothing of one tenant to a session of another one that has the same id', async () => {
    await using app = await startClosed('socket.io', { url: apiUrl }, [RoomsGateway], {
      options: { tenants: { resolve: byHeader } },
      configure: (nest) =>
        void nest.useWebSocketAdapter(hankoSockets(nest, new RecoveringAdapter(nest))),
    });
    const { server } = app.app.get(RoomsGateway);
    const live = app.app.get(HankoLiveSessions);
    const carried = { token: await acme.token() };
    const socket = io(app.url, {
      auth: (answer) => answer(carried),
      extraHeaders: at(ACME),
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
    });
    const heard: string[] = [];
    socket.on('secret', (text: string) => heard.push(text));
    const connected = (): Promise<void> =>
      new Promise((resolve, reject) => {
        socket.once('connect', resolve).once('connect_error', reject);
      });
    await connected();
    server.to('secret').emit('secret', 'first');
    await until(() => heard.length === 1);
    socket.io.engine.close();
    await until(() => live.size === 0);
    server.to('secret').emit('secret', 'missed');

    carried.token = await twinOf(carried.token);
    socket.io.opts.extraHeaders = at(GLOBEX);
    socket.connect();
    await connected();
    server.to('secret').emit('secret', 'next');
    await until(() => heard.length >= 2);
    socket.disconnect();
    expect(socket.recovered).toBe(false);
    expect(heard).toEqual(['first', 'next']);
    await until(() => live.size === 0);
  });
});
