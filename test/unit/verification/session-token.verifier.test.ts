import { HankoUser } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StaticJwks } from '../../../lib/jwks/static-jwks.js';
import type {
  SessionTokenVerifier,
  TrustedHanko,
} from '../../../lib/verification/session-token.verifier.js';
import {
  createVerifier,
  cryptoDuring,
  refused,
  trust,
  verified,
} from '../../support/session-token-verifier.js';
import { TestClock, type TokenCode, tokenRefusal } from '../../support/verifier.js';

const START = Date.parse('2026-03-01T12:00:00Z');
const LIFESPAN = 3_600;

let hanko: FakeHanko;
let clock: TestClock;
/** Pinned keys: no age, so that nothing but the token depends on the clock. */
let trusted: TrustedHanko;
let verifier: SessionTokenVerifier;

beforeAll(async () => {
  hanko = await FakeHanko.start({
    now: () => clock.now(),
    lifespanSeconds: LIFESPAN,
    issuer: 'https://hanko.example.test',
  });
});
afterAll(() => hanko.stop());

beforeEach(async () => {
  clock = new TestClock(START);
  trusted = trust(await StaticJwks.from(hanko.jwks()));
  verifier = createVerifier({ now: clock.now });
});

/** A token that was verified a moment ago. */
async function knownToken(shape: Parameters<FakeHanko['token']>[0] = {}): Promise<string> {
  const token = await hanko.token(shape);
  await verified(verifier, token, trusted);
  return token;
}

const isKnown = async (token: string): Promise<boolean> =>
  (await cryptoDuring(() => verified(verifier, token, trusted))) === 0;

describe('a token that comes again', () => {
  it('gives its user at once, without a promise and without crypto', async () => {
    const token = await hanko.token({ email: 'ada@example.test', claims: { tier: ['gold'] } });
    let first: unknown;
    let second: unknown;

    expect(await cryptoDuring(async () => (first = await verifier.verify(token, trusted)))).toBe(1);
    expect(await cryptoDuring(() => void (second = verifier.verify(token, trusted)))).toBe(0);

    expect(second).toBeInstanceOf(HankoUser);
    expect(second).toEqual(first);
    expect(second).toMatchObject({
      email: { address: 'ada@example.test' },
      claims: { tier: ['gold'] },
    });
  });

  it('gives its own user, among many', async () => {
    const users = Array.from({ length: 20 }, () => hanko.createUser().id);
    const all = await Promise.all(users.map((user) => hanko.token({ user })));
    for (const token of all) await verified(verifier, token, trusted);

    expect(
      await cryptoDuring(() => {
        const found = all.map((token) => verifier.verify(token, trusted) as HankoUser);
        expect(found.map(({ id }) => id)).toEqual(users);
      }),
    ).toBe(0);
  });

  it('is taken though the text is another object with the same characters', async () => {
    const token = await knownToken();
    const again = Buffer.from(`cookie=${token};`).toString('latin1').slice(7, -1);

    expect(verifier.verify(again, trusted)).toBeInstanceOf(HankoUser);
  });

  it('is not known to another verifier', async () => {
    const token = await knownToken();
    const other = createVerifier({ now: clock.now });

    expect(await cryptoDuring(() => verified(other, token, trusted))).toBe(1);
  });

  it('gives users of their own: a Date of one that is changed does not show in the next', async () => {
    const token = await knownToken();
    const one = verifier.verify(token, trusted) as HankoUser;
    one.authenticatedAt.setTime(0);
    one.expiresAt.setTime(0);
    const next = verifier.verify(token, trusted) as HankoUser;

    expect(next).not.toBe(one);
    expect(next.authenticatedAt).toEqual(new Date(START));
    expect(next.expiresAt).toEqual(new Date(START + LIFESPAN * 1000));
  });

  it('gives users that nobody can change, as deep as their claims go', async () => {
    const token = await hanko.token({ claims: { tier: { names: ['gold', { of: 'x' }] } } });
    const first = await verified(verifier, token, trusted);
    const second = verifier.verify(token, trusted) as HankoUser;

    for (const user of [first, second]) {
      const tier = user.claims['tier' as 'sub'] as unknown as { names: [string, object] };
      const parts = [user, user.claims, user.claims.aud, user.email, user.amr, tier, tier.names];
      for (const part of [...parts, tier.names[1]]) expect(Object.isFrozen(part)).toBe(true);
      expect(Reflect.set(user.claims, 'sub', 'mallory')).toBe(false);
    }
    expect(verifier.verify(token, trusted)).toEqual(second);
  });
});

describe('on each request a known token is refused, without crypto,', () => {
  interface Case {
    readonly name: string;
    readonly claims?: object;
    readonly turn: () => Partial<TrustedHanko>;
    readonly code: TokenCode;
  }

  it.each<Case>([
    {
      name: 'once it has expired',
      turn: () => (clock.advance(LIFESPAN + 5), {}),
      code: 'token_expired',
    },
    {
      name: 'where the clock was set back before its iat',
      turn: () => (clock.advance(-6), {}),
      code: 'token_not_yet_valid',
    },
    {
      name: 'where the clock was set back before its nbf',
      claims: { iat: START / 1000 - 100, nbf: START / 1000 },
      turn: () => (clock.advance(-6), {}),
      code: 'token_not_yet_valid',
    },
    {
      name: 'for another audience',
      turn: () => ({ audience: ['elsewhere'] }),
      code: 'token_audience_mismatch',
    },
    {
      name: 'for another issuer',
      turn: () => ({ issuer: 'https://elsewhere.example.test' }),
      code: 'token_issuer_mismatch',
    },
  ])('$name', async ({ claims, turn, code }) => {
    const payload = JSON.parse(
      Buffer.from((await hanko.token()).split('.')[1] as string, 'base64url').toString(),
    ) as object;
    const token = await hanko.sign({ payload: { ...payload, ...claims } });
    await verified(verifier, token, trusted);
    expect(await isKnown(token)).toBe(true);

    const other = { ...trusted, ...turn() };

    expect(
      await cryptoDuring(async () =>
        expect(await refused(verifier, token, other)).toEqual(tokenRefusal(code)),
      ),
    ).toBe(0);
  });

  it('where the clock has no time', async () => {
    const token = await knownToken();
    clock.set(NaN);

    expect(() => verifier.verify(token, trusted)).toThrow(/now: must return the time/);
  });

  it('from the very millisecond on at which the tolerance ends', async () => {
    const token = await knownToken();
    clock.advanceMs((LIFESPAN + 5) * 1000 - 1);

    expect(await verified(verifier, token, trusted)).toBeInstanceOf(HankoUser);
    clock.advanceMs(1);
    expect(await refused(verifier, token, trusted)).toEqual(tokenRefusal('token_expired'));
  });

  it('at once, not by a promise', async () => {
    const token = await knownToken();
    clock.advance(LIFESPAN + 5);

    expect(() => verifier.verify(token, trusted)).toThrow(/expired/);
  });
});

describe('what is remembered', () => {
  it('is forgotten with its expiry: should the clock go back, it is verified anew', async () => {
    const token = await knownToken();
    const other = await knownToken({ lifespanSeconds: 10 * LIFESPAN });
    clock.advance(LIFESPAN + 5);
    await refused(verifier, token, trusted);
    clock.set(START);

    expect(await isKnown(token)).toBe(false);
    expect(await isKnown(token)).toBe(true);
    expect(await isKnown(other)).toBe(true);
  });

  it.each([
    { signatureCache: false as const },
    { signatureCache: { maxEntries: 0 } },
    { signatureCache: { maxBytes: 0 } },
    { signatureCache: { maxEntries: 0, maxBytes: 0 } },
  ])('is nothing with $signatureCache: each verification costs crypto', async (options) => {
    verifier = createVerifier({ now: clock.now, ...options });
    const token = await knownToken();

    for (let n = 0; n < 3; n += 1) expect(await isKnown(token)).toBe(false);
    expect(verifier.verify(token, trusted)).toBeInstanceOf(Promise);
  });

  it('is as much as the bounds say', async () => {
    verifier = createVerifier({ now: clock.now, signatureCache: { maxEntries: 2 } });
    const [one, two, three] = [await knownToken(), await knownToken(), await knownToken()];

    expect(await isKnown(three)).toBe(true);
    expect(await isKnown(two)).toBe(true);
    expect(await isKnown(one)).toBe(false);
  });
});
