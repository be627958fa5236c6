import type { HankoTrustedTenant } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { captureLog } from '../../support/log.js';
import { settled } from '../../support/revocation.js';
import {
  ACME,
  acme,
  clock,
  codeAt,
  globex,
  madeUp,
  makeHankos,
  network,
  userAt,
  useTenantHankos,
} from '../../support/tenants.js';

const log = captureLog();
useTenantHankos();

/** The app's own list of tenants, which counts how often it is asked. */
class Customers {
  asked = 0;
  readonly known = new Map<string, unknown>();

  readonly trust = async (id: string): Promise<HankoTrustedTenant | null> => {
    this.asked += 1;
    return (this.known.get(id) as HankoTrustedTenant | undefined) ?? null;
  };
}

function customers(): Customers {
  const list = new Customers();
  list.known.set('acme', { apiUrl: acme.url });
  list.known.set('globex', { apiUrl: globex.url });
  return list;
}

describe('tenants.trust()', () => {
  it('names the address of each tenant, whose ids are the own ones of the app', async () => {
    const { hankos } = makeHankos({ trust: customers().trust }, {});
    expect((await userAt(hankos, 'acme', await acme.token())).tenantId).toBe('acme');
    expect(await codeAt(hankos, 'globex', await acme.token())).toBe('token_key_unknown');
    expect(await codeAt(hankos, 'initech', await acme.token())).toBe('tenant_unknown');
  });

  it('may leave the address of a UUID to the module', async () => {
    const { hankos } = makeHankos({ trust: () => ({}) });
    expect(await codeAt(hankos, ACME, await acme.token())).toBe('accepted');
    expect(await codeAt(hankos, 'acme', await acme.token())).toBe('configuration_invalid');
  });

  it('may narrow the audience', async () => {
    const { hankos } = makeHankos({
      trust: (id) => ({ apiUrl: acme.url, audience: id === 'strict' ? 'other' : 'localhost' }),
    });
    expect(await codeAt(hankos, 'usual', await acme.token())).toBe('accepted');
    expect(await codeAt(hankos, 'strict', await acme.token())).toBe('token_audience_mismatch');
  });

  it('that names no audience is warned of once for each tenant, unless every audience is meant', async () => {
    const trust = (id: string): object =>
      id === 'usual' ? { apiUrl: acme.url, audience: 'localhost' } : { apiUrl: acme.url };
    const { hankos } = makeHankos({ trust }, { audience: undefined } as never);
    for (const id of ['usual', 'open', 'open']) {
      expect(await codeAt(hankos, id, await acme.token())).toBe('accepted');
    }
    const warnings = log.filter((line) => line.includes('No audience'));
    expect(warnings).toEqual([expect.stringContaining('the tenant "open"')]);

    const onPurpose = makeHankos({ trust }, { audience: null });
    expect(await codeAt(onPurpose.hankos, 'other', await acme.token())).toBe('accepted');
    expect(log.filter((line) => line.includes('No audience'))).toHaveLength(1);
  });

  it('is asked once at a time, and its answer is used for a minute', async () => {
    const list = customers();
    const { hankos } = makeHankos({ trust: list.trust });
    const token = await acme.token();
    await Promise.all(Array.from({ length: 20 }, () => userAt(hankos, 'acme', token)));
    clock.advance(59);
    await userAt(hankos, 'acme', token);
    expect(list.asked).toBe(1);
    clock.advance(2);
    // It is asked while the request goes on.
    expect(hankos.of({ headers: { 'x-tenant': 'acme' } })).not.toBeInstanceOf(Promise);
    expect(list.asked).toBe(2);
  });

  it('that takes a tenant away is obeyed with the next question, and what it has changed too', async () => {
    const list = customers();
    const { hankos } = makeHankos({ trust: list.trust });
    const token = await acme.token();
    await userAt(hankos, 'acme', token);
    list.known.set('acme', { apiUrl: globex.url });
    clock.advance(61);
    await codeAt(hankos, 'acme', token);
    await settled();
    expect(await codeAt(hankos, 'acme', token)).toBe('token_key_unknown');
    list.known.delete('acme');
    clock.advance(61);
    await codeAt(hankos, 'acme', token);
    await settled();
    expect(await codeAt(hankos, 'acme', token)).toBe('tenant_unknown');
  });

  it('that fails is an outage for new tenants, and for five minutes none for known ones', async () => {
    const list = customers();
    let isDown = false;
    const trust = (id: string): unknown => {
      if (isDown) throw new Error('the database is down');
      return list.trust(id);
    };
    const { hankos } = makeHankos({ trust: trust as never });
    const token = await acme.token();
    await userAt(hankos, 'acme', token);
    isDown = true;
    clock.advance(299);
    expect(await codeAt(hankos, 'acme', token)).toBe('accepted');
    expect(await codeAt(hankos, 'globex', token)).toBe('hanko_unavailable');
    clock.advance(2);
    expect(await codeAt(hankos, 'acme', token)).toBe('hanko_unavailable');
    isDown = false;
    expect(await codeAt(hankos, 'acme', token)).toBe('accepted');
  });

  it.each([
    'acme',
    42,
    [],
    { apiUrl: 'ftp://acme' },
    { apiUrl: 42 },
    { audience: [] },
    { url: 'https://acme.example' },
    { cookieName: 'a b' },
  ])('is the fault of the app if it says %j', async (answer) => {
    const { hankos } = makeHankos({ trust: (() => answer) as never });
    expect(await codeAt(hankos, ACME, await acme.token())).toBe('configuration_invalid');
    expect(network.calls).toBe(0);
  });

  it('is not asked about more than 50 unknown ids at once', async () => {
    const list = customers();
    const { hankos } = makeHankos({ trust: list.trust });
    const token = await acme.token();
    await userAt(hankos, 'acme', token);
    const codes = await Promise.all(madeUp(500).map((id) => codeAt(hankos, id, token)));
    expect(list.asked).toBe(51);
    expect(codes.filter((code) => code === 'hanko_unavailable')).toHaveLength(450);
    expect(await codeAt(hankos, 'acme', token)).toBe('accepted');
    expect(network.calls).toBe(1);
  });

  it('may be asked about 1,000 good ones at once, as after a start', async () => {
    const list = customers();
    for (let n = 0; n < 1_000; n += 1) list.known.set(`t${n}`, { apiUrl: acme.url });
    const { hankos } = makeHankos({ trust: list.trust, max: 2_000 });
    for (let n = 0; n < 1_000; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- as they come
      await hankos.of({ headers: { 'x-tenant': `t${n}` } });
    }
    expect(hankos.all()).toHaveLength(1_000);
  });
});
