import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureLog } from '../../support/log.js';
import { settled } from '../../support/revocation.js';
import {
  ACME,
  acme,
  clock,
  codeAt,
  hanko,
  madeUp,
  makeHankos,
  named,
  network,
  useTenantHankos,
} from '../../support/tenants.js';

const log = captureLog();
useTenantHankos();

describe('in an outage of Hanko, ids that are made up', () => {
  beforeEach(async () => {
    await hanko.fault('error');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(async () => {
    vi.useRealTimers();
    await hanko.recover();
  });

  it('make no fetches in the background, and asking for them again counts', async () => {
    let aheadMs = 0;
    const { hankos } = makeHankos({}, { now: () => Date.now() + aheadMs });
    const token = await acme.token({ lifespanSeconds: 100_000 });
    const ids = madeUp(150);
    const askAll = async (): Promise<string[]> => {
      const answers = ids.map((id) => codeAt(hankos, id, token));
      return Promise.all(answers);
    };
    expect(new Set(await askAll())).toEqual(new Set(['hanko_unavailable']));
    expect(network.calls).toBe(50);
    for (let n = 0; n < 20; n += 1) {
      vi.advanceTimersByTime(60_000);
      await settled();
    }
    expect(network.calls).toBe(50);
    // Each may be asked about again by now, but for how many that would be.
    aheadMs = 600_000;
    await askAll();
    expect(network.calls).toBe(50);
    clock.advance(2);
    await askAll();
    expect(network.calls).toBe(70);
    expect(log.length).toBeLessThan(40);
  });

  it('do not keep a tenant that is known from its keys', async () => {
    vi.useRealTimers();
    await hanko.recover();
    const { hankos } = makeHankos();
    const token = await acme.token();
    expect(await codeAt(hankos, ACME, token)).toBe('accepted');
    await hanko.fault('error');
    await Promise.all(madeUp(300).map((id) => codeAt(hankos, id, token)));
    expect(await codeAt(hankos, ACME, token)).toBe('accepted');
    expect(hankos.all().map(({ tenantId }) => tenantId)).toEqual([ACME]);
  });
});

/** How many of anything it holds, whatever it calls it. */
function sizesIn(hankos: object): number {
  let size = 0;
  for (const value of Object.values(hankos)) {
    const { size: own } = Object(value) as { readonly size?: unknown };
    if (typeof own === 'number') size += own;
  }
  return size;
}

/** A million take as much room, and half a minute. */
const COUNT = 5_000;

describe(`${COUNT} ids that are made up`, () => {
  const id = (n: number): string => `0d9f4c9b-2f0c-4f3c-8f7e-${n.toString(16).padStart(12, '0')}`;

  it('take no more room than 200 do, without a token', async () => {
    const { hankos } = makeHankos();
    const token = await acme.token();
    await codeAt(hankos, ACME, token);
    for (let n = 0; n < COUNT; n += 1) void hankos.of({ headers: { 'x-tenant': id(n) } });
    expect(sizesIn(hankos)).toBeLessThanOrEqual(210);
    expect(hankos.known(ACME)).toBeDefined();
    expect(network.calls).toBe(1);
  });

  it('are refused by trust() at 10 a second, and are forgotten', async () => {
    let asked = 0;
    const trust = (one: string) => {
      asked += 1;
      return one === ACME ? {} : null;
    };
    const { hankos } = makeHankos({ trust });
    await named(hankos, ACME);
    for (let n = 0; n < COUNT; n += 1) {
      if (n % 1_000 === 0) {
        clock.advance(1);
        // oxlint-disable-next-line no-await-in-loop -- as they come
        await settled();
      }
      void named(hankos, id(n)).catch(() => undefined);
    }
    await settled();
    expect(asked).toBeLessThanOrEqual(1 + 50 + 10 * 6);
    expect(sizesIn(hankos)).toBeLessThanOrEqual(1 + 1 + 50 + 10 * 6);
    // Once more: what was unknown long ago makes room.
    for (let n = 0; n < 11_000; n += 1) {
      clock.advance(1);
      void named(hankos, id(COUNT + n)).catch(() => undefined);
    }
    await settled();
    expect(sizesIn(hankos)).toBeLessThanOrEqual(10_100);
    expect(hankos.known(ACME)).toBeDefined();
  });
});
