import type { AddressInfo, Server } from 'node:net';
import { Controller, Scope } from '@nestjs/common';
import {
  type ClientProxy,
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Payload,
  Transport,
} from '@nestjs/microservices';
import { CurrentUser, Public } from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { behavesAsOverHttp } from '../../support/rpc-behaviour.js';
import {
  byHook,
  type Carrier,
  emitBy,
  eventually,
  expectNoToken,
  inPayload,
  IS_NEST_11,
  payloadTransport,
  ran,
  refusal,
  run,
  type RpcParts,
  type RunningRpc,
  sendBy,
  startRpc,
  token,
  userId,
  useRpcHanko,
} from '../../support/rpc-handlers.js';

useRpcHanko();

const SERVER = { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } } as const;

const clientOf = ({ app }: RunningRpc): ClientProxy =>
  ClientProxyFactory.create({
    transport: Transport.TCP,
    options: {
      host: '127.0.0.1',
      port: (app.unwrap<Server>().address() as AddressInfo).port,
    },
  });

/** Nest 11 carries nothing beside the payload. */
const carrierOf = IS_NEST_11 ? inPayload : byHook;
const options = IS_NEST_11 ? { transports: [payloadTransport] } : {};

const start = async (parts?: RpcParts) => {
  const rpc = await startRpc(SERVER, { options, ...parts });
  return { rpc, carrier: carrierOf(clientOf(rpc)) };
};

describe(`over TCP, with ${IS_NEST_11 ? 'a transport of the app' : 'metadata of the packet'}`, () => {
  behavesAsOverHttp(start, !IS_NEST_11);
});

describe('without Hanko', () => {
  let rpc: RunningRpc;
  let carrier: Carrier;
  beforeAll(async () => {
    ({ rpc, carrier } = await start({ options: { ...options, apiUrl: 'http://127.0.0.1:1' } }));
  });
  afterAll(async () => {
    await carrier.client.close();
    await rpc[Symbol.asyncDispose]();
  });

  it('public handlers answer, and others say that it is an outage', async () => {
    const fields = { authorization: `Bearer ${token}` };

    expect(await sendBy(carrier, 'public', fields)).toEqual({ id: null, payload: {} });
    expect(await sendBy(carrier, 'required', fields)).toEqual(refusal('hanko_unavailable'));
    expect(await sendBy(carrier, 'optional', fields)).toEqual(refusal('hanko_unavailable'));
    expect(ran).toEqual(['public']);
  });

  it('a flood of events that are refused does not flood the log', async () => {
    for (let i = 0; i < 60; i++) await emitBy(carrier, 'event');
    await eventually(() =>
      expect(rpc.log.messages('warn', 'HankoAuth').length).toBeGreaterThanOrEqual(10),
    );
    expect(await sendBy(carrier, 'public')).toEqual({ id: null, payload: {} });

    // Ten a second, whichever second it is.
    expect(rpc.log.messages('warn').length).toBeLessThan(45);
    expect(rpc.log.messages('error')).toEqual([]);
  });
});

describe('with an extractor that breaks its contract', () => {
  it('callers learn nothing of it, and the log says it', async () => {
    const extractor = {
      name: 'broken',
      extract: (): never => {
        throw new TypeError(`cannot read ${token}`);
      },
    };
    const { rpc, carrier } = await start({ options: { ...options, extractors: [extractor] } });
    try {
      const fields = { authorization: `Bearer ${token}` };
      const got = await sendBy(carrier, 'required', fields);

      expect(got).toEqual({ refused: { status: 'error', message: 'Internal server error' } });
      expect(await sendBy(carrier, 'public', fields)).toEqual({ id: null, payload: {} });
      expect(rpc.log.messages('error', 'HankoAuth')).toEqual([
        expect.stringContaining('extractors, "broken": threw TypeError'),
      ]);
      expectNoToken(rpc.log, got);
      expect(ran).toEqual(['public']);
    } finally {
      await carrier.client.close();
      await rpc[Symbol.asyncDispose]();
    }
  });
});

describe('other controllers', () => {
  /** Made for each message. */
  @Controller({ scope: Scope.REQUEST })
  class ScopedController {
    @MessagePattern('scoped')
    scoped(@CurrentUser('id') id: string): string {
      return run('scoped', id);
    }

    @Public()
    @EventPattern('shared')
    open(@Payload() _data: unknown): void {
      run('open', undefined);
    }
  }

  @Controller()
  class SharingController {
    @EventPattern('shared')
    closed(@Payload() _data: unknown): void {
      run('closed', undefined);
    }

    // A packet without an id, and so an event, may have the pattern of a message.
    @MessagePattern('message')
    message(@Payload() _data: unknown): string {
      return run('message', 'message');
    }
  }

  class Inheriting extends SharingController {
    @MessagePattern('own')
    own(@CurrentUser('id') id: string): string {
      return run('own', id);
    }
  }
  Controller()(Inheriting);

  let rpc: RunningRpc;
  let carrier: Carrier;
  const fields = () => ({ authorization: `Bearer ${token}` });
  beforeAll(async () => {
    ({ rpc, carrier } = await start({ controllers: [ScopedController, Inheriting] }));
  });
  afterAll(async () => {
    await carrier.client.close();
    await rpc[Symbol.asyncDispose]();
  });

  it('that are made for each message are guarded', async () => {
    expect(await sendBy(carrier, 'scoped', fields())).toBe(userId);
    expect(await sendBy(carrier, 'scoped')).toEqual(refusal('credentials_missing'));
  });

  it('that inherit their handlers are guarded', async () => {
    expect(await sendBy(carrier, 'own')).toEqual(refusal('credentials_missing'));
    expect(await sendBy(carrier, 'message')).toEqual(refusal('credentials_missing'));
    expect(await sendBy(carrier, 'message', fields())).toBe('message');
  });

  it('that share an event decide each for itself', async () => {
    await emitBy(carrier, 'shared');
    await eventually(() => expect(ran).toContain('open'));
    expect(await sendBy(carrier, 'message', fields())).toBe('message');
    expect(ran).not.toContain('closed');
    await emitBy(carrier, 'shared', fields());
    await eventually(() => expect(ran).toContain('closed'));
  });

  it('have a message handler that no event can call without a token', async () => {
    await emitBy(carrier, 'message');
    await emitBy(carrier, 'message', fields());
    await eventually(() => expect(ran).toEqual(['message']));
  });
});
