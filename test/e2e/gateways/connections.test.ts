import type { IncomingMessage } from 'node:http';
import { Inject, UseGuards } from '@nestjs/common';
import { type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoAuthService,
  type HankoCall,
  HankoModule,
  type HankoTransport,
  isHankoError,
  OptionalAuth,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import type { Socket } from 'socket.io';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { bearer, cookie, PLATFORMS, type RunningApp, startApp } from '../../support/app.js';
import {
  connect,
  type Frame,
  freePort,
  LIBRARIES,
  type Library,
  NotesGateway,
  type Opening,
  SERVERS,
  useLibrary,
} from '../../support/gateways.js';

let hanko: FakeHanko;
let token: string;
let userId: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  userId = hanko.createUser().id;
  token = await hanko.token({ user: userId });
});
afterAll(() => hanko.stop());

const hankoModule = (transports: readonly HankoTransport[] = []) =>
  HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', transports });

const FOREIGN = { Origin: 'https://evil.test' };

/** Who opened each connection, in order. */
let opened: ((outcome: unknown) => void) | undefined;
const nextConnection = (): Promise<unknown> =>
  new Promise((resolve) => {
    opened = resolve;
  });

@WebSocketGateway()
class ConnectionGateway implements OnGatewayConnection {
  constructor(@Inject(HankoAuthService) private readonly auth: HankoAuthService) {}

  async handleConnection(client: Socket | WebSocket, request?: IncomingMessage): Promise<void> {
    const outcomeOf = async (source: Socket | WebSocket | IncomingMessage): Promise<unknown> =>
      this.auth.authenticate(source).then(
        ({ id }) => id,
        (error: unknown) => (isHankoError(error) ? error.code : error),
      );
    const outcome = await outcomeOf(client);
    const again = await this.auth
      .authenticate(client, { isHandshake: true, optional: true })
      .then((user) => user?.id ?? null)
      .catch(() => 'refused');
    opened?.({ outcome, again, ofRequest: request && (await outcomeOf(request)) });
  }
}

describe.each(SERVERS)('authenticate(client) over $library on $platform', (server) => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp(
      server.platform,
      { imports: [hankoModule()], providers: [ConnectionGateway] },
      { configure: useLibrary(server.library) },
    );
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const outcomeOf = async (opening: Opening): Promise<unknown> => {
    const outcome = nextConnection();
    const client = await connect(server.library, app.url, opening);
    try {
      return await outcome;
    } finally {
      await client[Symbol.asyncDispose]();
    }
  };
  /** ws hands the request over as well. */
  const both = (outcome: unknown, again: unknown) => ({
    outcome,
    again,
    ...(server.library === 'ws' && { ofRequest: outcome }),
  });

  it('knows who opened the connection', async () => {
    expect(await outcomeOf({ headers: bearer(token) })).toEqual(both(userId, userId));
    expect(await outcomeOf({ headers: cookie(token) })).toEqual(both(userId, userId));
    expect(await outcomeOf({})).toEqual(both('credentials_missing', null));
    expect(await outcomeOf({ headers: bearer('garbage') })).toEqual(
      both('token_malformed', 'refused'),
    );
    expect(
      await outcomeOf(
        server.library === 'ws' ? { protocols: ['hanko', `bearer.${token}`] } : { auth: { token } },
      ),
    ).toMatchObject({ outcome: userId, again: userId });
  });

  it('refuses a cookie from a foreign site, also of a connection that begins by polling', async () => {
    const headers = { ...cookie(token), ...FOREIGN };

    // ws knows no polling.
    for (const isPolling of [false, true]) {
      expect(await outcomeOf({ headers, isPolling })).toEqual(
        both('cross_site_request', 'refused'),
      );
    }
    expect(await outcomeOf({ headers: { ...bearer(token), ...FOREIGN } })).toEqual(
      both(userId, userId),
    );
  });
});

describe.each(PLATFORMS)('namespaces and paths of socket.io on %s', (platform) => {
  @WebSocketGateway({ namespace: 'admin', path: '/sockets' })
  @UseGuards(HankoAuthGuard)
  class AdminGateway {
    @OptionalAuth()
    @SubscribeMessage('who')
    who(@CurrentUser('id') id: string | null): Frame {
      return { event: 'reply', data: id };
    }
  }

  it('have their own auth, and one handshake', async () => {
    await using app = await startApp(
      platform,
      { imports: [hankoModule()], providers: [AdminGateway] },
      { configure: useLibrary('socket.io') },
    );
    const who = async (opening: Opening): Promise<unknown> => {
      const at = { at: '/admin', path: '/sockets' };
      await using client = await connect('socket.io', app.url, { ...at, ...opening });
      return (await client.ask('who')).data;
    };

    expect(await who({ auth: { token } })).toBe(userId);
    expect(await who({ headers: cookie(token) })).toBe(userId);
    expect(await who({})).toBe(null);
    expect(await who({ headers: { ...cookie(token), ...FOREIGN } })).toMatchObject({
      code: 'cross_site_request',
    });
  });
});

describe('a path of ws', () => {
  @WebSocketGateway({ path: '/live', handleProtocols: () => 'hanko' })
  @UseGuards(HankoAuthGuard)
  class LiveGateway {
    @SubscribeMessage('who')
    who(@CurrentUser('id') id: string): Frame {
      return { event: 'reply', data: id };
    }
  }

  it('is guarded, and its response names no bearer in whatever order the subprotocols stand', async () => {
    await using app = await startApp(
      'Express',
      { imports: [hankoModule()], providers: [LiveGateway, NotesGateway] },
      { configure: useLibrary('ws') },
    );
    for (const protocols of [
      ['hanko', `bearer.${token}`],
      [`bearer.${token}`, 'hanko'],
    ]) {
      await using client = await connect('ws', app.url, { at: '/live', protocols });

      expect(await client.ask('who')).toEqual({ event: 'reply', data: userId });
      expect(client.response).toContain('"hanko"');
      expect(client.response).not.toContain(token);
    }
    await using client = await connect('ws', app.url, { at: '/live' });
    expect(await client.ask('who')).toMatchObject({ data: { code: 'credentials_missing' } });
  });
});

const requests = new WeakMap<object, IncomingMessage>();

async function startOwnPort(library: Library, transports?: readonly HankoTransport[]) {
  const port = await freePort();
  @WebSocketGateway(port)
  @UseGuards(HankoAuthGuard)
  class OwnPortGateway extends NotesGateway implements OnGatewayConnection {
    handleConnection(client: object, request?: IncomingMessage): void {
      if (request !== undefined) requests.set(client, request);
    }
  }
  const app = await startApp(
    'Express',
    { imports: [hankoModule(transports)], providers: [OwnPortGateway] },
    { configure: useLibrary(library) },
  );
  return { ...app, url: `http://127.0.0.1:${port}` };
}

describe.each(LIBRARIES)('a gateway of %s with a port of its own', (library) => {
  it('is authenticated by a transport of the app that kept its requests', async () => {
    const kept: HankoTransport = {
      type: 'ws',
      open(context): HankoCall | undefined {
        const request = requests.get(context.getArgByIndex<object>(0));
        return request && { request, isHandshake: true };
      },
    };
    await using app = await startOwnPort(library, [kept]);
    const { url } = app;
    await using client = await connect(library, url, { headers: cookie(token) });
    await using foreign = await connect(library, url, {
      headers: { ...cookie(token), ...FOREIGN },
    });
    await using nobody = await connect(library, url);

    expect(await client.ask('unmarked')).toMatchObject({ data: { id: userId } });
    // Refused in the form of all gateways, though the transport says nothing of it.
    expect(await foreign.ask('unmarked', { n: 1 })).toEqual({
      event: 'exception',
      data: expect.objectContaining({ code: 'cross_site_request' }),
    });
    expect(await nobody.ask('unmarked', { n: 1 })).toEqual({
      event: 'exception',
      data: expect.objectContaining({ code: 'credentials_missing' }),
    });
    expect(nobody.frames).toHaveLength(1);
  });
});

describe('a gateway with a port of its own, and no transport for it,', () => {
  it('is authenticated with socket.io, which keeps the handshake', async () => {
    await using app = await startOwnPort('socket.io');
    await using client = await connect('socket.io', app.url, { headers: bearer(token) });

    expect(await client.ask('unmarked')).toMatchObject({ data: { id: userId } });
  });

  it('is closed with ws, and the log says what to change', async () => {
    await using app = await startOwnPort('ws');
    await using client = await connect('ws', app.url, { headers: bearer(token) });

    for (const event of ['unmarked', 'optional', 'unmarked']) {
      expect(await client.ask(event)).toEqual({
        event: 'exception',
        data: expect.objectContaining({ statusCode: 501, code: 'context_unsupported' }),
      });
    }
    expect(await client.ask('public', 1)).toMatchObject({ event: 'reply' });
    expect(app.log.messages('error')).toEqual(
      ['unmarked', 'optional'].map((name) =>
        expect.stringMatching(
          new RegExp(
            `^OwnPortGateway\\.${name}: no handshake .* Omit the port in @WebSocketGateway\\(\\)`,
          ),
        ),
      ),
    );
    const auth = app.app.get(HankoAuthService);
    const strange = { readyState: 1, OPEN: 1, send: () => undefined };
    await expect(auth.authenticate(strange)).rejects.toMatchObject({ code: 'context_unsupported' });
  });
});

describe('an app whose only gateways have ports of their own', () => {
  it('answers upgrade requests to its HTTP server as it did', async () => {
    const port = await freePort();
    @WebSocketGateway(port)
    @UseGuards(HankoAuthGuard)
    class ElsewhereGateway extends NotesGateway {}
    await using app = await startApp(
      'Express',
      { imports: [hankoModule()], providers: [ElsewhereGateway] },
      { configure: useLibrary('ws') },
    );
    const headers = { Upgrade: 'websocket', Connection: 'Upgrade' };

    expect((await app.get('/', headers)).status).toBe(404);
  });
});
