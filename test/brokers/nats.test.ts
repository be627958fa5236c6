import { createRequire } from 'node:module';
import {
  ClientProxyFactory,
  type NatsOptions,
  NatsRecordBuilder,
  Transport,
} from '@nestjs/microservices';
import { beforeAll, describe, inject } from 'vitest';
import { behavesAsOverHttp } from '../support/rpc-behaviour.js';
import {
  type Fields,
  IS_NEST_11,
  reachable,
  startRpc,
  useRpcHanko,
} from '../support/rpc-handlers.js';

useRpcHanko();

interface NatsHeaders {
  append(name: string, value: string): void;
}

let newHeaders: () => NatsHeaders;
beforeAll(async () => {
  // Nest 11 and 12 want different packages.
  const nats = (
    IS_NEST_11
      ? createRequire(new URL('../nest11/package.json', import.meta.url))('nats')
      : await import('@nats-io/transport-node')
  ) as { headers(): NatsHeaders };
  newHeaders = () => nats.headers();
});

const headersOf = (fields: Fields): NatsHeaders => {
  const headers = newHeaders();
  for (const [name, value] of Object.entries(fields)) headers.append(name, String(value));
  return headers;
};

describe('over NATS, with header fields', () => {
  behavesAsOverHttp(async () => {
    const server: NatsOptions = {
      transport: Transport.NATS,
      options: { servers: [`nats://127.0.0.1:${inject('brokerPorts').nats}`] },
    };
    const rpc = await startRpc(server);
    const carrier = {
      client: ClientProxyFactory.create(server),
      carry: (data: unknown, fields: Fields) =>
        new NatsRecordBuilder(data).setHeaders(headersOf(fields)).build(),
    };
    await reachable(carrier);
    return { rpc, carrier };
  });
});
