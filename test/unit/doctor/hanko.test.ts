import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Check } from '../../../lib/doctor/check.js';
import { hankoChecks } from '../../../lib/doctor/hanko-checks.js';
import { resolveOptions } from '../../../lib/options/hanko-options.js';
import { complaintsOf, textOf } from '../../support/doctor.js';

let hanko: FakeHanko;
beforeAll(async () => void (hanko = await FakeHanko.start()));
afterAll(() => hanko.stop());

/** The checks of one address. */
async function checksOf(
  apiUrl: string,
  { now = (): number => Date.now(), timeoutMs = 10_000 } = {},
): Promise<readonly Check[]> {
  const options = resolveOptions(
    { apiUrl, audience: 'localhost', jwksTimeoutMs: timeoutMs, validateTimeoutMs: timeoutMs },
    () => undefined,
  );
  const { checks } = await hankoChecks({ ...options, apiUrl: options.apiUrl ?? '' }, now);
  return checks;
}

describe('Hanko', () => {
  test('that is well has no complaints', async () => {
    const checks = await checksOf(hanko.url);
    expect(complaintsOf(checks)).toEqual([]);
    expect(textOf(checks, 'address')).toContain(`Hanko replies at ${hanko.url}`);
    expect(textOf(checks, 'keys')).toMatch(/^There is one key, RSA with 2048 bits\./);
    expect(textOf(checks, 'clock')).toContain("agrees with Hanko's");
  });

  test('is asked for keys and for a session that is not there, without a token and nothing else', async () => {
    hanko.clearRequests();
    await checksOf(hanko.url);
    const asked = hanko.requests.map(({ method, path }) => `${method} ${path}`);
    expect(asked.toSorted()).toEqual(['GET /.well-known/jwks.json', 'GET /sessions/validate']);
  });

  test.each<[fault: Parameters<FakeHanko['fault']>[0], says: RegExp]>([
    ['down', /ECONNRESET|request failed/],
    ['hang', /no reply within 100 ms/],
    ['drip', /no reply within 100 ms/],
    ['error', /status 500/],
    ['unavailable', /status 503/],
    ['garbage', /web page, not JSON.*base address of Hanko's public API/],
    ['wrong-json', /not a JWK Set.*base address/],
    ['redirect', /status 302.*redirects are not followed/],
    ['oversized', /more than \d+ bytes/],
  ])('with the fault %s is found ill, and what to do is said', async (fault, says) => {
    await hanko.fault(fault);
    try {
      const isSilent = fault === 'hang' || fault === 'drip';
      const checks = await checksOf(hanko.url, isSilent ? { timeoutMs: 100 } : {});
      expect(complaintsOf(checks)).toEqual(['fail address']);
      expect(textOf(checks, 'address')).toMatch(says);
      expect(textOf(checks, 'address')).toContain(`${hanko.url}/.well-known/jwks.json`);
    } finally {
      await hanko.recover();
    }
  });

  test('where nothing listens is found', async () => {
    const gone = await FakeHanko.start();
    await gone.stop();
    const checks = await checksOf(gone.url);
    expect(complaintsOf(checks)).toEqual(['fail address']);
    expect(textOf(checks, 'address')).toMatch(
      /ECONNREFUSED.*is Hanko running, and is the port right/,
    );
  });

  test('that is slow is well, and how slow is said', async () => {
    await hanko.fault('slow', { delayMs: 50 });
    try {
      const checks = await checksOf(hanko.url);
      expect(complaintsOf(checks)).toEqual([]);
      const [, ms] = /in (\d+) ms/.exec(textOf(checks, 'address')) ?? [];
      expect(Number(ms)).toBeGreaterThan(40);
    } finally {
      await hanko.recover();
    }
  });

  test('whose keys alone cannot be had is told from one that is not there', async () => {
    await hanko.fault('unavailable', { path: '/.well-known/jwks.json' });
    try {
      expect(textOf(await checksOf(hanko.url), 'address')).toContain('Hanko is there');
    } finally {
      await hanko.recover();
    }
  });

  test('that gives no reply about sessions is found', async () => {
    await hanko.fault('garbage', { path: '/sessions/validate' });
    try {
      const checks = await checksOf(hanko.url);
      expect(complaintsOf(checks)).toEqual(['warn address']);
      expect(textOf(checks, 'address')).toContain('/sessions/validate');
    } finally {
      await hanko.recover();
    }
  });

  test('is not the Admin API', async () => {
    const checks = await checksOf(hanko.adminUrl);
    expect(complaintsOf(checks)).toEqual(['fail address']);
    expect(textOf(checks, 'address')).toMatch(/status 404.*It is not the Admin API/);
  });
});

describe('a Hanko with tenants', () => {
  const TENANT = '6f1d1f9e-3c39-4f0f-9d3d-0f6f4b6f5a11';
  let tenants: FakeHanko;
  beforeAll(async () => void (tenants = await FakeHanko.start({ tenantId: TENANT })));
  afterAll(() => tenants.stop());

  test('is well at the address of a tenant', async () => {
    expect(complaintsOf(await checksOf(tenants.url))).toEqual([]);
  });

  test.each([
    ['without the tenant', '', /the address ends with the tenant's id/],
    ['with another tenant', '/6f1d1f9e-3c39-4f0f-9d3d-0f6f4b6f5a12', /Does this tenant exist/],
  ])('%s is found', async (_what, path, says) => {
    const checks = await checksOf(new URL(tenants.url).origin + path);
    expect(textOf(checks, 'address')).toMatch(says);
  });
});

describe('keys', () => {
  afterAll(() => hanko.recover());

  test('are counted', async () => {
    const kid = await hanko.rotateKey();
    expect(textOf(await checksOf(hanko.url), 'keys')).toContain('There are 2 keys');
    hanko.removeKey(kid);
  });

  test('that cannot be used are named', async () => {
    const { keys } = hanko.jwks();
    hanko.setJwks({ keys: [...keys, { kty: 'EC', kid: 'ec' }] });
    const checks = await checksOf(hanko.url);
    expect(complaintsOf(checks)).toEqual(['warn keys']);
    expect(textOf(checks, 'keys')).toContain('keys[1]: "kty" is not "RSA"');

    hanko.setJwks({ keys: [{ kty: 'EC', kid: 'ec' }] });
    const none = await checksOf(hanko.url);
    expect(complaintsOf(none)).toEqual(['fail address']);
    expect(textOf(none, 'address')).toContain('has no usable key; keys[0]');

    hanko.setJwks({ keys: [...keys, ...Array.from({ length: 1000 }, () => ({}))] });
    expect(textOf(await checksOf(hanko.url), 'keys').length).toBeLessThan(700);

    const many = Array.from({ length: 12 }, (_, n) => ({ ...keys[0], kid: `k${n}` }));
    hanko.setJwks({ keys: many });
    expect(textOf(await checksOf(hanko.url), 'keys')).toMatch(/There are 12 keys.*at each start/);
    hanko.setJwks({ keys });
  });

  test.each([
    ['as they are now', {}, 'They come from Hanko as they are now.', []],
    ['from a cache', { age: '30' }, 'A cache in front of Hanko has had them for 30 s', []],
    [
      'from a cache that keeps them too long',
      { age: '7200' },
      '7200 s, and Hanko allows 600 s',
      ['warn keys'],
    ],
    [
      'from a cache that obeys',
      { age: '700', 'cache-control': 'public, max-age=900' },
      'for 700 s',
      [],
    ],
    ['with an Age that is none', { age: 'x' }, 'as they are now', []],
  ])('come %s', async (_how, headers, says, complaints) => {
    await using proxy = await Proxy.start(headers);
    const checks = await checksOf(proxy.url);
    expect(complaintsOf(checks)).toEqual(complaints);
    expect(textOf(checks, 'keys')).toContain(says);
  });
});

describe('the clock of the machine', () => {
  test.each([
    ['agrees', 0, /agrees with Hanko's/, []],
    ['is within the tolerance', 4_000, /is [345](\.\d)? s ahead of Hanko's/, []],
    ['is behind', -60_000, /(60|59|61)(\.\d)? s behind.*token_not_yet_valid/, ['fail clock']],
    ['is ahead', 60_000, /ahead of Hanko's: tokens expire/, ['warn clock']],
    ['is far ahead', 3_600_000, /webhooks have expired/, ['fail clock']],
  ])('%s', async (_how, offsetMs, says, complaints) => {
    const checks = await checksOf(hanko.url, { now: () => Date.now() + offsetMs });
    expect(complaintsOf(checks)).toEqual(complaints);
    expect(textOf(checks, 'clock')).toMatch(says);
  });

  test('cannot be compared without a Date', async () => {
    await using proxy = await Proxy.start({}, { sendDate: false });
    const checks = await checksOf(proxy.url);
    expect(complaintsOf(checks)).toEqual([]);
    expect(textOf(checks, 'clock')).toContain('the reply has no Date');
  });
});

/** Stands in front of the fake Hanko, and adds header fields of its own. */
class Proxy implements AsyncDisposable {
  private constructor(private readonly server: Server) {}

  static async start(headers: object, { sendDate = true } = {}): Promise<Proxy> {
    const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const reply = await fetch(hanko.url + (request.url ?? ''));
      response.sendDate = sendDate;
      response.writeHead(reply.status, { 'content-type': 'application/json', ...headers });
      response.end(await reply.text());
    };
    const server = createServer((request, response) => void handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Proxy(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
