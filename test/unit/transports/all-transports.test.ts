import type { ExecutionContext } from '@nestjs/common';
import { HankoTokenError, type HankoTransport } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { allTransports, builtInTransports, openCall } from '../../../lib/transports/transports.js';

const error = new HankoTokenError('token_expired', 'it is');
const builtIn = builtInTransports({
  wsException: (body) => ({ ws: body }),
  rpcException: (body) => ({ rpc: body }),
});

const contextOf = (type: string, ...args: readonly unknown[]): ExecutionContext =>
  ({
    getType: () => type,
    getArgs: () => args,
    getArgByIndex: (index: number) => args[index],
    getHandler: () => contextOf,
  }) as unknown as ExecutionContext;

const open = (own: HankoTransport, ...args: readonly unknown[]) =>
  openCall(contextOf(own.type, ...args), allTransports([own], builtIn));

describe('a transport of the app for a type of Nest', () => {
  const params = { token: 't' };

  it('is asked first, and the one that is built in where it knows nothing', () => {
    const request = { headers: { authorization: 'Bearer a' } };

    expect(open({ type: 'http', open: () => ({ params }) }, request).params).toBe(params);
    expect(open({ type: 'http', open: () => undefined }, request).request).toBe(request);
  });

  it.each(['ws', 'rpc'])(
    'is refused as other calls of this type, if it says nothing: %s',
    (type) => {
      const call = open({ type, open: () => ({ params }) }, {}, {});

      expect(call.refusal?.(error)).toEqual({ [type]: error.getResponse() });
      // It has not become one that cannot be authenticated.
      expect(call.unsupported).toBeUndefined();
      expect(call.request).toBeUndefined();
    },
  );

  it('has its header fields set on the response of a request', () => {
    const fields: Record<string, string> = {};
    const response = { header: (name: string, value: string) => (fields[name] = value) };
    const request = { headers: { authorization: 'Bearer of the request' } };
    const call = open({ type: 'http', open: () => ({ params }) }, request, response);
    call.setHeaders?.({ 'WWW-Authenticate': 'Bearer' });

    expect(fields).toEqual({ 'WWW-Authenticate': 'Bearer' });
    expect(call.request).toBeUndefined();
  });

  it('is refused in its own way, if it says one', () => {
    const own: HankoTransport = { type: 'ws', open: () => ({ params, refusal: () => 'mine' }) };

    expect(open(own, {}).refusal?.(error)).toBe('mine');
  });

  it('keeps its clients', () => {
    const client = {};
    const own: HankoTransport = { type: 'ws', open: () => ({}), openClient: () => ({ params }) };

    expect(allTransports([own], builtIn)[0]?.openClient?.(client)).toEqual({ params });
  });
});

it('a transport of a type that Nest does not have is as it was written', () => {
  const own: HankoTransport = { type: 'own', open: () => ({ params: 1 }) };

  expect(allTransports([own], builtIn)[0]).toBe(own);
});
