import { Metadata } from '@grpc/grpc-js';
import type { ExecutionContext } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { KafkaContext } from '@nestjs/microservices';
import { HankoCredentialsError } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { NO_EXCEPTION } from '../../../lib/transports/nest-exceptions.js';
import { RpcTransport } from '../../../lib/transports/rpc.js';

const transport = new RpcTransport(NO_EXCEPTION);

class Handlers {
  handle(): void {}
}

const contextOf = (...args: readonly unknown[]): ExecutionContext =>
  // eslint-disable-next-line typescript/unbound-method -- as Nest hands it out
  new ExecutionContextHost([...args], Handlers, Handlers.prototype.handle);

const open = (...args: readonly unknown[]) => transport.open(contextOf(...args));

const kafkaContext = (message: unknown): KafkaContext =>
  new KafkaContext([message as never, 0, 'topic', {} as never, async () => undefined, {} as never]);

describe('Kafka, by its context', () => {
  it('has its caller in the header fields of the message, in any case', () => {
    const rpc = kafkaContext({
      value: { headers: { authorization: 'of the payload' } },
      headers: { Authorization: 'Bearer a', other: ['b', null, 'c'], none: null },
    });

    expect(open({}, rpc)).toMatchObject({
      identity: rpc,
      request: { headers: { authorization: ['Bearer a'], other: ['b', 'c'], none: [] } },
    });
  });

  it.each([
    undefined,
    null,
    {},
    { headers: null },
    { headers: ['authorization', 'Bearer a'] },
    'x',
  ])('has none in %j', (message) => {
    expect(open({}, kafkaContext(message)).request).toEqual({ headers: {} });
  });
});

describe('gRPC metadata', () => {
  it('of another client may have a field twice: both count', () => {
    const metadata = new Metadata();
    metadata.add('authorization', 'Bearer a');
    metadata.add('authorization', 'Bearer b');
    metadata.add('authorization-bin', Buffer.from('Bearer c'));

    expect(open({}, metadata, {}).request?.headers).toEqual({
      authorization: ['Bearer a', 'Bearer b'],
      'authorization-bin': [],
    });
  });
});

describe('a tool of mcp-nest, by its context', () => {
  const raw = {
    method: 'POST',
    headers: { authorization: 'Bearer a' },
    rawHeaders: ['Authorization', 'Bearer a'],
  };
  /** As its McpContext: https://github.com/rekog-labs/MCP-Nest */
  const mcp = (request: unknown, session: object, headers?: Headers) => ({
    getRawRequest: () => request,
    getSession: () => session,
    sdkContext: headers && { http: { req: { headers } } },
  });

  it('is called by the request that came with it', () => {
    expect(open({}, mcp(raw, { stateless: true, era: 'legacy' })).request).toBe(raw);
    expect(open({}, mcp(raw, { era: 'modern' })).request).toBe(raw);
  });

  it('in a session is called by the message that came, not by one that came before', () => {
    const headers = new Headers({ Authorization: 'Bearer b' });
    const session = { stateless: false, era: 'legacy' };

    expect(open({}, mcp(raw, session, headers)).request?.headers).toEqual({
      authorization: ['Bearer b'],
    });
    expect(open({}, mcp(raw, session))).toMatchObject({ unsupported: expect.any(String) });
  });

  it.each([undefined, null, {}, 'a request'])('over stdio, with %j, shows nobody', (request) => {
    expect(open({}, mcp(request, { era: 'modern' }))).toMatchObject({
      unsupported: expect.any(String),
    });
  });
});

describe('what shows nothing of a caller', () => {
  const disguised = {
    headers: { authorization: 'Bearer a' },
    metadata: { authorization: 'Bearer a' },
    emit: 'x',
  };

  it.each([
    [[]],
    [[disguised]],
    [[disguised, undefined]],
    [[disguised, 'x', {}]],
    [[disguised, []]],
  ])('is refused, and says what to do: %j', (args) => {
    const call = open(...args);
    expect(call.request).toBeUndefined();
    expect(call.unsupported).toMatch(/transports: \[/);
  });

  it('is refused where a context has other getters', () => {
    expect(open(disguised, { getPattern: () => 'x', getArgs: () => [] }).request).toBeUndefined();
  });
});

it('a long list of values is no way to break it', () => {
  const values = Array.from({ length: 200_000 }, () => 'Bearer a');
  const { request } = open({}, { getMetadata: () => ({ authorization: values }) });

  expect(request?.headers['authorization']).toHaveLength(200_000);
});

it('an event is refused with our own error: Nest would write a line of the log for any other', () => {
  const error = new HankoCredentialsError('credentials_missing', 'none');
  const event = contextOf({}, { getMetadata: () => ({}) });
  Reflect.defineMetadata('microservices:handler_type', 2, event.getHandler());
  try {
    const made = new RpcTransport(() => 'an RpcException');
    expect(made.open(event).refusal?.(error)).toBe(error);
  } finally {
    Reflect.deleteMetadata('microservices:handler_type', event.getHandler());
  }
});
