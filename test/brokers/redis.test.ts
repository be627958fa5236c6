import { ClientProxyFactory, type RedisOptions, Transport } from '@nestjs/microservices';
import { describe, inject } from 'vitest';
import { behavesAsOverHttp } from '../support/rpc-behaviour.js';
import {
  byHook,
  inPayload,
  IS_NEST_11,
  payloadTransport,
  reachable,
  startRpc,
  useRpcHanko,
} from '../support/rpc-handlers.js';

useRpcHanko();

describe(`over Redis, with ${IS_NEST_11 ? 'a transport of the app' : 'metadata of the packet'}`, () => {
  behavesAsOverHttp(async () => {
    const server: RedisOptions = {
      transport: Transport.REDIS,
      options: { host: '127.0.0.1', port: inject('brokerPorts').redis },
    };
    const rpc = await startRpc(server, {
      options: IS_NEST_11 ? { transports: [payloadTransport] } : {},
    });
    const client = ClientProxyFactory.create(server);
    const carrier = IS_NEST_11 ? inPayload(client) : byHook(client);
    await reachable(carrier);
    return { rpc, carrier };
  }, !IS_NEST_11);
});
