import { randomUUID } from 'node:crypto';
import { type HankoAuthService, type HankoUser } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createService, type Refusal, refusalOf, tokenRefusal } from '../../support/verifier.js';
import { ambiguous } from '../../support/refused-credentials.js';
import { claimsIn } from '../../support/claims-in.js';

const missing: Refusal = {
  name: 'HankoCredentialsError',
  code: 'credentials_missing',
  status: 401,
  body: { statusCode: 401, code: 'credentials_missing', message: 'Authentication is required' },
  headers: { 'WWW-Authenticate': 'Bearer' },
  leaks: [],
};

describe('which credential counts', () => {
  let hanko: FakeHanko;
  let service: HankoAuthService;
  let ada: string;
  let adaAgain: string;
  let bob: string;
  let expired: string;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    hanko = await FakeHanko.start();
    ({ service } = await createService({ jwks: hanko.jwks() }));
    const user = hanko.createUser({ email: 'ada@example.test' });
    ada = await hanko.token({ user });
    adaAgain = await hanko.token({ user });
    bob = await hanko.token({ email: 'bob@example.test' });
    expired = await hanko.expiredToken({ user });
  });

  afterAll(() => hanko.stop());

  const idOf = (token: string): string => claimsIn(token).sub;

  const authenticate = (
    authorization: string | undefined,
    ...cookies: readonly string[]
  ): Promise<HankoUser> =>
    service.authenticate({
      method: 'GET',
      headers: {
        authorization,
        cookie: cookies.length === 0 ? undefined : cookies.map((c) => `hanko=${c}`).join('; '),
      },
    });

  it('is none without any', async () => {
    expect(await refusalOf(authenticate(undefined))).toEqual(missing);
  });

  it('is none with another scheme alone', async () => {
    expect(await refusalOf(authenticate('Basic YTpi'))).toEqual(missing);
  });

  it('is the bearer, not the cookie', async () => {
    expect((await authenticate(`Bearer ${ada}`, bob)).id).toBe(idOf(ada));
  });

  it.each([
    { name: 'bare', value: () => 'Bearer', code: 'token_malformed' as const },
    { name: 'garbage', value: () => 'Bearer garbage', code: 'token_malformed' as const },
    {
      name: 'two in one field',
      value: () => `Bearer ${ada}, Bearer ${bob}`,
      code: 'token_malformed' as const,
    },
    { name: 'expired', value: () => `Bearer ${expired}`, code: 'token_expired' as const },
    { name: 'after a tab', value: () => `Bearer\t${bob}`, code: 'token_malformed' as const },
  ])('is the bearer though it is bad and the cookie is good: $name', async ({ value, code }) => {
    expect(await refusalOf(authenticate(value(), ada))).toEqual(tokenRefusal(code));
  });

  it('is the cookie beside another scheme', async () => {
    expect((await authenticate('Basic YTpi', ada)).id).toBe(idOf(ada));
  });

  it('is the first good cookie', async () => {
    const user = await authenticate(undefined, 'garbage', expired, ada);

    expect(user.id).toBe(idOf(ada));
  });

  it('is the first good cookie of two sessions of one user', async () => {
    const user = await authenticate(undefined, expired, adaAgain, ada);

    expect(user.sessionId).not.toBe((await authenticate(`Bearer ${ada}`)).sessionId);
    expect(user.sessionId).toBe((await authenticate(`Bearer ${adaAgain}`)).sessionId);
  });

  it('is ambiguous for good cookies of two users', async () => {
    expect(await refusalOf(authenticate(undefined, ada, bob))).toEqual(ambiguous);
    expect(await refusalOf(authenticate(undefined, expired, bob, ada))).toEqual(ambiguous);
  });

  it("answers with the first one's code if no cookie is good", async () => {
    expect(await refusalOf(authenticate(undefined, expired, 'garbage'))).toEqual(
      tokenRefusal('token_expired'),
    );
    expect(await refusalOf(authenticate(undefined, 'garbage', expired))).toEqual(
      tokenRefusal('token_malformed'),
    );
  });

  it.each([0, 3, 7])(
    'is a good cookie wherever it stands among eight: behind %d',
    async (before) => {
      const garbage = Array.from({ length: 7 }, () => randomUUID());
      const cookies = [...garbage.slice(0, before), ada, ...garbage.slice(before)];

      expect((await authenticate(undefined, ...cookies)).id).toBe(idOf(ada));
    },
  );

  it.each([0, 3, 6])(
    'is ambiguous for two users wherever they stand: behind %d',
    async (before) => {
      const garbage = Array.from({ length: 6 }, () => randomUUID());
      const cookies = [...garbage.slice(0, before), ada, ...garbage.slice(before), bob];

      expect(await refusalOf(authenticate(undefined, ...cookies))).toEqual(ambiguous);
      expect(await refusalOf(authenticate(undefined, ...cookies.toReversed()))).toEqual(ambiguous);
    },
  );

  it('is ambiguous for more than eight different cookies, good ones among them or not', async () => {
    const garbage = Array.from({ length: 8 }, () => randomUUID());

    expect(await refusalOf(authenticate(undefined, ...garbage, ada))).toEqual(ambiguous);
    expect(await refusalOf(authenticate(undefined, ada, ...garbage))).toEqual(ambiguous);
    expect(
      (await authenticate(undefined, ...garbage.slice(1), ada, ada, ...garbage.slice(1))).id,
    ).toBe(idOf(ada));
  });
});
