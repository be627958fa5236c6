import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KeyServer, type NamedKey, signSession } from '../../support/key-server.js';
import { rsaKey } from '../../support/rsa-keys.js';
import { settled } from '../../support/revocation.js';
import {
  ACME,
  clock,
  codeAt,
  GLOBEX,
  makeHankos,
  userAt,
  useTenantHankos,
} from '../../support/tenants.js';

useTenantHankos();

let server: KeyServer;
const one: NamedKey = { kid: 'the-same', key: rsaKey() };
const another: NamedKey = { kid: 'the-same', key: rsaKey() };

beforeAll(async () => {
  server = await KeyServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  server.asked.length = 0;
  server.published.clear();
});

const publish = (ofAcme: readonly NamedKey[], ofGlobex: readonly NamedKey[]): void => {
  server.published.set(ACME, ofAcme).set(GLOBEX, ofGlobex);
};
const make = (...rest: Parameters<typeof makeHankos>) =>
  makeHankos(rest[0], { apiUrl: server.url, ...rest[1] }).hankos;

describe('two tenants with the same kid', () => {
  it('have each their own key, whoever comes first, and at once', async () => {
    publish([one], [another]);
    for (const first of [ACME, GLOBEX]) {
      const hankos = make();
      const [ofAcme, ofGlobex] = [signSession(one), signSession(another)];
      const asked = [ACME, GLOBEX].flatMap((id) =>
        [ofAcme, ofGlobex].map((token) => ({ id, token })),
      );
      const ordered = first === ACME ? asked : asked.toReversed();
      for (let again = 0; again < 3; again += 1) {
        const codes = await Promise.all(ordered.map(({ id, token }) => codeAt(hankos, id, token)));
        expect(codes).toEqual(
          ordered.map(({ id, token }) =>
            (id === ACME) === (token === ofAcme) ? 'accepted' : 'token_signature_invalid',
          ),
        );
      }
    }
    // Twice, for two apps.
    expect(server.asked.toSorted()).toEqual([ACME, ACME, GLOBEX, GLOBEX]);
  });

  it('do not get each other, also when one of them changes the key behind its kid', async () => {
    publish([one], [another]);
    let aheadMs = 0;
    const hankos = make({}, { now: () => Date.now() + aheadMs, jwksCacheSeconds: 60 });
    const [ofAcme, ofGlobex] = [signSession(one), signSession(another)];
    expect(await codeAt(hankos, ACME, ofAcme)).toBe('accepted');
    expect(await codeAt(hankos, GLOBEX, ofGlobex)).toBe('accepted');
    // Acme takes the key of globex, whose public half anybody can read.
    publish([another], [another]);
    aheadMs = 61_000;
    expect(await codeAt(hankos, ACME, ofAcme)).toBe('token_signature_invalid');
    expect(await codeAt(hankos, GLOBEX, ofAcme)).toBe('token_signature_invalid');
    expect((await userAt(hankos, GLOBEX, ofGlobex)).tenantId).toBe(GLOBEX);
  });
});

describe('a tenant that publishes the key of another one', () => {
  it('lets its users in at itself, and gets in nowhere', async () => {
    const own: NamedKey = { kid: 'own', key: rsaKey() };
    publish([one], [own, one]);
    const hankos = make();
    const ofAcme = signSession(one);
    expect((await userAt(hankos, ACME, ofAcme)).tenantId).toBe(ACME);
    const seen = await userAt(hankos, GLOBEX, ofAcme);
    expect(seen.tenantId).toBe(GLOBEX);
    expect((await userAt(hankos, ACME, ofAcme)).tenantId).toBe(ACME);
    expect(await codeAt(hankos, ACME, signSession(own))).toBe('token_key_unknown');
    expect(await codeAt(hankos, ACME, signSession({ ...own, kid: one.kid }))).toBe(
      'token_signature_invalid',
    );
  });

  it('learns nothing of what is remembered there: each verifies by itself', async () => {
    publish([one], [one]);
    const hankos = make();
    const token = signSession(one);
    const users = await Promise.all(
      [ACME, GLOBEX, ACME, GLOBEX].map((id) => userAt(hankos, id, token)),
    );
    expect(users.map(({ tenantId }) => tenantId)).toEqual([ACME, GLOBEX, ACME, GLOBEX]);
    publish([one], []);
    const [a, b] = [hankos.known(ACME), hankos.known(GLOBEX)];
    expect(a?.verifier).not.toBe(b?.verifier);
  });
});

describe('tenants that share a private key', () => {
  it('are told apart by an audience or an issuer of their own', async () => {
    publish([one], [one]);
    const own: Record<string, object> = {
      [ACME]: { audience: 'acme.example' },
      [GLOBEX]: { audience: 'globex.example', issuer: 'globex' },
    };
    const hankos = make({ trust: (id) => own[id] ?? null });
    const ofAcme = signSession(one, { aud: ['acme.example'] });
    const ofGlobex = signSession(one, { aud: ['globex.example'], iss: 'globex' });
    expect(await codeAt(hankos, ACME, ofAcme)).toBe('accepted');
    expect(await codeAt(hankos, GLOBEX, ofGlobex)).toBe('accepted');
    expect(await codeAt(hankos, ACME, ofGlobex)).toBe('token_audience_mismatch');
    expect(await codeAt(hankos, GLOBEX, ofAcme)).toBe('token_audience_mismatch');
    expect(await codeAt(hankos, GLOBEX, signSession(one, { aud: ['globex.example'] }))).toBe(
      'token_issuer_mismatch',
    );
  });

  it('get their new audience with the next answer of trust(), known signatures or not', async () => {
    publish([one], []);
    let audience = 'localhost';
    const hankos = make({ trust: () => ({ audience }) });
    const token = signSession(one);
    expect(await codeAt(hankos, ACME, token)).toBe('accepted');
    audience = 'acme.example';
    clock.advance(61);
    expect(await codeAt(hankos, ACME, token)).toBe('accepted');
    await settled();
    expect(await codeAt(hankos, ACME, token)).toBe('token_audience_mismatch');
  });
});
