import type { AddressInfo, Server } from 'node:net';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Carrier,
  emitBy,
  inPayload,
  ran,
  refusal,
  type RunningRpc,
  sendBy,
  startRpc,
  token,
  useRpcHanko,
} from '../../support/rpc-handlers.js';

// Nest 11 shows handlers nothing that a caller says beside the payload.
useRpcHanko();

describe('without a transport of the app', () => {
  let rpc: RunningRpc;
  let carrier: Carrier;
  beforeAll(async () => {
    rpc = await startRpc({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: 0 },
    });
    const { port } = rpc.app.unwrap<Server>().address() as AddressInfo;
    carrier = inPayload(
      ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } }),
    );
  });
  afterAll(async () => {
    await carrier.client.close();
    await rpc[Symbol.asyncDispose]();
  });

  it('handlers stay closed unless @Public(), whatever is sent; the log says once what to do', async () => {
    const fields = { authorization: `Bearer ${token}` };
    for (let i = 0; i < 3; i++) {
      expect(await sendBy(carrier, 'required', fields)).toEqual(refusal('context_unsupported'));
      expect(await sendBy(carrier, 'optional', fields)).toEqual(refusal('context_unsupported'));
      await emitBy(carrier, 'event', fields);
      expect(await sendBy(carrier, 'public', fields)).toEqual({ id: null, payload: {} });
    }

    expect(new Set(ran)).toEqual(new Set(['public']));
    const lines = rpc.log.messages('error').toSorted();
    expect(lines).toHaveLength(3);
    for (const [index, handler] of ['event', 'optional', 'required'].entries()) {
      expect(lines[index]).toMatch(
        new RegExp(`^RpcController\\.${handler}: .*Nest 11.*transports: \\[.*@Public\\(\\)`),
      );
    }
  });
});
