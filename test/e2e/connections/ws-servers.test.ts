import { EventEmitter, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  type OnGatewayConnection,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer as WsServer,
} from '@nestjs/websockets';
import { NestFactory } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import {
  CurrentUser,
  HankoLiveSessions,
  HankoModule,
  HankoRevocation,
  hankoSockets,
  type HankoUser,
  RequireAuth,
} from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
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
import { connect, type Frame, freePort, type Opening } from '../../support/gateways.js';
import { CapturedLog } from '../../support/log.js';

useHankoWithTokens();

type Done = (isLetIn: boolean, status?: number, text?: string) => void;
interface Info {
  readonly req: IncomingMessage;
}

const wordOf = ({ req }: Info): string => String(req.headers['x-word']);

/** What the app's own check of each path says. */
const OWN: Readonly<Record<string, (...args: never[]) => unknown>> = {
  '/sync': (info: Info) => wordOf(info) === 'in',
  '/promise': async (info: Info) => wordOf(info) === 'in',
  '/throwing': () => {
    throw new Error('secret-of-the-app "eyJhbGciOi"');
  },
  '/rejecting': async () => Promise.reject(new Error('broken')),
  '/async': (info: Info, done: Done) =>
    setImmediate(() => done(wordOf(info) === 'in', 418, 'a teapot')),
  '/async-throwing': (_info: Info, _done: Done) => {
    throw new Error('broken');
  },
  '/async-rejecting': async (_info: Info, _done: Done) => Promise.reject(new Error('broken')),
  '/twice': (_info: Info, done: Done) => {
    done(true);
    done(false, 400, 'too late');
  },
};

describe('a verifyClient of the app', () => {
  let app: RunningApp;
  let opened = 0;

  const gateways = Object.entries(OWN).map(([path, verifyClient]) => {
    @WebSocketGateway({ path, verifyClient } as never)
    class OwnGateway implements OnGatewayConnection {
      handleConnection(): void {
        opened += 1;
      }
    }
    return OwnGateway;
  });

  beforeAll(async () => {
    app = await startClosed('ws', hanko, gateways);
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const statusAt = async (at: string, headers: Record<string, string>): Promise<unknown> => {
    const before = opened;
    const answer = await tryToConnect('ws', app.url, { at, headers });
    expect(opened - before).toBe(answer.status === 0 ? 1 : 0);
    return answer.code === undefined ? answer.status : answer.code;
  };

  it('is asked besides, whichever of its forms it has', async () => {
    const known = bearer(token);
    const word = { 'X-Word': 'in' };
    for (const [at, headers, outcome] of [
      ['/sync', { ...known, ...word }, 0],
      ['/sync', known, 401],
      ['/sync', word, 'credentials_missing'],
      // ws alone takes any promise for a yes.
      ['/promise', { ...known, ...word }, 0],
      ['/promise', known, 401],
      ['/promise', word, 'credentials_missing'],
      ['/async', { ...known, ...word }, 0],
      ['/async', known, 418],
      ['/async', word, 'credentials_missing'],
      ['/twice', known, 0],
      ['/twice', {}, 'credentials_missing'],
    ] as const) {
      expect([at, headers, await statusAt(at, headers)]).toEqual([at, headers, outcome]);
    }
  });

  it('closes if it throws, and its words are for the log', async () => {
    for (const at of ['/throwing', '/rejecting', '/async-throwing', '/async-rejecting']) {
      const answer = await tryToConnect('ws', app.url, { at, headers: bearer(token) });
      expect(answer).toMatchObject({
        status: 500,
        body: { statusCode: 500, message: 'Internal server error' },
      });
    }
    const errors = app.log.messages('error').join('\n');
    expect(errors).toContain('A client could not connect: Error: broken');
    expect(errors).not.toContain('eyJhbGciOi');
  });
});

describe('subprotocols', () => {
  @WebSocketGateway({ path: '/default' })
  class DefaultGateway {}

  @WebSocketGateway({ path: '/chat', handleProtocols: () => 'chat.v2' })
  class ChatGateway {}

  @WebSocketGateway({ path: '/first', handleProtocols: ([first]: Set<string>) => first })
  class FirstGateway {}

  @WebSocketGateway({ path: '/none', handleProtocols: () => false })
  class NoneGateway {}

  it('never send the token back, and go on as the app says', async () => {
    await using app = await startClosed('ws', hanko, [
      DefaultGateway,
      ChatGateway,
      FirstGateway,
      NoneGateway,
    ]);
    const ours = `bearer.${token}`;
    const chosen = async (opening: Opening): Promise<string | undefined> => {
      await using client = await connect('ws', app.url, opening);
      expect(client.response).not.toContain(token);
      const fields = JSON.parse(client.response) as string[];
      return fields[fields.indexOf('Sec-WebSocket-Protocol') + 1];
    };

    for (const [at, protocols, outcome] of [
      ['/default', [ours, 'hanko'], 'hanko'],
      ['/default', ['graph', ours], 'graph'],
      ['/chat', ['chat.v2', ours], 'chat.v2'],
      ['/first', [ours, 'graph', 'hanko'], 'hanko'],
      ['/first', ['graph', ours], 'graph'],
    ] as const) {
      expect([at, await chosen({ at, protocols: [...protocols] })]).toEqual([at, outcome]);
    }
    // Clients refuse a server that chooses none: the log says what to do about it.
    for (const at of ['/default', '/none']) {
      await expect(chosen({ at, protocols: [ours] })).rejects.toThrow(/no subprotocol/);
    }
  });
});

describe('a gateway of ws with a port of its own', () => {
  const start = async (options: object = {}) => {
    const port = await freePort();
    @RequireAuth()
    @WebSocketGateway(port, options)
    class OwnPortGateway {
      @SubscribeMessage('who')
      who(@CurrentUser() { sessionId }: HankoUser): Frame {
        return { event: 'reply', data: sessionId };
      }
    }
    const app = await startClosed('ws', hanko, [OwnPortGateway]);
    return { ...app, url: `http://127.0.0.1:${port}` };
  };

  it.each([{}, { path: '/live' }])('is closed, and knows who speaks: %j', async (options) => {
    await using app = await start(options);
    const at = { at: 'path' in options ? '/live' : '' };
    expect(await tryToConnect('ws', app.url, at)).toMatchObject({ code: 'credentials_missing' });

    await using client = await connect('ws', app.url, { ...at, headers: bearer(token) });
    expect(await client.ask('who')).toEqual({ event: 'reply', data: sessionIdIn(token) });
    await app.app.get(HankoRevocation).revoke(sessionIdIn(token));
    expect(await client.closed).toBe('4401 session_revoked');
    expect(app.app.get(HankoLiveSessions).size).toBe(0);
  });

  it('is closed in a microservice, too', async () => {
    const port = await freePort();
    @WebSocketGateway(port)
    class Gateway {}
    class AppModule {}
    const service = await NestFactory.createMicroservice(
      {
        module: AppModule,
        imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' })],
        providers: [Gateway],
      },
      { transport: Transport.TCP, options: { port: 0 }, logger: new CapturedLog() },
    );
    service.useWebSocketAdapter(hankoSockets(service, new WsAdapter(service)));
    await service.listen();
    try {
      const url = `http://127.0.0.1:${port}`;
      expect(await tryToConnect('ws', url)).toMatchObject({ status: 401 });
      expect(await tryToConnect('ws', url, { headers: bearer(token) })).toEqual({ status: 0 });
    } finally {
      await service.close();
    }
  });
});

describe('a client of ws', () => {
  let release: (() => void) | undefined;
  let opened = 0;

  @WebSocketGateway({
    path: '/slow',
    verifyClient: async () =>
      new Promise<boolean>((resolve) => {
        release = () => resolve(true);
      }),
  } as never)
  class SlowGateway implements OnGatewayConnection {
    handleConnection(): void {
      opened += 1;
    }
  }

  @WebSocketGateway({ path: '/replaced' })
  class ReplacedGateway implements OnGatewayInit<WebSocketServer>, OnGatewayConnection {
    afterInit(server: WebSocketServer): void {
      server.options.verifyClient = () => true;
    }

    handleConnection(): void {
      opened += 1;
    }
  }

  @WebSocketGateway({ path: '/plain' })
  class PlainGateway implements OnGatewayConnection {
    @WsServer() readonly server!: WebSocketServer;

    handleConnection(): void {
      opened += 1;
    }
  }

  let app: RunningApp;

  beforeAll(async () => {
    app = await startClosed('ws', hanko, [SlowGateway, ReplacedGateway, PlainGateway]);
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const released = async (): Promise<void> => {
    await until(() => release !== undefined);
    release?.();
    release = undefined;
  };

  it('ends no process that has gone when Nest refuses its request', async () => {
    const uncaught: unknown[] = [];
    const onUncaught = (error: unknown): void => void uncaught.push(error);
    process.on('uncaughtException', onUncaught);
    for (let i = 0; i < 10; i += 1) {
      const socket = connectTcp(Number(new URL(app.url).port), '127.0.0.1');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.write(
        'GET // HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      );
      socket.resetAndDestroy();
    }
    expect(await tryToConnect('ws', app.url, { at: '/plain' })).toMatchObject({ status: 401 });
    process.off('uncaughtException', onUncaught);
    expect(uncaught).toEqual([]);
  });

  it('is refused whose session ended while the app was deciding', async () => {
    const answer = tryToConnect('ws', app.url, { at: '/slow', headers: bearer(token) });
    await until(() => release !== undefined);
    await app.app.get(HankoRevocation).revoke(sessionIdIn(token));
    await released();
    expect(await answer).toMatchObject({ status: 401, code: 'session_revoked' });
    expect(opened).toBe(0);
  });

  it('is turned away where other code replaced what asks, and the log says so', async () => {
    await using client = await connect('ws', app.url, { at: '/replaced', headers: bearer(token) });
    expect(await client.closed).toBe('4401 credentials_missing');
    expect(opened).toBe(0);
    expect(app.log.messages('error')).toEqual([
      expect.stringMatching(/^A client connected past hankoSockets\(\)/),
    ]);
  });

  it('leaves nothing behind that goes while it is asked', async () => {
    const { WebSocket } = await import('ws');
    const socket = new WebSocket(`${app.url.replace('http', 'ws')}/slow`, {
      headers: bearer(token),
    });
    socket.on('error', () => undefined);
    await until(() => release !== undefined);
    socket.terminate();
    await released();
    expect(await tryToConnect('ws', app.url, { at: '/plain' })).toMatchObject({ status: 401 });
    expect(app.app.get(HankoLiveSessions).size).toBe(0);
  });

  it('is let in once for each time that it was asked', async () => {
    const before = opened;
    await using client = await connect('ws', app.url, { at: '/plain', headers: bearer(token) });
    const { server } = app.app.get(PlainGateway);
    const [{ _socket: tcpSocket }] = [...server.clients] as unknown as [{ _socket: object }];
    const codes: number[] = [];
    const second = Object.assign(new EventEmitter(), {
      ['_socket']: tcpSocket,
      readyState: 1,
      close: (code: number) => codes.push(code),
    });
    server.emit('connection', second);
    expect(codes).toEqual([4401]);
    expect(opened - before).toBe(1);
    expect(client.frames).toEqual([]);
  });
});

it('a subclass of WsAdapter is closed as the adapter is', async () => {
  class LoggedAdapter extends WsAdapter {
    readonly asked: unknown[] = [];

    override create(port: number, options: Record<string, unknown>): unknown {
      this.asked.push(options.path);
      return super.create(port, { ...options, maxPayload: 1_000 });
    }
  }
  @WebSocketGateway({ path: '/live' })
  class LiveGateway {}
  let adapter: LoggedAdapter | undefined;
  await using app = await startClosed('ws', hanko, [LiveGateway], {
    configure: (nest) => {
      adapter = new LoggedAdapter(nest);
      nest.useWebSocketAdapter(hankoSockets(nest, adapter));
    },
  });
  expect(await tryToConnect('ws', app.url, { at: '/live' })).toMatchObject({ status: 401 });
  expect(adapter?.asked).toEqual(['/live']);
});
