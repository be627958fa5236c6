import {
  ClientProxyFactory,
  type MqttOptions,
  MqttRecordBuilder,
  Transport,
} from '@nestjs/microservices';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { behavesAsOverHttp } from '../support/rpc-behaviour.js';
import {
  type Carrier,
  type Fields,
  reachable,
  refusal,
  type RunningRpc,
  sendBy,
  startRpc,
  token,
  useRpcHanko,
} from '../support/rpc-handlers.js';

useRpcHanko();

const optionsOf = (protocolVersion: 4 | 5): MqttOptions => ({
  transport: Transport.MQTT,
  options: { url: `mqtt://127.0.0.1:${inject('brokerPorts').mqtt}`, protocolVersion },
});

const start = async (version: 4 | 5): Promise<{ rpc: RunningRpc; carrier: Carrier }> => {
  const rpc = await startRpc(optionsOf(version));
  const carrier = {
    client: ClientProxyFactory.create(optionsOf(version)),
    carry: (data: unknown, fields: Fields) => {
      const record = new MqttRecordBuilder(data);
      // mqtt.js sends nothing at all where it is given none.
      if (Object.keys(fields).length > 0) {
        record.setProperties({ userProperties: fields as Record<string, string> });
      }
      return record.build();
    },
  };
  await reachable(carrier);
  return { rpc, carrier };
};

describe('over MQTT 5, with user properties', () => {
  behavesAsOverHttp(() => start(5));
});

describe('over MQTT 3.1.1, which has none', () => {
  let rpc: RunningRpc;
  let carrier: Carrier;
  beforeAll(async () => {
    ({ rpc, carrier } = await start(4));
  });
  afterAll(async () => {
    await carrier.client.close();
    await rpc[Symbol.asyncDispose]();
  });

  it('nobody is known, whatever is sent', async () => {
    const fields = { authorization: `Bearer ${token}` };

    expect(await sendBy(carrier, 'required', fields)).toEqual(refusal('credentials_missing'));
    expect(await sendBy(carrier, 'optional', fields)).toEqual({ id: null, isToken: false });
  });
});
