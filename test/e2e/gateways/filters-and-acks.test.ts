// oxlint-disable promise/valid-params -- exception filters have a method catch
import { type ArgumentsHost, Catch, UseFilters, UseGuards } from '@nestjs/common';
import {
  BaseWsExceptionFilter,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WsException,
} from '@nestjs/websockets';
import { HankoAuthError, HankoAuthGuard, HankoModule, Public } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bearer, type RunningApp, startApp } from '../../support/app.js';
import { IS_NEST_11 } from '../../support/message-app.js';
import {
  connect,
  type Frame,
  LIBRARIES,
  NotesGateway,
  useLibrary,
} from '../../support/gateways.js';

/** What filters of the app found in an exception. */
let seen: unknown[] = [];

const note = (exception: WsException): void => {
  const cause: unknown = exception.cause;
  seen.push({
    error: exception.getError(),
    keys: Object.keys(exception).filter((key) => key === 'cause'),
    ...(cause instanceof HankoAuthError && { code: cause.code, status: cause.getStatus() }),
  });
};

@Catch(WsException)
class PassingFilter extends BaseWsExceptionFilter {
  override catch(exception: WsException, host: ArgumentsHost): void {
    note(exception);
    super.catch(exception, host);
  }
}

@Catch()
class CatchAllFilter extends BaseWsExceptionFilter {
  override catch(exception: unknown, host: ArgumentsHost): void {
    note(exception as WsException);
    super.catch(exception, host);
  }
}

/** Answers in words of its own. */
@Catch(WsException)
class OwnWordsFilter {
  catch(exception: WsException, host: ArgumentsHost): void {
    const { code } = exception.getError() as { code: string };
    const client = host.switchToWs().getClient<{
      emit(event: string, data: unknown): void;
      send(text: string): void;
    }>();
    if ('handshake' in client) client.emit('no', code);
    else client.send(JSON.stringify({ event: 'no', data: code }));
  }
}

/** As docs/websockets.md has it: whoever waits for an acknowledgement gets the refusal there. */
@Catch(WsException)
class AckFilter extends BaseWsExceptionFilter {
  override catch(exception: WsException, host: ArgumentsHost): void {
    const ack = host.getArgs<unknown[]>().find((arg) => typeof arg === 'function');
    if (ack === undefined) super.catch(exception, host);
    else ack({ error: exception.getError() });
  }
}

const said = (): Frame => ({ event: 'reply', data: 'said' });

@WebSocketGateway()
@UseGuards(HankoAuthGuard)
class FilteredGateway {
  @UseFilters(PassingFilter)
  @SubscribeMessage('passing')
  passing(): Frame {
    return said();
  }

  @UseFilters(CatchAllFilter)
  @SubscribeMessage('catch-all')
  catchAll(): Frame {
    return said();
  }

  @UseFilters(OwnWordsFilter)
  @SubscribeMessage('own-words')
  ownWords(): Frame {
    return said();
  }

  @UseFilters(AckFilter)
  @SubscribeMessage('with-ack')
  withAck(@MessageBody() data: unknown): unknown {
    return { data };
  }

  @Public()
  @SubscribeMessage('own-exception')
  ownException(): never {
    throw new WsException({ own: true });
  }
}

let hanko: FakeHanko;
let token: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  token = await hanko.token();
});
beforeEach(() => {
  seen = [];
});
afterAll(() => hanko.stop());

const start = (library: (typeof LIBRARIES)[number]): Promise<RunningApp> =>
  startApp(
    'Express',
    {
      imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' })],
      providers: [NotesGateway, FilteredGateway],
    },
    { configure: useLibrary(library) },
  );

const BODY = {
  statusCode: 401,
  code: 'credentials_missing',
  message: 'Authentication is required',
};

describe.each(LIBRARIES)('exception filters of the app over %s', (library) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await start(library);
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it.each(['passing', 'catch-all'])(
    'get a WsException with our body and our error as its cause, and the caller is told once: %s',
    async (event) => {
      await using client = await connect(library, app.url);
      client.say(event, { n: 1 });
      client.say(event, { n: 2 });
      await client.next(2);
      await client.ask('public', 'last');

      expect(client.frames.slice(0, 2)).toEqual([
        { event: 'exception', data: BODY },
        { event: 'exception', data: BODY },
      ]);
      expect(client.frames).toHaveLength(3);
      expect(seen[0]).toEqual({ error: BODY, keys: [], code: BODY.code, status: 401 });
    },
  );

  it('may answer in their own words, and nothing else is sent', async () => {
    await using client = await connect(library, app.url);

    expect(await client.ask('own-words')).toEqual({ event: 'no', data: 'credentials_missing' });
    await client.ask('public', 'last');
    expect(client.frames).toHaveLength(2);
  });

  it('change nothing about exceptions of the app: they are sent as Nest sends them', async () => {
    await using client = await connect(library, app.url);
    // From here on we listen to this client.
    await client.ask('passing');
    client.say('own-exception');
    await client.ask('public', 'last');
    const own = client.frames.filter(({ data }) => Object(data).own === true);

    // Nest 11 sends none to clients of ws.
    expect(own).toHaveLength(IS_NEST_11 && library === 'ws' ? 0 : 1);
  });
});

describe('an acknowledgement that a refused caller of socket.io waits for', () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await start('socket.io');
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const open = (headers: Record<string, string> = {}) => {
    const socket = io(app.url, {
      transports: ['websocket'],
      extraHeaders: headers,
      forceNew: true,
      reconnection: false,
    });
    return { socket, [Symbol.dispose]: () => void socket.disconnect() };
  };

  it('never comes: the event does, and so does a time-out, if the caller sets one', async () => {
    using client = open();
    const { socket } = client;
    let acknowledged = false;
    const exception = new Promise((resolve) => socket.once('exception', resolve));
    socket.emit('unmarked', {}, () => {
      acknowledged = true;
    });

    expect(await exception).toEqual(BODY);
    await new Promise((resolve) => socket.once('reply', resolve).emit('public', 1));
    expect(acknowledged).toBe(false);
    await expect(socket.timeout(1).emitWithAck('unmarked', {})).rejects.toThrow(/timed out/);
  });

  it('comes where a filter of the app gives it, in place of the event', async () => {
    using nobody = open();
    let exceptions = 0;
    nobody.socket.on('exception', () => (exceptions += 1));
    const [first, second] = (await Promise.all([
      nobody.socket.emitWithAck('with-ack', 1),
      nobody.socket.emitWithAck('with-ack', 2),
    ])) as unknown[];

    expect(first).toEqual({ error: BODY });
    expect(second).toEqual({ error: BODY });
    expect(exceptions).toBe(0);
    using somebody = open(bearer(token));
    expect(await somebody.socket.emitWithAck('with-ack', 1)).toEqual({ data: 1 });
  });
});
