import type { webcrypto } from 'node:crypto';
import { HankoUser } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { importKeys } from '../../../lib/jwks/jwk-set.js';
import type { RemoteJwks } from '../../../lib/jwks/remote-jwks.js';
import { SigningKey } from '../../../fake-hanko/src/tokens/keys.js';
import type {
  SessionTokenVerifier,
  TrustedHanko,
} from '../../../lib/verification/session-token.verifier.js';
import { CountingFetch, createRemoteJwks, JwksObserver } from '../../support/jwks.js';
import {
  createVerifier,
  cryptoDuring,
  refused,
  trust,
  verified,
} from '../../support/session-token-verifier.js';
import { TestClock, tokenRefusal, unavailableRefusal } from '../../support/verifier.js';

const START = Date.parse('2026-03-01T12:00:00Z');
/** How long fetched keys are fresh. */
const CACHE = 600;
const STALE = 3_600;

const observer = new JwksObserver().watch();
let hanko: FakeHanko;
/** A key that is none of the server's. */
let foreign: SigningKey;
let foreignKey: webcrypto.CryptoKey | undefined;
let kid: string;
let token: string;
let clock: TestClock;
let network: CountingFetch;
let jwks: RemoteJwks;
let trusted: TrustedHanko;
let verifier: SessionTokenVerifier;

beforeAll(async () => {
  foreign = await SigningKey.generate(2048);
  foreignKey = (await importKeys([foreign.publicJwk])).get(foreign.kid)?.key;
});

/** A token that is known, by a key fetched just now. */
beforeEach(async () => {
  clock = new TestClock(START);
  hanko = await FakeHanko.start({ now: clock.now });
  kid = hanko.signingKid;
  token = await hanko.token();
  network = new CountingFetch();
  jwks = createRemoteJwks({
    url: `${hanko.url}/.well-known/jwks.json`,
    now: clock.now,
    fetch: network.fetch,
    cacheSeconds: CACHE,
    staleIfErrorSeconds: STALE,
  });
  trusted = trust(jwks);
  verifier = createVerifier({ now: clock.now });
  await verified(verifier, token, trusted);
  network.calls = 0;
});
afterEach(() => {
  jwks.onModuleDestroy();
  return hanko.stop();
});

/** Hanko publishes another key under the kid of the one it had. */
const replaceKey = (): void => hanko.setJwks({ keys: [{ ...foreign.publicJwk, kid }] });

const isHit = (): boolean => verifier.verify(token, trusted) instanceof HankoUser;

const cost = (act: () => unknown = () => verified(verifier, token, trusted)): Promise<number> =>
  cryptoDuring(act);

describe('a key that Hanko removes', () => {
  it('takes its tokens along at the next refresh', async () => {
    await hanko.rotateKey();
    hanko.removeKey(kid);
    clock.advance(CACHE - 1);
    const refreshed = observer.nextFetch();
    expect(isHit()).toBe(true);
    await refreshed;

    expect(network.calls).toBe(1);
    expect(await refused(verifier, token, trusted)).toEqual(tokenRefusal('token_key_unknown'));
  });

  it('takes its tokens along also if nobody came until it was stale', async () => {
    await hanko.rotateKey();
    hanko.removeKey(kid);
    clock.advance(CACHE);

    expect(
      await cost(async () =>
        expect(await refused(verifier, token, trusted)).toEqual(tokenRefusal('token_key_unknown')),
      ),
    ).toBe(0);
    expect(await refused(verifier, token, trusted)).toEqual(tokenRefusal('token_key_unknown'));
  });

  it('leaves the tokens of the others', async () => {
    await hanko.rotateKey();
    const other = await hanko.token();
    await verified(verifier, other, trusted);
    hanko.removeKey(kid);
    clock.advance(CACHE);
    await refused(verifier, token, trusted);

    expect(await cost(() => verified(verifier, other, trusted))).toBe(0);
  });
});

describe('a key that Hanko replaces under the same kid', () => {
  beforeEach(() => {
    replaceKey();
    clock.advance(CACHE);
  });

  it('takes its tokens along: each is verified with the new one, each time', async () => {
    for (let n = 0; n < 3; n += 1) {
      expect(
        await cost(async () =>
          expect(await refused(verifier, token, trusted)).toEqual(
            tokenRefusal('token_signature_invalid'),
          ),
        ),
      ).toBe(1);
    }
    expect(network.calls).toBe(1);
  });

  it('and brings back later: its tokens are verified once more', async () => {
    await refused(verifier, token, trusted);
    hanko.setJwks(null);
    clock.advance(CACHE);

    expect(await cost()).toBe(1);
    expect(await cost()).toBe(0);
  });
});

describe('a key that a refresh brings unchanged', () => {
  it('keeps its tokens', async () => {
    for (let n = 1; n <= 5; n += 1) {
      clock.advance(CACHE);

      expect(await cost()).toBe(0);
      expect(network.calls).toBe(n);
      expect(isHit()).toBe(true);
    }
  });

  it('keeps its tokens where others come and go', async () => {
    await hanko.rotateKey();
    clock.advance(CACHE);
    expect(await cost()).toBe(0);

    hanko.setJwks({
      keys: [foreign.publicJwk, ...hanko.jwks().keys.filter((key) => key.kid === kid)],
    });
    clock.advance(CACHE);
    expect(await cost()).toBe(0);
    expect(network.calls).toBe(2);
  });
});

describe('while Hanko is down', () => {
  beforeEach(() => hanko.fault('down'));
  afterEach(() => hanko.recover());

  it('known tokens are served without crypto as long as its keys are used stale', async () => {
    clock.advance(CACHE);
    expect(await cost()).toBe(0);
    expect(isHit()).toBe(true);
    const failed = observer.nextFetch();
    clock.advance(STALE - CACHE - 1);
    expect(isHit()).toBe(true);
    await failed;
    expect(isHit()).toBe(true);
  });

  it('known tokens are 503 once that is over, and served again when it is back', async () => {
    clock.advance(CACHE);
    await verified(verifier, token, trusted);
    clock.advance(STALE - CACHE);

    expect(
      await cost(async () =>
        expect(await refused(verifier, token, trusted)).toEqual(unavailableRefusal(2)),
      ),
    ).toBe(0);

    await hanko.recover();
    clock.advance(2);
    expect(await cost()).toBe(0);
    expect(isHit()).toBe(true);
  });
});

describe('a token known through one Hanko', () => {
  const elsewhere = (): TrustedHanko => trust({ getKey: () => foreignKey });

  it('is refused by another one with another key under the same kid', async () => {
    for (let n = 0; n < 2; n += 1) {
      expect(await refused(verifier, token, elsewhere())).toEqual(
        tokenRefusal('token_signature_invalid'),
      );
    }
    // Its key is not the one in use there, so it is forgotten: better than to be held by mistake.
    expect(await cost()).toBe(1);
  });

  it('is refused by another one that has no such key', async () => {
    const without = trust({ getKey: () => undefined });

    expect(await refused(verifier, token, without)).toEqual(tokenRefusal('token_key_unknown'));
    expect(await cost()).toBe(1);
  });

  it('is refused by another one with another audience', async () => {
    const other = trust(jwks, { audience: ['elsewhere'] });

    expect(await refused(verifier, token, other)).toEqual(tokenRefusal('token_audience_mismatch'));
  });

  it('is refused by the other one also while the first is verifying it', async () => {
    verifier = createVerifier({ now: clock.now });
    const [good, bad, again] = await Promise.allSettled([
      verified(verifier, token, trusted),
      verified(verifier, token, elsewhere()),
      verified(verifier, token, trusted),
    ]);

    expect([good.status, bad.status, again.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(bad).toMatchObject({ reason: { code: 'token_signature_invalid' } });
    expect(await cost()).toBe(0);
    expect(await refused(verifier, token, elsewhere())).toEqual(
      tokenRefusal('token_signature_invalid'),
    );
  });
});
