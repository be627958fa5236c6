import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { bearerTokenExtractor, cookieTokenExtractor } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { nodeRequest } from '../../support/node-headers.js';
import { thrownRefusalOf } from '../../support/verifier.js';
import { ambiguous } from '../../support/refused-credentials.js';

describe('the header fields of a request', () => {
  const bearer = bearerTokenExtractor();

  it('are the raw ones where there are both: `headers` keeps only the first', () => {
    const request = {
      headers: { authorization: 'Bearer a' },
      rawHeaders: ['Authorization', 'Bearer a', 'authorization', 'Bearer b'],
    };

    expect(thrownRefusalOf(() => bearer.extract(request))).toEqual(ambiguous);
  });

  it('are found in any case', () => {
    const request = nodeRequest([
      'Host',
      'x',
      'AUTHORIZATION',
      'Bearer a',
      'AUTHORIZATION',
      'Bearer a',
    ]);

    expect(bearer.extract(request)).toEqual({ tokens: ['a'], ambient: false });
  });

  it.each(['Proxy-Authorization', 'X-Authorization', 'Authorization-', 'Authorizatio'])(
    'are not those of a similar name: %s',
    (name) => {
      const request = nodeRequest([name, 'Bearer a', 'X', 'Authorization']);

      expect(bearer.extract(request)).toBeUndefined();
    },
  );

  it('are not their values: only every other entry is a name', () => {
    const request = {
      headers: { authorization: 'Bearer a' },
      rawHeaders: ['Authorization', 'Bearer a', 'X', 'Authorization', 'Y', 'Bearer b'],
    };

    expect(bearer.extract(request)).toEqual({ tokens: ['a'], ambient: false });
  });

  // serverless-http/lib/request.js (4.0.0) assigns `headers` to an IncomingMessage and leaves `rawHeaders` empty.
  it.each([
    {
      name: 'serverless adapters',
      request: { headers: { authorization: 'Bearer a' }, rawHeaders: [] },
    },
    {
      name: 'serverless adapters under Fastify',
      request: { headers: { authorization: 'Bearer a' }, raw: { rawHeaders: [] } },
    },
    {
      name: 'a middleware that set it',
      request: { headers: { host: 'x', authorization: 'Bearer a' }, rawHeaders: ['Host', 'x'] },
    },
  ])('are the parsed ones where the raw ones do not have it: $name', ({ request }) => {
    expect(bearer.extract(request)).toEqual({ tokens: ['a'], ambient: false });
  });

  it('are the parsed ones where Fastify has no raw ones', () => {
    const request = { headers: { authorization: 'Bearer a' }, raw: {} };

    expect(bearer.extract(request)).toEqual({ tokens: ['a'], ambient: false });
  });

  it('come from the wire: two different bearers are seen', async () => {
    const request = await received(['Authorization: Bearer a', 'Authorization: Bearer b']);

    expect(request.headers.authorization).toBe('Bearer a');
    expect(thrownRefusalOf(() => bearer.extract(request))).toEqual(ambiguous);
  });

  it('come from the wire: two cookie fields are seen', async () => {
    const request = await received(['Cookie: hanko=a', 'cookie: x=1; hanko=b']);

    expect(cookieTokenExtractor().extract(request)).toEqual({ tokens: ['a', 'b'], ambient: true });
  });
});

/** The request as Node's server parsed it, sent byte by byte as given. */
async function received(fields: readonly string[]): Promise<IncomingMessage> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const request = new Promise<IncomingMessage>((resolve) => {
    server.once('request', (message, response) => {
      response.end();
      resolve(message);
    });
  });
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(['GET / HTTP/1.1', 'Host: x', ...fields, '', ''].join('\r\n'));
  const message = await request;
  socket.destroy();
  server.close();
  return message;
}
