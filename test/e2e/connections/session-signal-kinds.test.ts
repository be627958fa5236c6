import type { AddressInfo, Server } from 'node:net';
import { Controller, type INestApplicationContext } from '@nestjs/common';
import { Query, Resolver } from '@nestjs/graphql';
import {
  ClientProxyFactory,
  GrpcMethod,
  GrpcStreamMethod,
  MessagePattern,
  Payload,
  Transport,
} from '@nestjs/microservices';
import { Metadata } from '@grpc/grpc-js';
import {
  HankoLiveSessions,
  HankoRevocation,
  type HankoTransport,
  OptionalAuth,
  RequireAuth,
  SessionSignal,
} from 'nestjs-hanko';
import { NEVER, type Observable, of } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bearer } from '../../support/app.js';
import { sessionIdIn } from '../../support/claims-in.js';
import { DRIVERS, startGraphqlApp } from '../../support/graphql-app.js';
import { over, post, socketTo } from '../../support/graphql-client.js';
import { startGrpc, type Text } from '../../support/grpc-app.js';
import {
  ENDINGS,
  eventually,
  expectNothingHeld,
  hanko,
  liveOptions,
  useLiveApp,
  useLiveHanko,
} from '../../support/live-streams.js';
import {
  byHook,
  type Carrier,
  inPayload,
  IS_NEST_11,
  payloadTransport,
  type RunningRpc,
  sendBy,
  startRpc,
} from '../../support/rpc-handlers.js';

useLiveHanko();

type Signal = AbortSignal | null;

/** What handlers were given. */
let signals: Signal[] = [];
beforeEach(() => {
  signals = [];
});

const codeOf = (signal: Signal | undefined): unknown =>
  (signal?.reason as { code?: unknown } | undefined)?.code;

/** Resolves to the code of the error that the signal aborts with. */
const untilEnded = (signal: AbortSignal): Promise<unknown> => {
  signals.push(signal);
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(codeOf(signal))));
};

const briefly = (signal: Signal): string => {
  signals.push(signal);
  return signal === null ? 'nobody' : String(signal.aborted);
};

const areTaken = (count = 1): Promise<unknown> =>
  eventually(() => expect(signals).toHaveLength(count));
const isOver = (): boolean => signals[0]?.aborted === true;
const held = (app: Pick<INestApplicationContext, 'get'>): number => app.get(HankoLiveSessions).size;

@Resolver()
class SignalsResolver {
  @RequireAuth({ session: 'online' })
  @Query()
  long(@SessionSignal() signal: AbortSignal): unknown {
    return untilEnded(signal);
  }

  @OptionalAuth()
  @Query()
  short(@SessionSignal() signal: Signal): string {
    return briefly(signal);
  }
}

const typeDefs = 'type Query { long: String, short: String }';

describe.each(DRIVERS)('@SessionSignal() in GraphQL: $name', (driver) => {
  const app = useLiveApp(() =>
    startGraphqlApp(driver, {
      resolver: SignalsResolver,
      graphql: { typeDefs },
      hanko: liveOptions(),
    }),
  );

  it.each(ENDINGS)('aborts a query over HTTP whose session $title', async ({ code, end }) => {
    const token = await hanko.token();
    const reply = post(app, '{ long }', bearer(token));
    await areTaken();
    await end(app.app, token, isOver);

    expect((await reply).data).toEqual({ long: code });
    expect(codeOf(signals[0])).toBe(code);
  });

  it('is forgotten with the response, is one for each call, and null for nobody', async () => {
    const token = await hanko.token();
    const query = '{ a: short, b: short }';
    for (const headers of [bearer(token), bearer(token), {}]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await post(app, query, headers);
    }
    await expectNothingHeld(app.app);
    await app.app.get(HankoRevocation).revoke(sessionIdIn(token));

    // Two fields in each of three operations.
    const [user, nobody] = [false, undefined];
    const aborted = signals.map((signal) => signal?.aborted);
    expect(aborted).toEqual([user, user, user, user, nobody, nobody]);
    expect(signals[0]).not.toBe(signals[2]);
  });

  it.each(ENDINGS)('aborts a query over a socket whose session $title', async ({ code, end }) => {
    const token = await hanko.token();
    const client = socketTo(app, { params: { token } });
    const closed = over(client, '{ long }').catch(String);
    await areTaken();
    await end(app.app, token, isOver);
    await closed;
    await client.dispose();

    expect(codeOf(signals[0])).toBe(code);
  });

  it('is one for all calls on a socket, and goes with it', async () => {
    const client = socketTo(app, { params: { token: await hanko.token() } });
    // It stays open while something is under way.
    const open = over(client, '{ long }').catch(String);
    await areTaken();
    for (let n = 0; n < 3; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await over(client, '{ short }')).toEqual([{ data: { short: 'false' } }]);
    }
    expect([new Set(signals).size, held(app.app)]).toEqual([1, 2]);
    client.terminate();
    await client.dispose();
    await open;
    await expectNothingHeld(app.app);

    expect(signals[0]?.aborted).toBe(false);
  });
});

@Controller()
class SignalCallsController {
  @RequireAuth({ session: 'online' })
  @GrpcMethod('Calls', 'Required')
  async long(@SessionSignal() signal: AbortSignal): Promise<Text> {
    return { text: String(await untilEnded(signal)) };
  }

  @OptionalAuth()
  @GrpcMethod('Calls', 'Optional')
  short(@SessionSignal() signal: Signal): Text {
    return { text: briefly(signal) };
  }

  @GrpcMethod('Calls', 'Fails')
  fails(@SessionSignal() signal: AbortSignal): Text {
    briefly(signal);
    throw new Error('a fault');
  }

  @RequireAuth({ session: 'online' })
  @GrpcMethod('Calls', 'Down')
  down(@SessionSignal() signal: AbortSignal): Observable<Text> {
    briefly(signal);
    return NEVER;
  }

  @RequireAuth({ session: 'online' })
  @GrpcStreamMethod('Calls', 'Both')
  both(@SessionSignal() signal: AbortSignal): Observable<Text> {
    briefly(signal);
    return NEVER;
  }
}

const metadataOf = (token?: string): Metadata => {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  return metadata;
};

describe('@SessionSignal() in gRPC', () => {
  const grpc = useLiveApp(() =>
    startGrpc({ controllers: [SignalCallsController], options: liveOptions() }),
  );

  it.each(ENDINGS)('aborts, and ends, a unary call whose session $title', async ({ code, end }) => {
    const token = await hanko.token();
    const reply = grpc.call('Required', metadataOf(token));
    await areTaken();
    await end(grpc.app, token, isOver);

    expect(await reply).toMatchObject({ details: code, texts: [] });
    expect(codeOf(signals[0])).toBe(code);
  });

  it('is forgotten with the answer, is one for each call, and null for nobody', async () => {
    const token = await hanko.token();
    for (const metadata of [metadataOf(token), metadataOf(token), metadataOf()]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await grpc.call('Optional', metadata);
    }
    expect(await grpc.call('Fails', metadataOf(token))).toMatchObject({ code: 2 });
    await expectNothingHeld(grpc.app);
    await grpc.app.get(HankoRevocation).revoke(sessionIdIn(token));

    expect(signals.map((signal) => signal?.aborted)).toEqual([false, false, undefined, false]);
    expect(new Set(signals).size).toBe(4);
  });

  it('is forgotten when the caller is gone', async () => {
    const call = grpc.open('Required', metadataOf(await hanko.token()));
    await areTaken();
    expect(held(grpc.app)).toBe(2);
    call.stream.cancel();
    await expectNothingHeld(grpc.app);

    expect(signals[0]?.aborted).toBe(false);
  });

  describe.each(['Down', 'Both'])('of the stream %s', (method) => {
    it.each(ENDINGS)('aborts when its session $title', async ({ code, end }) => {
      const token = await hanko.token();
      const call = grpc.open(method, metadataOf(token));
      await areTaken();
      await end(grpc.app, token, isOver);
      await eventually(() => expect(call.seen).toMatchObject([{ details: code }]));

      expect(codeOf(signals[0])).toBe(code);
    });

    it('goes with it', async () => {
      const call = grpc.open(method, metadataOf(await hanko.token()));
      await areTaken();
      call.stream.cancel();
      await expectNothingHeld(grpc.app);

      expect(signals[0]?.aborted).toBe(false);
    });
  });
});

@Controller()
class SignalMessagesController {
  @RequireAuth({ session: 'online' })
  @MessagePattern('long')
  long(@SessionSignal() signal: AbortSignal, @Payload() _data: unknown): unknown {
    return untilEnded(signal);
  }

  @OptionalAuth()
  @MessagePattern('short')
  short(@SessionSignal() signal: Signal, @Payload() _data: unknown): Observable<string> {
    return of(briefly(signal));
  }
}

/** What calls of the transport below are waited for, and are over by. */
let closing: (() => void)[] = [];

/** A transport of the app that knows when a message is over. */
const knowing: HankoTransport = {
  type: 'rpc',
  open: (context) => {
    const call = payloadTransport.open(context);
    return call && { ...call, onClose: (listener) => void closing.push(listener) };
  },
};

describe.each([
  ...(IS_NEST_11 ? [] : [{ by: 'metadata of the packet', carrierOf: byHook }]),
  { by: 'a transport of the app', carrierOf: inPayload, transports: [payloadTransport] },
  {
    by: 'a transport of the app that says when a message is over',
    carrierOf: inPayload,
    transports: [knowing],
  },
])('@SessionSignal() over TCP, with $by', ({ carrierOf, transports = [] }) => {
  let rpc: RunningRpc;
  let carrier: Carrier;
  beforeAll(async () => {
    rpc = await startRpc(
      { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } },
      { controllers: [SignalMessagesController], options: { ...liveOptions(), transports } },
    );
    const { port } = rpc.app.unwrap<Server>().address() as AddressInfo;
    const options = { host: '127.0.0.1', port };
    carrier = carrierOf(ClientProxyFactory.create({ transport: Transport.TCP, options }));
  });
  afterAll(async () => {
    await carrier?.client.close();
    await rpc?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    closing = [];
  });

  const send = (pattern: string, token?: string): Promise<unknown> =>
    sendBy(carrier, pattern, token === undefined ? {} : { authorization: `Bearer ${token}` });

  it.each(ENDINGS)('aborts a message whose session $title', async ({ code, end }) => {
    const token = await hanko.token();
    const reply = send('long', token);
    await areTaken();
    await end(rpc.app, token, isOver);

    expect(await reply).toBe(code);
    await expectNothingHeld(rpc.app);
  });

  const isKnown = transports.includes(knowing);
  it(`is one for each ${isKnown ? 'message, and goes with it' : 'session, and is held until that ends'}`, async () => {
    const token = await hanko.token();
    for (const _ of [1, 2, 3]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await send('short', token)).toBe('false');
    }
    expect([new Set(signals).size, held(rpc.app)]).toEqual(isKnown ? [3, 3] : [1, 1]);
    for (const close of closing) close();
    expect(held(rpc.app)).toBe(isKnown ? 0 : 1);
    await rpc.app.get(HankoRevocation).revoke(sessionIdIn(token));

    await expectNothingHeld(rpc.app);
    expect(isOver()).toBe(!isKnown);
  });

  it('is null for nobody', async () => {
    expect(await send('short')).toBe('nobody');
    expect(held(rpc.app)).toBe(0);
  });
});
