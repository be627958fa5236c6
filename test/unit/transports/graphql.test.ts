import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { ExecutionContext } from '@nestjs/common';
import { HankoTokenError } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import type { IncomingRequest } from '../../../lib/extraction/request.js';
import { graphqlTransport } from '../../../lib/transports/graphql.js';
import type { HankoCall } from '../../../lib/transports/transport.js';

const INFO = { operation: { operation: 'query' }, variableValues: {} };
const infoOf = (operation: string): object => ({ ...INFO, operation: { operation } });

/** How Nest hands over what a resolver was called with. */
const called = (...args: readonly unknown[]): HankoCall =>
  graphqlTransport.open({
    getArgByIndex: (index: number) => args[index],
    // As GqlExecutionContext has it: what the client wrote.
    getArgs: () => args[1],
  } as unknown as ExecutionContext) ?? {};

const resolverCalled = (context: unknown, info: unknown = INFO): HankoCall =>
  called({}, {}, context, info);

function received(
  headers: Record<string, string> = {},
  changes: object = {},
): IncomingMessage & IncomingRequest {
  const request = new IncomingMessage(new Socket());
  request.rawHeaders = Object.entries(headers).flat();
  return Object.assign(request, { headers, method: 'GET', ...changes });
}

const HANDSHAKE = { upgrade: 'websocket', cookie: 'hanko=c', origin: 'https://evil.example' };

describe('what a resolver was called with', () => {
  it.each<[string, readonly unknown[]]>([
    ['a resolver', [{}, {}, { req: received() }, INFO]],
    ['a reference resolver', [{}, { req: received() }, INFO]],
    ['what tells a type', [{}, { req: received() }, INFO, { name: 'Media' }]],
    ['a resolver that code calls without info', [{}, {}, { req: received() }]],
  ])('has its context where %s has it', (_, args) => {
    expect(called(...args).request).toBeInstanceOf(IncomingMessage);
  });

  it('is not mistaken where a context or arguments look like something else', () => {
    const forged = { req: { headers: { authorization: 'Bearer forged' } } };

    const request = received();
    expect(called({}, forged, { req: request, operation: {} }, INFO).request).toBe(request);
    expect(called(forged, forged, undefined, INFO).request).toBeUndefined();
    expect(called(forged, forged, { mine: 1 }, INFO).unsupported).toMatch(/shows no request/);
  });

  it.each([
    ['query', false],
    ['mutation', true],
    ['subscription', true],
  ])('is unsafe over GET by its operation: %s, %j', (operation, isHandshake) => {
    expect(resolverCalled({ req: received() }, infoOf(operation))).toMatchObject({ isHandshake });
  });

  it('is remembered with the request, and never for a subscription', () => {
    const req = received();

    expect(resolverCalled({ req }).identity).toBe(req);
    expect(resolverCalled({ req: { headers: {}, raw: req } }).identity).toBe(req);
    expect(resolverCalled({ req }, infoOf('subscription')).identity).toBeUndefined();
    expect(resolverCalled({ req: { headers: {} } }).identity).toBeUndefined();
  });
});

describe('a handshake', () => {
  const request = received(HANDSHAKE);
  const connectionParams = { token: 't' };

  it.each<[string, object]>([
    ['Apollo', { req: { extra: { request }, connectionParams } }],
    ['Yoga', { req: request, extra: { request }, connectionParams }],
    ['Yoga, with an "extra" of the app', { req: request, extra: { mine: 1 }, connectionParams }],
    ['Mercurius', { request: { raw: request }, _connectionInit: connectionParams }],
  ])('is read from the wire alone: %s', (_, context) => {
    request.headers.authorization = 'Bearer said later';

    expect(resolverCalled(context)).toEqual({
      request: {
        method: 'GET',
        url: request.url,
        headers: { upgrade: ['websocket'], cookie: ['hanko=c'], origin: ['https://evil.example'] },
        rawHeaders: request.rawHeaders,
      },
      params: connectionParams,
      isHandshake: true,
      identity: INFO.variableValues,
      connection: expect.objectContaining({ key: request.socket }) as object,
    });
  });

  it('is none without an upgrade: an app may keep its request in such a field', () => {
    const req = received({ cookie: 'hanko=c' });

    expect(resolverCalled({ req, extra: { request: req } }).request).toBe(req);
  });

  it('is none where an app made a request of its own for a subscription', () => {
    const req = { headers: { authorization: 'Bearer t' } };

    expect(resolverCalled({ req }).request).toBe(req);
    expect(resolverCalled({ req }, infoOf('subscription')).unsupported).toMatch(/no "req" of its/);
    const withCookie = { headers: { cookie: 'hanko=c', 'sec-fetch-site': 'same-origin' } };
    expect(resolverCalled({ req: withCookie }).unsupported).toMatch(/no "req" of its own/);
    expect(resolverCalled({ req: { headers: HANDSHAKE } }).unsupported).toMatch(/no "req" of its/);
  });
});

describe('a context of another request', () => {
  it('is refused where the driver says which one it answers', () => {
    const [first, second] = [received(), received()];
    const reply = { request: { headers: {}, raw: second } };

    expect(resolverCalled({ req: { headers: {}, raw: first }, reply }).unsupported).toMatch(
      /belongs to another request/,
    );
    expect(resolverCalled({ req: { headers: {}, raw: second }, reply }).request).toBeDefined();
  });

  it('is refused where the response was sent', () => {
    const req = received();
    Object.assign(req.socket, { _httpMessage: null });

    expect(resolverCalled({ req }).unsupported).toMatch(/belongs to another request/);
  });
});

describe('a refusal', () => {
  const error = new HankoTokenError('token_expired', 'reason');

  it('has its header fields on the response', () => {
    const sent: [string, string][] = [];
    const header = (name: string, value: string): void => void sent.push([name, value]);
    const call = resolverCalled({ req: received(), reply: { header } });
    call.setHeaders?.({ 'Retry-After': '1' });

    expect(sent).toEqual([['Retry-After', '1']]);
    expect(call.refusal?.(error)).toBe(error);
  });

  it('has them in the error where there is no response, and only in that one', () => {
    const told = resolverCalled({ req: received() }).refusal?.(error) as HankoTokenError;

    expect(told).toBeInstanceOf(HankoTokenError);
    expect(told).toMatchObject({ code: 'token_expired', message: error.message });
    expect(told.extensions).toEqual({
      ...error.extensions,
      http: { headers: new Map([['www-authenticate', error.headers['WWW-Authenticate']]]) },
    });
    expect(error.extensions).not.toHaveProperty('http');
    expect(JSON.stringify(told)).not.toContain('http');
  });
});

describe('a context in which an app keeps what a client sent as JSON', () => {
  const noText = { toString: 1, valueOf: 1 };
  it.each<object>([
    { extra: { request: { rawHeaders: ['Upgrade', noText] } } },
    { extra: { request: { rawHeaders: [noText, 'websocket'] } } },
    { request: { raw: { rawHeaders: ['Upgrade', noText] } }, _connectionInit: {} },
    { req: { headers: { upgrade: noText, cookie: noText }, rawHeaders: ['Upgrade', noText] } },
    { req: { headers: {}, raw: { rawHeaders: ['Upgrade', noText, 'Upgrade', 'websocket'] } } },
  ])('is refused, and throws nothing: %j', (context) => {
    expect(resolverCalled(context)).toEqual({ unsupported: expect.any(String) as string });
  });
});
