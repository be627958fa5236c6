import { describe, expect, it } from 'vitest';
import { CryptoKey, Gate, turn } from '../../support/jwks.js';
import { createService, unavailableRefusal } from '../../support/verifier.js';
import {
  observer,
  hanko,
  a,
  network,
  createJwks,
  refused,
  useFakeHankoKeys,
} from '../../support/remote-jwks.js';

useFakeHankoKeys();

describe("the app's own fetch", () => {
  it('is used, with a signal and without redirects', async () => {
    const calls: [unknown, RequestInit | undefined][] = [];
    const jwks = createJwks({
      fetch: (input, init) => {
        calls.push([input, init]);
        return network.fetch(input, init);
      },
    });

    await jwks.getKey('a');

    expect(calls).toEqual([
      [
        `${hanko.url}/.well-known/jwks.json`,
        {
          method: 'GET',
          headers: { accept: 'application/json' },
          redirect: 'manual',
          signal: expect.any(AbortSignal) as AbortSignal,
        },
      ],
    ]);
  });

  it('comes from the option', async () => {
    const { service } = await createService({ apiUrl: hanko.url, fetch: network.fetch });
    hanko.setJwks(null);

    await service.verifyToken(await hanko.token());

    expect(network.calls).toBe(1);
  });

  it('is timed out though it ignores its signal', async () => {
    const jwks = createJwks({ timeoutMs: 20, fetch: () => new Promise(() => undefined) });

    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));
    expect(observer.messages).toMatchObject([{ reason: 'no reply within 20 ms' }]);
  });

  it('is timed out though its body never ends and ignores its signal', async () => {
    const jwks = createJwks({
      timeoutMs: 20,
      fetch: async () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) })),
    });

    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));
  });

  it('may fail after it was given up: nobody hears of it', async () => {
    const gate = new Gate();
    const jwks = createJwks({
      timeoutMs: 20,
      fetch: async () => {
        await gate.opened;
        throw new Error('too late');
      },
    });
    await refused(jwks, 'a');

    gate.open();
    await turn();

    expect(observer.messages).toHaveLength(1);
  });

  it('that followed a redirect is refused', async () => {
    await hanko.fault('redirect');
    const jwks = createJwks({
      fetch: (input, init) => network.fetch(input, { ...init, redirect: 'follow' }),
    });

    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));
    expect(hanko.requests).toHaveLength(2);
  });

  const secret = 'http://user:secret@hanko.internal:8000/x';

  it.each<{ name: string; thrown: unknown; reason: string }>([
    { name: 'undefined', thrown: undefined, reason: 'the request failed' },
    { name: 'null', thrown: null, reason: 'the request failed' },
    { name: 'text', thrown: secret, reason: 'the request failed' },
    { name: 'an object', thrown: { message: secret }, reason: 'the request failed' },
    { name: 'an error', thrown: new Error(secret), reason: 'the request failed' },
    {
      name: 'a code that holds an address',
      thrown: Object.assign(new Error(secret), { code: secret }),
      reason: 'the request failed',
    },
    {
      name: 'a code that is no text',
      thrown: Object.assign(new Error(secret), { code: 42 }),
      reason: 'the request failed',
    },
    {
      name: 'a code below a cause',
      thrown: new Error(secret, {
        cause: new Error(secret, { cause: Object.assign(new Error(secret), { code: 'EPROTO' }) }),
      }),
      reason: 'EPROTO',
    },
    {
      name: 'a cause that is no error',
      thrown: new Error(secret, { cause: secret }),
      reason: 'the request failed',
    },
  ])('may throw what it likes: $name', async ({ thrown, reason }) => {
    const jwks = createJwks({
      fetch: async () => {
        throw thrown;
      },
    });

    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));
    expect(observer.messages).toMatchObject([{ outcome: 'failed', reason }]);
    expect(JSON.stringify([observer.messages, observer.log])).not.toContain('hanko.internal');
  });

  it('may throw before it returns a promise', async () => {
    const jwks = createJwks({
      fetch: () => {
        throw new Error(secret);
      },
    });

    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));
  });

  it('may throw an error whose members throw', async () => {
    const error = Object.defineProperty(new Error(secret), 'code', {
      get: () => {
        throw new Error(secret);
      },
    });
    const jwks = createJwks({ fetch: () => Promise.reject(error) });

    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));
    expect(JSON.stringify([observer.messages, observer.log])).not.toContain('hanko.internal');
  });

  it('may throw an error that is its own cause: it is not followed for ever', async () => {
    let reads = 0;
    const error = Object.defineProperty(new Error(secret), 'cause', {
      get(): unknown {
        reads += 1;
        // In earnest this would never end; here it does, so that the test can fail.
        return reads < 10_000 ? error : undefined;
      },
    });
    const jwks = createJwks({ fetch: () => Promise.reject(error) });

    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));
    expect(reads).toBeLessThan(100);
  });

  it.each<{ name: string; response: unknown }>([
    { name: 'undefined', response: undefined },
    { name: 'null', response: null },
    { name: 'an empty object', response: {} },
    { name: 'no body', response: new Response(null) },
    { name: 'an empty body', response: new Response('') },
    { name: 'status 204', response: new Response(null, { status: 204 }) },
    { name: 'status 304', response: new Response(null, { status: 304 }) },
    { name: 'an error response', response: Response.error() },
    { name: 'a body of texts', response: { status: 200, redirected: false, body: ['{', '}'] } },
    { name: 'a body that is a number', response: { status: 200, redirected: false, body: 1 } },
    {
      name: 'a body that breaks off',
      response: {
        status: 200,
        redirected: false,
        body: (async function* broken() {
          yield Buffer.from('{"keys":');
          throw new Error(secret);
        })(),
      },
    },
  ])('may return what it likes: $name', async ({ response }) => {
    const jwks = createJwks({ fetch: async () => response as Response });

    expect(await refused(jwks, 'a')).toEqual(unavailableRefusal(1));
    expect(observer.messages).toMatchObject([{ outcome: 'failed' }]);
    expect(JSON.stringify([observer.messages, observer.log])).not.toContain('hanko.internal');
  });

  it('may be another platform: a body of Buffers', async () => {
    const response = {
      status: 200,
      redirected: false,
      body: (async function* body() {
        yield Buffer.from(JSON.stringify({ keys: [a.publicJwk] }));
      })(),
    };
    const jwks = createJwks({ fetch: async () => response as unknown as Response });

    expect(await jwks.getKey('a')).toBeInstanceOf(CryptoKey);
  });
});
