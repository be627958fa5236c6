import {
  ClassSerializerInterceptor,
  Controller,
  Get,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import {
  CurrentUser,
  HANKO_CHANNELS,
  HankoAuthGuard,
  HankoConfigurationError,
  HankoUser,
} from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import {
  bearer,
  cookie,
  PLATFORMS,
  recordChannel,
  startApp,
  type StartOptions,
} from '../../support/app.js';
import {
  useParametersHanko,
  CLOSED,
  hanko,
  expected,
  seen,
  token,
  AnonymousController,
  ParametersController,
  hankoModule,
} from '../../support/parameters-app.js';

useParametersHanko();

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = (options: StartOptions = {}, providers: object[] = []) =>
    startApp(
      platform,
      {
        imports: [hankoModule()],
        controllers: [ParametersController, AnonymousController],
        providers: providers as [],
      },
      options,
    );

  describe('without a guard', () => {
    it('@CurrentUser() is the whole user, whether its type is imported as a value or not', async () => {
      await using app = await start();
      for (const path of ['/whole', '/imported-as-type', '/or-null']) {
        expect((await app.get(path, bearer(token))).status).toBe(200);
      }

      expect(seen).toEqual([expected, expected, expected]);
      for (const user of seen) expect(user).toBeInstanceOf(HankoUser);
    });

    it('@CurrentUser(key) is each of its properties', async () => {
      await using app = await start();
      await app.get('/keys', bearer(token));

      expect(seen).toEqual([
        expected.id,
        expected.sessionId,
        { address: 'ada@example.test', isPrimary: true, isVerified: true },
        'ada',
        ['pwd', 'totp'],
        expected.authenticatedAt,
        expected.expiresAt,
        expect.objectContaining({ tier: { name: 'gold' }, sub: expected.id }),
      ]);
    });

    it('@CurrentUser(key) is undefined for what the user has not', async () => {
      await using app = await start();
      const poor = await hanko.token({ user: hanko.createUser(), amr: null });
      await app.get('/keys', bearer(poor));

      expect(seen.slice(2, 5)).toEqual([undefined, undefined, []]);
    });

    it('@SessionToken() is the token of bearer and cookie', async () => {
      await using app = await start();
      await app.get('/token', bearer(token));
      await app.get('/token', cookie(token));

      expect(seen).toEqual([token, token]);
    });

    it('further pipes run on the value, in order', async () => {
      await using app = await start();
      await app.get('/pipes', bearer(token));

      expect(seen).toEqual(['ADA', 'ada@example.test', 'ADA@EXAMPLE.TEST']);
    });

    it('they refuse as the guard does, and the handler does not run', async () => {
      await using app = await start();
      for (const path of CLOSED) {
        expect(await app.get(path)).toBeRefused('credentials_missing');
        expect(await app.get(path, bearer('garbage'))).toBeRefused('token_malformed');
        expect(await app.get(path, cookie(await hanko.expiredToken()))).toBeRefused(
          'token_expired',
        );
        expect(await app.get(path, cookie(token, await hanko.token()))).toBeRefused(
          'credentials_ambiguous',
        );
      }

      expect(seen).toEqual([]);
    });

    it('several of them verify once', async () => {
      using authentications = recordChannel(HANKO_CHANNELS.authentication);
      await using app = await start();
      await app.get('/both', bearer(token));

      expect(seen).toEqual([expected, token, expected.id]);
      expect(authentications.messages).toHaveLength(1);
    });

    it('several of them publish one refusal', async () => {
      using authentications = recordChannel(HANKO_CHANNELS.authentication);
      await using app = await start();
      await app.get('/both', bearer('garbage'));

      expect(authentications.messages).toEqual([
        expect.objectContaining({ outcome: 'refused', code: 'token_malformed' }),
      ]);
    });
  });

  it('are null on public routes, whatever is sent', async () => {
    await using app = await start();
    for (const headers of [{}, bearer(token), bearer('garbage'), cookie(token)]) {
      expect((await app.get('/anonymous/public', headers)).status).toBe(200);
    }

    expect(seen).toEqual(Array.from({ length: 12 }).fill(null));
  });

  it('are null on optional routes without a credential and with an expired cookie', async () => {
    await using app = await start();
    const expired = await hanko.expiredToken();
    expect((await app.get('/anonymous/optional')).status).toBe(200);
    expect((await app.get('/anonymous/optional', cookie(expired))).status).toBe(200);
    expect(seen).toEqual(Array.from({ length: 6 }).fill(null));
    seen.length = 0;

    expect((await app.get('/anonymous/optional', bearer(token))).status).toBe(200);
    expect(seen).toEqual([expected, expected.id, token]);
    expect(await app.get('/anonymous/optional', bearer(expired))).toBeRefused('token_expired');
    expect(await app.get('/anonymous/optional', bearer('garbage'))).toBeRefused('token_malformed');
  });

  it('serialize whole through ClassSerializerInterceptor', async () => {
    @Controller()
    @UseGuards(HankoAuthGuard)
    @UseInterceptors(ClassSerializerInterceptor)
    class SerializingController {
      @Get('me')
      me(@CurrentUser() user: HankoUser): HankoUser {
        return user;
      }
    }
    await using app = await startApp(platform, {
      imports: [hankoModule()],
      controllers: [SerializingController],
    });

    expect((await app.get('/me', bearer(token))).body).toEqual(
      JSON.parse(JSON.stringify(expected)),
    );
  });
});

describe('@CurrentUser(key) with a key that no user has', () => {
  it.each(['password', 'token', 'constructor', '__proto__', 'toString', ''])(
    'throws for %j when the class is loaded, and names the keys there are',
    (key) => {
      const load = () => CurrentUser(key as never);

      expect(load).toThrow(HankoConfigurationError);
      expect(load).toThrow(/names no property of HankoUser: id, sessionId, email, username, amr/);
    },
  );
});
