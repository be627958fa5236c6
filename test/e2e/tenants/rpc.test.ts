import type { AddressInfo, Server } from 'node:net';
import { Controller } from '@nestjs/common';
import { ClientProxyFactory, GrpcMethod, MessagePattern, Transport } from '@nestjs/microservices';
import { Metadata } from '@grpc/grpc-js';
import { CurrentUser, type HankoUser } from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer } from '../../support/app.js';
import { type RunningGrpc, startGrpc, type Text } from '../../support/grpc-app.js';
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
import { byHeader } from '../../support/tenants.js';
import {
  ACME,
  acme,
  apiUrl,
  at,
  codeIn,
  GLOBEX,
  keepsTenantsApart,
  useTenants,
  who,
} from '../../support/tenants-apart.js';

useTenants();

const options = () => ({
  apiUrl,
  tenants: { resolve: byHeader },
  ...(IS_NEST_11 && { transports: [payloadTransport] }),
});

@Controller()
class WhoController {
  @MessagePattern('who')
  who(@CurrentUser() user: HankoUser): string {
    return who(user);
  }
}

describe('over TCP', () => {
  let rpc: RunningRpc;
  let carrier: Carrier;
  beforeAll(async () => {
    rpc = await startRpc(
      { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } },
      { options: options(), controllers: [WhoController] },
    );
    const { port } = rpc.app.unwrap<Server>().address() as AddressInfo;
    const client = ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port },
    });
    carrier = IS_NEST_11 ? inPayload(client) : byHook(client);
  });
  afterAll(async () => {
    await carrier.client.close();
    await rpc[Symbol.asyncDispose]();
  });

  const send = async (fields: Record<string, unknown>, payload: unknown = {}): Promise<string> => {
    const answer = await sendBy(carrier, 'who', fields, payload);
    return typeof answer === 'string'
      ? answer
      : codeIn((answer as { readonly refused: unknown }).refused);
  };

  keepsTenantsApart(
    (tenant, token) => send({ ...at(tenant), ...bearer(token) }),
    () => rpc.app,
  );

  it('what a payload says names no tenant, and a tenant named twice is none', async () => {
    const token = await acme.token();
    const payload = { 'x-tenant': ACME, headers: { 'x-tenant': ACME } };
    expect(await send({ ...at(GLOBEX), ...bearer(token) }, payload)).toBe('token_key_unknown');
    expect(await send(bearer(token), payload)).toBe('tenant_unknown');
    const twice = { ...at(ACME), 'X-Tenant': GLOBEX, ...bearer(token) };
    expect(await send(twice)).toBe('tenant_unknown');
  });
});

@Controller()
class WhoCalls {
  @GrpcMethod('Calls', 'Required')
  required(@CurrentUser() user: HankoUser): Text {
    return { text: who(user) };
  }
}

describe('over gRPC', () => {
  let grpc: RunningGrpc;
  beforeAll(async () => {
    grpc = await startGrpc({ options: options(), controllers: [WhoCalls] });
  });
  afterAll(() => grpc[Symbol.asyncDispose]());

  keepsTenantsApart(
    async (tenant, token) => {
      const metadata = new Metadata();
      for (const [name, value] of Object.entries({ ...at(tenant), ...bearer(token) })) {
        metadata.set(name, value);
      }
      const { code, details, texts } = await grpc.call('Required', metadata);
      return code === 0 ? String(texts[0]) : details;
    },
    () => grpc.app,
  );

  it('an unknown tenant is NOT_FOUND', async () => {
    expect(await grpc.call('Required')).toMatchObject({ code: 5, details: 'tenant_unknown' });
  });
});
