import type { ExecutionContext } from '@nestjs/common';
import { HankoCredentialsError, HankoTokenError } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { WsTransport } from '../../../lib/transports/ws.js';

const rawHeaders = ['Cookie', 'a=1', 'cookie', 'b=2', 'Sec-WebSocket-Protocol', 'hanko, bearer.t'];
const sockets = new Map<object, object>();
const transport = new WsTransport(
  (socket) => sockets.get(socket),
  (body, cause) => ({ body, cause }),
);

const contextOf = (client: unknown): ExecutionContext =>
  ({ getArgByIndex: (index: number) => [client, { n: 1 }][index] }) as unknown as ExecutionContext;

/** A client of `ws`: an emitter that can send. */
function wsClient(): { sent: string[]; emit: (data: unknown) => void; client: object } {
  const sent: string[] = [];
  const listeners: ((data: unknown) => void)[] = [];
  const socket = {};
  sockets.set(socket, { method: 'GET', rawHeaders, headers: { cookie: 'of somebody else' } });
  const client = {
    readyState: 1,
    OPEN: 1,
    _socket: socket,
    on: (_event: string, listener: (data: unknown) => void) => listeners.push(listener),
    send: (text: string) => sent.push(text),
  };
  return { sent, client, emit: (data) => listeners.forEach((listener) => listener(data)) };
}

describe('the client of a gateway', () => {
  it('of ws shows what came over the wire, every repeat of a field, and its subprotocols', () => {
    expect(transport.openClient(wsClient().client)).toMatchObject({
      request: {
        method: 'GET',
        headers: { cookie: ['a=1', 'b=2'], 'sec-websocket-protocol': ['hanko, bearer.t'] },
        rawHeaders,
      },
      params: { authorization: ['Bearer t'] },
      isHandshake: true,
    });
  });

  it('of socket.io shows what came over the wire, and its auth', () => {
    const headers = { authorization: 'Bearer of somebody else' };
    const client = {
      handshake: { auth: { token: 't' }, headers },
      request: { rawHeaders, headers },
    };

    expect(transport.openClient(client)).toMatchObject({
      request: { headers: { cookie: ['a=1', 'b=2'] } },
      params: { token: 't' },
      isHandshake: true,
    });
  });

  it.each([
    { client: undefined },
    { client: null },
    { client: 'text' },
    { client: [] },
    { client: {} },
    { client: { handshake: {} } },
    { client: { handshake: {}, request: { headers: { authorization: 'Bearer t' } } } },
    { client: { handshake: { auth: { token: 't' } }, request: { rawHeaders: 'Authorization' } } },
    { client: { readyState: '1', OPEN: 1 } },
    { client: { readyState: 1, OPEN: 1, _socket: {} } },
    { client: { readyState: 1, OPEN: 1, _socket: null } },
    { client: { headers: { authorization: 'Bearer t' }, rawHeaders } },
  ])('that shows no handshake is known to be unknown: $client', ({ client }) => {
    const call = transport.open(contextOf(client));

    expect(call.request).toBeUndefined();
    expect(call.params).toBeUndefined();
    expect(call.unsupported).toMatch(/handshake/);
  });
});

describe('a refusal', () => {
  const error = new HankoCredentialsError('credentials_missing', 'none');

  it('is an exception with our body and our error, and has nothing of the message', () => {
    const refusal = transport.open(contextOf(wsClient().client)).refusal?.(error);

    expect(refusal).toEqual({ body: error.getResponse(), cause: error });
    expect(refusal).not.toMatchObject({ body: { n: 1 } });
  });

  it('that Nest 11 emits on a client of ws is sent, once each, also where two share one error', () => {
    const { sent, client, emit } = wsClient();
    const refusals = [error, error, new HankoTokenError('token_expired', 'it is')].map((refused) =>
      transport.open(contextOf(client)).refusal?.(refused),
    );
    const bodies = (refusals as { body: object }[]).map(({ body }) => body);
    for (const body of bodies) emit(body);
    for (const body of bodies) emit(body);

    expect(sent.map((text) => JSON.parse(text) as unknown)).toEqual(
      bodies.map((data) => ({ event: 'exception', data })),
    );
  });

  it('is the only thing that is sent: what the app emits stays where it was', () => {
    const { sent, client, emit } = wsClient();
    transport.open(contextOf(client)).refusal?.(error);
    for (const data of [{ own: true }, 'text', null, undefined, error.getResponse()]) emit(data);

    expect(sent).toEqual([]);
  });
});
