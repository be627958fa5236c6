import { type ClientProxy, ClientProxyFactory, Transport } from '@nestjs/microservices';
import type { HankoTransport } from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../redis/redis-server.js';
import {
  byHook,
  type Carrier,
  emitBy,
  eventually,
  expectNoToken,
  IS_NEST_11,
  otherToken,
  ran,
  refusal,
  type RunningRpc,
  sendBy,
  startRpc,
  token,
  userId,
  useRpcHanko,
} from '../../support/rpc-handlers.js';

/** As docs/transports.md has it: over TCP and Redis, messages of Nest 11 have no place but their payload. */
const payloadToken: HankoTransport = {
  type: 'rpc',
  open(context) {
    const payload: unknown = context.getArgByIndex(0);
    const found: unknown = Object.hasOwn(Object(payload) as object, 'token')
      ? (payload as { token: unknown }).token
      : undefined;
    return found === undefined
      ? undefined
      : { params: { token: found }, identity: context.getArgByIndex<object>(1) };
  },
};

useRpcHanko();

describe('a token in the payload of a message over TCP', () => {
  let rpc: RunningRpc;
  let client: ClientProxy;
  let carrier: Carrier;

  beforeAll(async () => {
    const options = { host: '127.0.0.1', port: await freePort() };
    rpc = await startRpc(
      { transport: Transport.TCP, options },
      { options: { transports: [payloadToken] } },
    );
    client = ClientProxyFactory.create({ transport: Transport.TCP, options });
    carrier = IS_NEST_11 ? { client, carry: (data) => data } : byHook(client);
  });
  afterAll(async () => {
    client.close();
    await rpc[Symbol.asyncDispose]();
  });

  const send = (pattern: string, payload: unknown, fields = {}): Promise<unknown> =>
    sendBy(carrier, pattern, fields, payload);

  it('authenticates, in the guard and in the parameters', async () => {
    expect(await send('required', { token })).toEqual({ id: userId, isToken: true });
    expect(await send('optional', { token })).toEqual({ id: userId, isToken: true });
    expect(await send('required', { token: otherToken })).toMatchObject({ isToken: false });
  });

  it('is refused as any other, in the exception of message handlers', async () => {
    const answers = [
      await send('required', { token: 'garbage' }),
      await send('optional', { token: 5 }),
      await send('required', { token: '' }),
      await send('required', { token: [token] }),
      await send('required', { token: { headers: { authorization: `Bearer ${token}` } } }),
    ];

    expect(answers).toEqual(answers.map(() => refusal('token_malformed')));
    expect(await send('required', { token: 'x'.repeat(20_000) })).toEqual(
      refusal('token_too_large'),
    );
    expect(await send('mfa', { token })).toMatchObject({ refused: { code: 'step_up_required' } });
    expectNoToken(rpc.log, answers);
  });

  it('that is not there leaves the message to the transport that is built in', async () => {
    const code = IS_NEST_11 ? 'context_unsupported' : 'credentials_missing';
    for (const payload of [
      {},
      'token',
      [token],
      { headers: { authorization: `Bearer ${token}` } },
      JSON.parse(`{"__proto__": {"token": "${token}"}}`),
    ]) {
      expect(await send('required', payload)).toEqual(refusal(code));
    }
    expect(await send('optional', {})).toEqual(
      IS_NEST_11 ? refusal(code) : { id: null, isToken: false },
    );
    expect(await send('required', {}, { authorization: `Bearer ${token}` })).toEqual(
      IS_NEST_11 ? refusal(code) : { id: userId, isToken: true },
    );
  });

  it('that is bad keeps an event from its handler, and a warning says so: nobody is told', async () => {
    const emit = (payload: object): Promise<unknown> =>
      emitBy({ client, carry: () => payload }, 'event');
    await emit({ token: 'garbage' });
    await emit({ token });
    await eventually(() => expect(ran).toEqual(['event of the user']));

    expect(rpc.log.messages('warn', 'HankoAuth')).toEqual([
      expect.stringMatching(/^token_malformed at RpcController\.event/),
    ]);
  });
});
