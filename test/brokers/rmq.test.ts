import { type ArgumentsHost, Catch } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import {
  BaseRpcExceptionFilter,
  ClientProxyFactory,
  type RmqContext,
  type RmqOptions,
  RmqRecordBuilder,
  Transport,
} from '@nestjs/microservices';
import { connect } from 'amqplib';
import { isHankoError } from 'nestjs-hanko';
import { describe, expect, inject, it } from 'vitest';
import { behavesAsOverHttp } from '../support/rpc-behaviour.js';
import {
  emitBy,
  eventually,
  type Fields,
  GUARDED,
  type RpcParts,
  reachable,
  refusal,
  sendBy,
  startRpc,
  useRpcHanko,
} from '../support/rpc-handlers.js';

useRpcHanko();

const url = (): string => `amqp://127.0.0.1:${inject('brokerPorts').rmq}`;

const optionsOf = (queue: string, noAck: boolean): RmqOptions => ({
  transport: Transport.RMQ,
  options: { urls: [url()], queue, noAck, queueOptions: { durable: false } },
});

const start = async (queue: string, { noAck = true, ...parts }: RpcParts & { noAck?: boolean }) => {
  const rpc = await startRpc(optionsOf(queue, noAck), parts);
  const carrier = {
    client: ClientProxyFactory.create(optionsOf(queue, true)),
    carry: (data: unknown, headers: Fields) =>
      new RmqRecordBuilder(data).setOptions({ headers: headers as Record<string, string> }).build(),
  };
  await reachable(carrier);
  return { rpc, carrier };
};

describe('over RabbitMQ, with header fields of messages', () => {
  behavesAsOverHttp(() => start('behaviour', {}), true);
});

/** As docs/microservices.md has it. */
@Catch()
class NackRefused extends BaseRpcExceptionFilter {
  override catch(error: Error, host: ArgumentsHost) {
    if (isHankoError(error) || isHankoError(error.cause)) {
      const context = host.switchToRpc().getContext<RmqContext>();
      context.getChannelRef().nack(context.getMessage(), false, false);
    }
    // eslint-disable-next-line promise/valid-params -- a filter's, not a promise's
    return super.catch(error, host);
  }
}

describe('with noAck: false, a message that is refused', () => {
  /** How many messages come back to the queue when their consumer goes. */
  const leftIn = async (queue: string, parts: RpcParts = {}): Promise<number> => {
    const { rpc, carrier } = await start(queue, { noAck: false, ...parts });
    const warnings = (): number => rpc.log.messages('warn', 'HankoAuth').length;
    await emitBy(carrier, 'event');
    await eventually(() => expect(warnings()).toBe(1));
    expect(await sendBy(carrier, 'required')).toEqual(refusal('credentials_missing'));
    await carrier.client.close();
    await rpc.app.close();

    const connection = await connect(url());
    const channel = await connection.createChannel();
    const found: string[] = [];
    for (let got = await channel.get(queue); got !== false; got = await channel.get(queue)) {
      found.push((JSON.parse(got.content.toString()) as { pattern: string }).pattern);
      channel.ack(got);
    }
    await connection.close();
    return found.filter((pattern) => pattern !== 'public').length;
  };

  it('stays with the consumer that refused it, and comes back when that one goes', async () => {
    expect(await leftIn('unacknowledged')).toBe(2);
  });

  it('goes for good with a filter that says so', async () => {
    const providers = [...GUARDED, { provide: APP_FILTER, useClass: NackRefused }];

    expect(await leftIn('nacked', { providers })).toBe(0);
  });
});
