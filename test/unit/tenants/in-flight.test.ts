import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLog } from '../../support/log.js';
import { Gate } from '../../support/jwks.js';
import { KeyServer, type NamedKey, signSession } from '../../support/key-server.js';
import { rsaKey } from '../../support/rsa-keys.js';
import { settled } from '../../support/revocation.js';
import {
  ACME,
  acme,
  clock,
  codeAt,
  GLOBEX,
  globex,
  hanko,
  madeUp,
  makeHankos,
  named,
  userAt,
  useTenantHankos,
} from '../../support/tenants.js';

const log = captureLog();
useTenantHankos();

let server: KeyServer;
const key: NamedKey = { kid: 'k', key: rsaKey() };
beforeAll(async () => {
  server = await KeyServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => server.published.clear());

/** Replies of Hanko come when the test says so. */
class HeldFetch {
  held: Gate[] = [];
  isHolding = false;

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const reply = await globalThis.fetch(input, init);
    if (this.isHolding) {
      const gate = new Gate();
      this.held.push(gate);
      await gate.opened;
    }
    return reply;
  };
}

describe('while a request waits for the keys of its tenant', () => {
  it('the tenant is deleted: the reply that came before counts, and then it is gone', async () => {
    const [id = ''] = madeUp(1);
    const tenant = await hanko.createTenant(id);
    const token = await tenant.token();
    const held = new HeldFetch();
    const { hankos } = makeHankos({}, { fetch: held.fetch });
    held.isHolding = true;
    const underWay = codeAt(hankos, id, token);
    await settledUntil(() => held.held.length === 1);
    hanko.deleteTenant(id);
    held.held[0]?.open();
    expect(await underWay).toBe('accepted');
    held.isHolding = false;
    expect(await codeAt(hankos, id, await globex.token())).toBe('tenant_unknown');
    expect(await codeAt(hankos, id, token)).toBe('tenant_unknown');
    expect(log).toEqual([
      `warn Tenant "${id}": Hanko's keys cannot be fetched: status 404: tenant not found. Requests with a token get 404. HankoJwks`,
    ]);
  });

  it('others evict it: it ends as it would have, and comes back', async () => {
    const held = new HeldFetch();
    const { hankos } = makeHankos({ max: 1 }, { fetch: held.fetch });
    const [ofAcme, ofGlobex] = [await acme.token(), await globex.token()];
    expect(await codeAt(hankos, ACME, ofAcme)).toBe('accepted');
    const first = hankos.known(ACME);
    held.isHolding = true;
    // An unknown key makes it ask again.
    const underWay = codeAt(hankos, ACME, ofGlobex);
    const other = codeAt(hankos, GLOBEX, ofGlobex);
    await settledUntil(() => held.held.length === 2);
    held.held[1]?.open();
    expect(await other).toBe('accepted');
    expect(hankos.known(ACME)).toBeUndefined();
    held.isHolding = false;
    held.held[0]?.open();
    expect(await underWay).toBe('token_key_unknown');
    expect(await codeAt(hankos, ACME, ofAcme)).toBe('accepted');
    expect(hankos.known(ACME)).not.toBe(first);
  });

  it('and another one took its place, a late "no such tenant" ends nothing', async () => {
    const held = new HeldFetch();
    const { hankos } = makeHankos({ max: 1 }, { fetch: held.fetch, apiUrl: server.url });
    server.published.set(ACME, [key]).set(GLOBEX, [key]);
    const token = signSession(key);
    expect(await codeAt(hankos, ACME, token)).toBe('accepted');
    server.published.delete(ACME);
    held.isHolding = true;
    const late = codeAt(hankos, ACME, signSession({ ...key, kid: 'unknown' }));
    await settledUntil(() => held.held.length === 1);
    held.isHolding = false;
    // It is evicted, is made again at Hanko, and comes back.
    expect(await codeAt(hankos, GLOBEX, token)).toBe('accepted');
    server.published.set(ACME, [key]);
    expect(await codeAt(hankos, ACME, token)).toBe('accepted');
    held.held[0]?.open();
    expect(await late).toBe('tenant_unknown');
    expect(await codeAt(hankos, ACME, token)).toBe('accepted');
  });

  it('trust() says something else: it ends by what was trusted when it came', async () => {
    let apiUrl = acme.url;
    const held = new HeldFetch();
    const { hankos } = makeHankos({ trust: () => ({ apiUrl }) }, { fetch: held.fetch });
    const token = await acme.token();
    held.isHolding = true;
    const underWay = userAt(hankos, 'acme', token);
    await settledUntil(() => held.held.length === 1);
    apiUrl = globex.url;
    clock.advance(61);
    await named(hankos, 'acme');
    await settled();
    held.isHolding = false;
    held.held[0]?.open();
    expect((await underWay).tenantId).toBe('acme');
    expect(await codeAt(hankos, 'acme', token)).toBe('token_key_unknown');
    expect(await codeAt(hankos, 'acme', await globex.token())).toBe('accepted');
  });
});

describe('many requests of many tenants at once, of which few have room', () => {
  it('get each their own answer', async () => {
    const ids = madeUp(12);
    const keys = ids.map((): NamedKey => ({ kid: 'k', key: rsaKey() }));
    ids.forEach((id, at) => server.published.set(id, [keys[at] as NamedKey]));
    const tokens = keys.map((one) => signSession(one));
    const { hankos } = makeHankos({ max: 2 }, { apiUrl: server.url });
    const asked = Array.from({ length: 300 }, (_, n) => ({ at: (n * 7) % 12, by: (n * 5) % 12 }));
    const codes = await Promise.all(
      asked.map(({ at, by }) => codeAt(hankos, ids[at] as string, tokens[by] as string)),
    );
    expect(codes).toEqual(
      asked.map(({ at, by }) => (at === by ? 'accepted' : 'token_signature_invalid')),
    );
    expect(hankos.all().length).toBeLessThanOrEqual(2);
  });
});

describe('a trust() that', () => {
  it('hangs is an outage for its tenant alone, and asked once for all that wait', async () => {
    let asked = 0;
    const never = new Gate();
    const trust = async (id: string) => {
      asked += 1;
      if (id === 'slow') await never.opened;
      return { apiUrl: acme.url };
    };
    const { hankos } = makeHankos({ trust });
    const token = await acme.token();
    const waiting = Array.from({ length: 20 }, () => codeAt(hankos, 'slow', token));
    expect(await codeAt(hankos, 'acme', token)).toBe('accepted');
    expect(asked).toBe(2);
    never.open();
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => 'accepted'));
    expect(asked).toBe(2);
  });

  it('hangs for good is given up after five seconds, and what it says later is not heard', async () => {
    const late = new Gate();
    let asked = 0;
    const trust = async () => {
      asked += 1;
      if (asked === 1) await late.opened;
      return asked === 1 ? { apiUrl: globex.url } : { apiUrl: acme.url };
    };
    const { hankos } = makeHankos({ trust });
    const token = await acme.token();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const waiting = codeAt(hankos, 'acme', token);
      vi.advanceTimersByTime(5_000);
      expect(await waiting).toBe('hanko_unavailable');
    } finally {
      vi.useRealTimers();
    }
    expect(await codeAt(hankos, 'acme', token)).toBe('accepted');
    late.open();
    await settled();
    expect(await codeAt(hankos, 'acme', token)).toBe('accepted');
  });

  it('fails while a known tenant is asked about again is none', async () => {
    let isDown = false;
    const trust = async () => {
      if (isDown) throw new Error('down');
      return { apiUrl: acme.url };
    };
    const { hankos } = makeHankos({ trust });
    const token = await acme.token();
    await userAt(hankos, 'acme', token);
    isDown = true;
    for (let n = 0; n < 4; n += 1) {
      clock.advance(70);
      expect(await codeAt(hankos, 'acme', token)).toBe('accepted');
      await settled();
    }
    clock.advance(30);
    expect(await codeAt(hankos, 'acme', token)).toBe('hanko_unavailable');
  });

  it('answers with what changes while it is read is read once', async () => {
    const reads: string[] = [];
    const trust = () =>
      ({
        get apiUrl() {
          reads.push('apiUrl');
          return reads.length === 1 ? acme.url : undefined;
        },
      }) as never;
    const { hankos } = makeHankos({ trust });
    expect(await codeAt(hankos, ACME, await acme.token())).toBe('accepted');
    expect(reads).toEqual(['apiUrl']);
  });
});

it('a tenant that is made after somebody asked for it is there half a minute later', async () => {
  const [id = ''] = madeUp(1);
  const { hankos } = makeHankos();
  expect(await codeAt(hankos, id, await acme.token())).toBe('tenant_unknown');
  const tenant = await hanko.createTenant(id);
  const token = await tenant.token();
  expect(await codeAt(hankos, id, token)).toBe('tenant_unknown');
  clock.advance(31);
  expect(await codeAt(hankos, id, token)).toBe('accepted');
  expect(await codeAt(hankos, id, await acme.token())).toBe('token_key_unknown');
  hanko.deleteTenant(id);
});

/** Replies come over a socket. */
async function settledUntil(isSo: () => boolean): Promise<void> {
  while (!isSo()) await settled();
}
