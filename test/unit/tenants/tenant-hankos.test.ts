import { HankoConfigurationError } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
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
  network,
  userAt,
  useTenantHankos,
} from '../../support/tenants.js';

useTenantHankos();

describe('without tenants.trust(), a tenant', () => {
  it('is a UUID that Hanko knows, and has keys, caches and verdicts of its own', async () => {
    const { hankos } = makeHankos();
    const user = await userAt(hankos, ACME, await acme.token());
    expect(user.tenantId).toBe(ACME);
    expect((await userAt(hankos, GLOBEX, await globex.token())).tenantId).toBe(GLOBEX);
    const [a, b] = await Promise.all([named(hankos, ACME), named(hankos, GLOBEX)]);
    for (const part of ['jwks', 'verifier', 'liveness', 'options'] as const) {
      expect(a?.[part]).not.toBe(b?.[part]);
    }
  });

  it('accepts no token of another one, also when both are known to be good', async () => {
    const { hankos } = makeHankos();
    const [ofAcme, ofGlobex] = [await acme.token(), await globex.token()];
    for (let again = 0; again < 2; again += 1) {
      expect(await codeAt(hankos, ACME, ofAcme)).toBe('accepted');
      expect(await codeAt(hankos, GLOBEX, ofGlobex)).toBe('accepted');
      expect(await codeAt(hankos, GLOBEX, ofAcme)).toBe('token_key_unknown');
      expect(await codeAt(hankos, ACME, ofGlobex)).toBe('token_key_unknown');
    }
  });

  it('is at once there when it was used before', async () => {
    const { hankos } = makeHankos();
    await userAt(hankos, ACME, await acme.token());
    expect(hankos.of({ headers: { 'x-tenant': ACME } })).not.toBeInstanceOf(Promise);
    expect(hankos.of({ headers: { 'x-tenant': ACME.toUpperCase() } })).toBe(hankos.known(ACME));
  });

  it.each(['acme', 'localhost', '../admin', `${ACME}/`, `${ACME}?x`])(
    'is unknown if it is no UUID, and nothing is fetched: %j',
    async (id) => {
      const { hankos } = makeHankos();
      expect(await codeAt(hankos, id, await acme.token())).toBe('tenant_unknown');
      expect(network.calls).toBe(0);
    },
  );

  it('is unknown if Hanko says so, and for 30 seconds nobody asks again', async () => {
    const { hankos } = makeHankos();
    const [id = ''] = madeUp(1);
    const token = await acme.token();
    for (let again = 0; again < 3; again += 1) {
      expect(await codeAt(hankos, id, token)).toBe('tenant_unknown');
    }
    expect(network.calls).toBe(1);
    clock.advance(31);
    expect(await codeAt(hankos, id, token)).toBe('tenant_unknown');
    expect(network.calls).toBe(2);
  });

  it('that Hanko deletes loses its keys with the next fetch, and is no outage', async () => {
    const id = madeUp(1)[0] as string;
    const tenant = await hanko.createTenant(id);
    const token = await tenant.token();
    const { hankos } = makeHankos({}, { jwksCacheSeconds: 1 });
    expect(await codeAt(hankos, id, token)).toBe('accepted');
    hanko.deleteTenant(id);
    const { jwks } = await named(hankos, id);
    expect(jwks.status?.().state).toBe('fresh');
    // The unknown kid makes it ask again.
    expect(await codeAt(hankos, id, await globex.token())).toBe('tenant_unknown');
    expect(await codeAt(hankos, id, token)).toBe('tenant_unknown');
    expect(hankos.known(id)).toBeUndefined();
  });
});

describe('a flood of ids that nobody knows', () => {
  it('makes 50 fetches at once and 10 a second, and the rest is told to come back', async () => {
    const { hankos } = makeHankos();
    const token = await acme.token();
    const codes = await Promise.all(madeUp(500).map((id) => codeAt(hankos, id, token)));
    expect(network.calls).toBe(50);
    expect(codes.filter((code) => code === 'tenant_unknown')).toHaveLength(50);
    expect(codes.filter((code) => code === 'hanko_unavailable')).toHaveLength(450);
    clock.advance(1);
    await Promise.all(madeUp(500).map((id) => codeAt(hankos, id, token)));
    expect(network.calls).toBe(60);
  });

  it('slows no tenant that is known, and none that was', async () => {
    const { hankos } = makeHankos({ max: 1 });
    const [ofAcme, ofGlobex] = [await acme.token(), await globex.token()];
    await userAt(hankos, ACME, ofAcme);
    await userAt(hankos, GLOBEX, ofGlobex);
    await Promise.all(madeUp(500).map((id) => codeAt(hankos, id, ofAcme)));
    expect(hankos.known(GLOBEX)).toBeDefined();
    expect(hankos.known(ACME)).toBeUndefined();
    const before = network.calls;
    expect(await codeAt(hankos, GLOBEX, ofGlobex)).toBe('accepted');
    expect(await codeAt(hankos, ACME, ofAcme)).toBe('accepted');
    expect(network.calls).toBe(before + 1);
  });

  it('holds nothing but a bounded number of them', async () => {
    const { hankos } = makeHankos();
    for (const id of madeUp(5_000)) await named(hankos, id);
    expect(network.calls).toBe(0);
    const { newcomers } = hankos as unknown as { readonly newcomers: ReadonlyMap<string, unknown> };
    expect(newcomers.size).toBeLessThanOrEqual(200);
    expect(hankos.all()).toEqual([]);
  });
});

describe('tenants.max', () => {
  it('evicts who was not used for longest; to come back costs one fetch', async () => {
    const { hankos } = makeHankos({ max: 2 });
    const third = await hanko.createTenant(madeUp(1)[0] as string);
    const id = third.url.slice(-ACME.length);
    const tokens = { acme: await acme.token(), globex: await globex.token() };
    await userAt(hankos, ACME, tokens.acme);
    await userAt(hankos, GLOBEX, tokens.globex);
    await userAt(hankos, ACME, tokens.acme);
    await userAt(hankos, id, await third.token());
    expect(hankos.all()).toHaveLength(2);
    network.calls = 0;
    expect(await codeAt(hankos, ACME, tokens.acme)).toBe('accepted');
    expect(await codeAt(hankos, GLOBEX, tokens.globex)).toBe('accepted');
    expect(network.calls).toBeLessThanOrEqual(2);
    hanko.deleteTenant(id);
  });

  it('lets a verification that is under way come to its end', async () => {
    const { hankos } = makeHankos({ max: 1 });
    const token = await acme.token();
    const underWay = userAt(hankos, ACME, token);
    await userAt(hankos, GLOBEX, await globex.token());
    expect((await underWay).tenantId).toBe(ACME);
  });
});

it('a tenant has to be named by code of the app, and must be one', async () => {
  const { hankos } = makeHankos();
  for (const id of [undefined, null, 42, {}]) {
    expect(() => hankos.named(id, 'verifyToken().tenant')).toThrow(HankoConfigurationError);
  }
  expect((await hankos.named(ACME, 'x')).tenantId).toBe(ACME);
});
