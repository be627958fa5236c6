import { once } from 'node:events';
import { UseGuards } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import {
  type OnGatewayConnection,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoLiveSessions,
  HankoRevocation,
  hankoSockets,
  Public,
} from 'nestjs-hanko';
import type { Namespace, Server, ServerOptions, Socket } from 'socket.io';
import { io, Manager, type Socket as ClientSocket } from 'socket.io-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { bearer, type RunningApp } from '../../support/app.js';
import { sessionIdIn } from '../../support/claims-in.js';
import {
  hanko,
  startClosed,
  token,
  tryToConnect,
  until,
  useHankoWithTokens,
} from '../../support/closed-gateways.js';
import { connect, type Frame, freePort } from '../../support/gateways.js';

useHankoWithTokens();

describe('namespaces of socket.io', () => {
  let seen: string[] = [];

  class Seeing implements OnGatewayConnection {
    handleConnection(socket: Socket): void {
      seen.push(socket.nsp.name);
    }
  }

  @WebSocketGateway({ namespace: 'plain' })
  class PlainGateway extends Seeing {
    @WebSocketServer() readonly server!: Namespace;
  }

  @WebSocketGateway({ namespace: /^\/team-\d+$/ })
  class TeamGateway extends Seeing {}

  @WebSocketGateway({
    namespace: (name: string, _auth: unknown, next: (error: null, fits: boolean) => void) =>
      next(null, name.startsWith('/made-')),
  } as never)
  class MadeGateway extends Seeing {}

  @Public()
  @WebSocketGateway({ namespace: '/public' })
  class PublicGateway extends Seeing {}

  /** With middleware of its own, which sees who was let in alone. */
  @WebSocketGateway({ namespace: 'own' })
  class OwnGateway extends Seeing implements OnGatewayInit<Namespace> {
    afterInit(namespace: Namespace): void {
      namespace.use((socket, next) => {
        seen.push('middleware');
        next(socket.handshake.auth.word === 'in' ? undefined : new Error('no word'));
      });
    }
  }

  let app: RunningApp;

  beforeAll(async () => {
    app = await startClosed('socket.io', hanko, [
      PlainGateway,
      TeamGateway,
      MadeGateway,
      PublicGateway,
      OwnGateway,
    ]);
  });
  beforeEach(() => {
    seen = [];
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it('are each closed, by text, regular expression or function; and so is the one without a gateway', async () => {
    for (const at of ['/plain', '/team-1', '/team-2', '/made-1', '/']) {
      for (const isPolling of [false, true]) {
        expect(await tryToConnect('socket.io', app.url, { at, isPolling })).toMatchObject({
          code: 'credentials_missing',
        });
      }
      expect(await tryToConnect('socket.io', app.url, { at, auth: { token } })).toEqual({
        status: 0,
      });
    }
    expect(await tryToConnect('socket.io', app.url, { at: '/public' })).toEqual({ status: 0 });
    expect(seen).toEqual(['/plain', '/team-1', '/team-2', '/made-1', '/public']);
  });

  it('have the same client connected to one that is public and refused by another', async () => {
    await using client = await connect('socket.io', app.url, { at: '/public' });
    expect(await tryToConnect('socket.io', app.url, { at: '/plain' })).toMatchObject({
      status: 401,
    });
    expect(await Promise.race([client.closed, Promise.resolve('open')])).toBe('open');
  });

  it('end, also those that were made for a client', async () => {
    await using client = await connect('socket.io', app.url, { at: '/team-3', auth: { token } });
    await app.app.get(HankoRevocation).revoke(sessionIdIn(token));
    expect(await client.closed).toBe('io server disconnect');
    expect(client.frames).toEqual([
      { event: 'exception', data: expect.objectContaining({ code: 'session_revoked' }) },
    ]);
    expect(app.app.get(HankoLiveSessions).size).toBe(0);
  });

  it('of one client end each for itself, and say why', async () => {
    const user = hanko.createUser().id;
    const manager = new Manager(app.url, { transports: ['websocket'], reconnection: false });
    const [mine, alsoMine] = await Promise.all([hanko.token({ user }), hanko.token({ user })]);
    const told: string[] = [];
    const open = async (at: string, auth: object): Promise<ClientSocket> => {
      const socket = manager.socket(at, { auth });
      socket.onAny((event: string, { code }: { code: string }) =>
        told.push(`${at} ${event} ${code}`),
      );
      socket.on('disconnect', (reason) => told.push(`${at} ${reason}`));
      await new Promise<void>((resolve) => void socket.once('connect', resolve));
      return socket;
    };
    const others = [
      await open('/public', {}),
      await open('/made-1', { token: await hanko.token() }),
    ];
    const own = [await open('/plain', { token: mine }), await open('/team-4', { token: alsoMine })];
    const left = Promise.all(
      own.map((socket) => new Promise((resolve) => socket.on('disconnect', resolve))),
    );

    await app.app.get(HankoRevocation).revokeUser(user);
    await left;
    expect(told).toEqual([
      '/plain exception session_revoked',
      '/plain io server disconnect',
      '/team-4 exception session_revoked',
      '/team-4 io server disconnect',
    ]);
    expect(others.map(({ connected }) => connected)).toEqual([true, true]);
    expect(app.app.get(HankoLiveSessions).size).toBe(1);
    for (const socket of others) socket.disconnect();
    await until(() => app.app.get(HankoLiveSessions).size === 0);
  });

  it.each(['websocket', 'polling'] as const)(
    'have the connection cut of a client that reads nothing, by %s',
    async (transport) => {
      const { server } = app.app.get(PlainGateway);
      const at = `${app.url}/socket.io/?EIO=4&transport=${transport}`;
      const hello = `40/plain,${JSON.stringify({ token })}`;
      let client: WebSocket | undefined;
      if (transport === 'websocket') {
        client = new WebSocket(at.replace('http', 'ws'));
        await once(client, 'open');
        client.send(hello);
        await until(() => server.sockets.size === 1);
        client.pause();
      } else {
        const sid = (/"sid":"([^"]+)"/.exec(await (await fetch(at)).text()) ?? [])[1];
        await fetch(`${at}&sid=${sid}`, { method: 'POST', body: hello });
        await until(() => server.sockets.size === 1);
      }
      const [socket] = server.sockets.values() as Iterable<Socket>;
      // More than the network holds.
      for (let i = 0; i < 100; i += 1) socket?.emit('news', 'n'.repeat(100_000));
      const { conn } = socket as Socket;
      const closed = once(conn, 'close');

      await app.app.get(HankoRevocation).revoke(sessionIdIn(token));
      expect(server.sockets.size).toBe(0);
      await closed;
      const { socket: webSocket } = conn.transport as { socket?: { readyState: number } };
      if (webSocket) await until(() => webSocket.readyState === 3);
      // It has not heard of it.
      client?.terminate();
    },
  );

  it('go on to ask the middleware of the app', async () => {
    const at = '/own';
    expect(await tryToConnect('socket.io', app.url, { at, auth: { word: 'in' } })).toMatchObject({
      code: 'credentials_missing',
    });
    expect(seen).toEqual([]);
    expect(await tryToConnect('socket.io', app.url, { at, auth: { token } })).toMatchObject({
      body: 'no word',
    });
    expect(await tryToConnect('socket.io', app.url, { at, auth: { token, word: 'in' } })).toEqual({
      status: 0,
    });
    expect(seen).toEqual(['middleware', 'middleware', '/own']);
  });
});

describe('a session that ends while middleware of the app decides', () => {
  let decide: (() => void) | undefined;
  let connections = 0;

  @WebSocketGateway()
  class SlowGateway implements OnGatewayInit<Server>, OnGatewayConnection {
    afterInit(server: Server): void {
      server.use((_socket, next) => {
        decide = next;
      });
    }

    handleConnection(): void {
      connections += 1;
    }
  }

  it('opens nothing that a gateway gets to see', async () => {
    await using app = await startClosed('socket.io', hanko, [SlowGateway]);
    const connecting = connect('socket.io', app.url, { auth: { token } });
    await until(() => decide !== undefined);
    await app.app.get(HankoRevocation).revoke(sessionIdIn(token));
    decide?.();
    await using client = await connecting;
    expect(await client.closed).toBe('io server disconnect');
    expect(connections).toBe(0);
    expect(app.app.get(HankoLiveSessions).size).toBe(0);
  });
});

describe('servers of socket.io', () => {
  @WebSocketGateway()
  class Gateway {}

  it('with a port and a path of their own are closed', async () => {
    const port = await freePort();
    @WebSocketGateway(port, { path: '/sockets', namespace: 'live' })
    class OwnPortGateway {}
    await using app = await startClosed('socket.io', hanko, [OwnPortGateway]);
    const opening = { at: '/live', path: '/sockets' };
    const url = `http://127.0.0.1:${port}`;
    expect(await tryToConnect('socket.io', url, opening)).toMatchObject({ status: 401 });
    expect(await tryToConnect('socket.io', url, { ...opening, headers: bearer(token) })).toEqual({
      status: 0,
    });
    expect(app.log.messages('warn', 'HankoRoutes')).toEqual([]);
  });

  it('go on to ask allowRequest of a subclass of IoAdapter', async () => {
    class OwnAdapter extends IoAdapter {
      override createIOServer(port: number, options?: ServerOptions): Server {
        return super.createIOServer(port, {
          ...(options as ServerOptions),
          allowRequest: (request, done) => done(null, request.headers['x-word'] === 'in'),
        });
      }
    }
    await using app = await startClosed('socket.io', hanko, [Gateway], {
      configure: (nest) => void nest.useWebSocketAdapter(hankoSockets(nest, new OwnAdapter(nest))),
    });
    const word = { 'X-Word': 'in' };
    const statusOf = async (headers: Record<string, string>): Promise<number> =>
      (await tryToConnect('socket.io', app.url, { headers })).status;

    expect(await statusOf(bearer(token))).toBe(-1);
    expect(await statusOf(word)).toBe(401);
    expect(await statusOf({ ...word, ...bearer(token) })).toBe(0);
  });
});

describe.each(['/', '/team-1'])('connectionStateRecovery, at %s,', (at) => {
  @WebSocketGateway(at === '/' ? {} : { namespace: /^\/team-\d+$/ })
  class RoomsGateway implements OnGatewayConnection {
    @WebSocketServer() server!: Server | Namespace;

    async handleConnection(socket: Socket): Promise<void> {
      if (!socket.recovered) await socket.join('secret');
    }

    @UseGuards(HankoAuthGuard)
    @SubscribeMessage('who')
    who(@CurrentUser('id') id: string): Frame {
      return { event: 'reply', data: id };
    }
  }

  /** As Redis adapters are written: with options of its own, that no decorator shows. */
  class RecoveringAdapter extends IoAdapter {
    override createIOServer(port: number, options?: ServerOptions): Server {
      return super.createIOServer(port, {
        ...(options as ServerOptions),
        connectionStateRecovery: { skipMiddlewares: true },
      });
    }
  }

  let app: RunningApp;
  let rooms: RoomsGateway;

  beforeAll(async () => {
    app = await startClosed('socket.io', hanko, [RoomsGateway], {
      configure: (nest) =>
        void nest.useWebSocketAdapter(hankoSockets(nest, new RecoveringAdapter(nest))),
    });
    rooms = app.app.get(RoomsGateway);
  });
  afterAll(() => app[Symbol.asyncDispose]());

  interface Lost {
    readonly socket: ClientSocket;
    readonly heard: string[];
  }

  const connected = (socket: ClientSocket): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.once('connect', resolve).once('connect_error', (error) => reject(error));
    });
  const socketsThere = (): number => app.app.get(HankoLiveSessions).size;

  /** A client that heard one message, lost its connection, and missed another. */
  async function lose(of: string): Promise<Lost> {
    let carried = of;
    const socket = io(app.url + at, {
      auth: (answer) => answer({ token: carried }),
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
    });
    Object.assign(socket, { carry: (next: string) => (carried = next) });
    const heard: string[] = [];
    socket.on('secret', (text: string) => heard.push(text));
    await connected(socket);
    rooms.server.to('secret').emit('secret', 'first');
    await until(() => heard.length === 1);
    socket.io.engine.close();
    await until(() => socketsThere() === 0);
    rooms.server.to('secret').emit('secret', 'missed');
    return { socket, heard };
  }

  it('gives the session that comes back its rooms and what it missed', async () => {
    const { socket, heard } = await lose(token);
    socket.connect();
    await connected(socket);
    await until(() => heard.length === 2);

    expect(socket.recovered).toBe(true);
    expect(heard).toEqual(['first', 'missed']);
    expect(socketsThere()).toBe(1);
    // And again.
    socket.io.engine.close();
    await until(() => socketsThere() === 0);
    socket.connect();
    await connected(socket);
    expect(socket.recovered).toBe(true);
    const ended = new Promise((resolve) => void socket.once('disconnect', resolve));
    await app.app.get(HankoRevocation).revoke(sessionIdIn(token));
    expect(await ended).toBe('io server disconnect');
  });

  it('gives nothing to a session that ended meanwhile, not even for a moment', async () => {
    const { socket, heard } = await lose(token);
    const packets: string[] = [];
    await app.app.get(HankoRevocation).revoke(sessionIdIn(token));
    socket.connect();
    socket.io.engine.on('packet', ({ data }: { data?: unknown }) => packets.push(String(data)));
    await expect(connected(socket)).rejects.toMatchObject({ data: { code: 'session_revoked' } });
    socket.disconnect();

    expect(heard).toEqual(['first']);
    expect(packets.join()).not.toContain('missed');
  });

  it('gives nothing to another user with the id of the connection, who is connected anew', async () => {
    const { socket, heard } = await lose(token);
    (socket as unknown as { carry(next: string): void }).carry(await hanko.token());
    socket.connect();
    await connected(socket);
    rooms.server.to('secret').emit('secret', 'next');
    await until(() => heard.length === 2);
    socket.disconnect();

    expect(socket.recovered).toBe(false);
    expect(heard).toEqual(['first', 'next']);
    await until(() => socketsThere() === 0);
  });
});
