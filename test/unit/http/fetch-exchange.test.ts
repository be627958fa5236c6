import { describe, expect, it } from 'vitest';
import { fetchJson } from '../../../lib/http/fetch-json.js';

const get = (returned: unknown, maxBytes = 100): Promise<unknown> =>
  fetchJson('http://127.0.0.1:9', {
    fetch: (() => returned) as typeof globalThis.fetch,
    timeoutMs: 10_000,
    maxBytes,
    signal: new AbortController().signal,
  });

const NO_RESPONSE = {
  name: 'FetchFailure',
  message: 'the option fetch did not return a Response whose body is a stream of bytes',
  isOutage: false,
};

describe('a fetch of the app', () => {
  it('may return a Response, or a promise of one', async () => {
    expect(await get(Response.json({ a: 1 }))).toEqual({ status: 200, json: { a: 1 } });
    expect(await get(Promise.resolve(Response.json({ a: 1 })))).toMatchObject({ json: { a: 1 } });
  });

  it('may return what another library makes, if its body can be read', async () => {
    const body = (async function* () {
      yield await Promise.resolve(Buffer.from('{"a":1}'));
    })();

    expect(await get({ status: 200, body })).toEqual({ status: 200, json: { a: 1 } });
  });

  it.each([
    undefined,
    null,
    'text',
    200,
    [],
    {},
    { ok: true, json: () => Promise.resolve({ keys: [] }) },
    { status: '200', body: null },
    { status: 200 },
    { status: 200, body: '{"keys":[]}' },
    { status: 200, body: { keys: [] } },
    { status: 200, data: { keys: [] } },
  ])('that returns no Response is named as the cause: %j', async (returned) => {
    await expect(get(returned)).rejects.toMatchObject(NO_RESPONSE);
    await expect(get(Promise.resolve(returned))).rejects.toMatchObject(NO_RESPONSE);
  });

  it('whose body is not of bytes is named as the cause, and not read without a bound', async () => {
    let chunks = 0;
    const body = (async function* () {
      for (; chunks < 1_000; chunks += 1) yield await Promise.resolve('{');
    })();

    await expect(get({ status: 200, body })).rejects.toMatchObject(NO_RESPONSE);
    expect(chunks).toBe(0);
  });
});
