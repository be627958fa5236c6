import { ServerResponse, type IncomingMessage } from 'node:http';
import { Sse } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import type { HankoCall } from '../../../lib/transports/transport.js';
import { httpTransport } from '../../../lib/transports/http.js';

class Handlers {
  @Sse('events')
  events(): undefined {
    return undefined;
  }

  download(): undefined {
    return undefined;
  }
}

const called = (handler: keyof Handlers, response: unknown): HankoCall | undefined => {
  const args = [{ headers: {} }, response];
  return httpTransport.open({
    getArgByIndex: (at: number) => args[at],
    getHandler: () => Handlers.prototype[handler],
  } as never);
};

describe('a call of @Sse()', () => {
  const response = new ServerResponse({ method: 'GET' } as IncomingMessage);

  it.each([
    ['Express', response],
    ['Fastify', { raw: response }],
  ])('lasts as long as its response: of %s', (_, given) => {
    const { connection, unsupported } = called('events', given) ?? {};
    expect([connection?.key, unsupported]).toEqual([response, undefined]);
  });

  it.each([[undefined], [{}], [{ end: () => undefined }], [{ raw: {} }]])(
    'is not begun where its response cannot be ended: %o',
    (given) => {
      expect(called('events', given)?.unsupported).toMatch(/could not be ended/);
      expect(called('download', given)?.unsupported).toBeUndefined();
    },
  );

  it('is the only one that lasts', () => {
    expect(called('download', response)?.connection).toBeUndefined();
  });
});
