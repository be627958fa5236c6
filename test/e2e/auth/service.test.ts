import {
  HankoAuthService,
  HankoCredentialsError,
  HankoTokenError,
  HankoUnavailableError,
  HankoUser,
} from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { DOCUMENTED_ANSWERS } from '../../support/documented-answers.js';
import '../../support/to-be-refused.js';
import { type RunningApp, startApp } from '../../support/app.js';
import { useServiceHanko, hanko, userId, token, hankoModule } from '../../support/service-app.js';

useServiceHanko();

describe('verifyToken', () => {
  let app: RunningApp;
  let service: HankoAuthService;
  beforeAll(async () => {
    app = await startApp('Express', { imports: [hankoModule()] });
    service = app.app.get(HankoAuthService, { strict: false });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it('resolves to the user', async () => {
    const user = await service.verifyToken(token);

    expect(user).toBeInstanceOf(HankoUser);
    expect(user.id).toBe(userId);
  });

  it('rejects with our errors', async () => {
    await expect(service.verifyToken('garbage')).rejects.toThrow(HankoTokenError);
    await expect(service.verifyToken('garbage')).rejects.toMatchObject({
      code: 'token_malformed',
      status: 401,
      headers: { 'WWW-Authenticate': DOCUMENTED_ANSWERS.token_malformed.challenge },
    });
    await expect(service.verifyToken(await hanko.expiredToken())).rejects.toMatchObject({
      code: 'token_expired',
    });
    await expect(service.verifyToken(`Bearer ${token}`)).rejects.toMatchObject({
      code: 'token_malformed',
    });
  });

  it.each([undefined, null, 0, {}, [], ['a.b.c']])(
    'rejects %j, which is no text',
    async (value) => {
      await expect(service.verifyToken(value as never)).rejects.toMatchObject({
        code: 'token_malformed',
      });
    },
  );

  it('rejects with hanko_unavailable while Hanko is down', async () => {
    await hanko.fault('down');
    await using lonely = await startApp('Express', { imports: [hankoModule()] });
    const other = lonely.app.get(HankoAuthService, { strict: false });

    await expect(other.verifyToken(token)).rejects.toThrow(HankoUnavailableError);
    await expect(other.verifyToken(token)).rejects.toMatchObject({
      code: 'hanko_unavailable',
      retryAfterSeconds: expect.any(Number),
    });
  });
});

describe('authenticate with requests of other makes', () => {
  let app: RunningApp;
  let service: HankoAuthService;
  beforeAll(async () => {
    app = await startApp('Express', { imports: [hankoModule()] });
    service = app.app.get(HankoAuthService, { strict: false });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it('reads plain headers, as serverless adapters make them', async () => {
    const requests = [
      { method: 'GET', headers: { authorization: `Bearer ${token}` } },
      { method: 'GET', headers: { authorization: [`Bearer ${token}`] } },
      { method: 'GET', headers: { cookie: `hanko=${token}` } },
      { method: 'GET', headers: { cookie: ['other=1', `hanko=${token}`] } },
      { method: 'GET', headers: {}, cookies: { hanko: token } },
      { method: 'GET', headers: { authorization: `Bearer ${token}` }, raw: { rawHeaders: [] } },
      { headers: { authorization: `Bearer ${token}` } },
    ];

    for (const request of requests) {
      expect((await service.authenticate(request)).id).toBe(userId);
      expect(request).toHaveProperty('user.id', userId);
    }
  });

  it('takes a request without a method for an unsafe one', async () => {
    const request = {
      headers: { cookie: `hanko=${token}`, 'sec-fetch-site': 'cross-site' },
    };

    await expect(service.authenticate(request)).rejects.toMatchObject({
      code: 'cross_site_request',
    });
  });

  it('keeps users of different requests apart', async () => {
    const other = hanko.createUser().id;
    const requests = [token, await hanko.token({ user: other })].map((each) => ({
      headers: { authorization: `Bearer ${each}` },
    }));
    const users = await Promise.all(requests.map((request) => service.authenticate(request)));

    expect(users.map(({ id }) => id)).toEqual([userId, other]);
    await expect(service.authenticate({ headers: {} })).rejects.toThrow(HankoCredentialsError);
  });

  it('trusts nothing on the request itself', async () => {
    const request = {
      headers: {},
      user: { id: userId },
      hanko: { user: { id: userId } },
      [Symbol.for('nestjs-hanko:user')]: { id: userId },
      [Symbol.for('nestjs-hanko:authenticated')]: { user: { id: userId }, token },
    };

    await expect(service.authenticate(request)).rejects.toMatchObject({
      code: 'credentials_missing',
    });
    expect(request.user).toEqual({ id: userId });
  });

  it('says by its type when it can be null', () => {
    const request = { headers: { authorization: `Bearer ${token}` } };

    expectTypeOf(service.authenticate(request)).resolves.toEqualTypeOf<HankoUser>();
    expectTypeOf(service.authenticate(request, {})).resolves.toEqualTypeOf<HankoUser>();
    expectTypeOf(
      service.authenticate(request, { optional: false }),
    ).resolves.toEqualTypeOf<HankoUser>();
    expectTypeOf(
      service.authenticate(request, { optional: true }),
    ).resolves.toEqualTypeOf<HankoUser | null>();
    expectTypeOf(
      service.authenticate(request, { optional: Boolean(token) }),
    ).resolves.toEqualTypeOf<HankoUser | null>();
    expectTypeOf(service.verifyToken(token)).resolves.toEqualTypeOf<HankoUser>();
  });
});
