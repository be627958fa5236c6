import {
  Body,
  ClassSerializerInterceptor,
  Controller,
  Get,
  Injectable,
  type PipeTransform,
  Post,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
  type ValidationPipeOptions,
} from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { IsString } from 'class-validator';
import {
  CurrentUser,
  HANKO_CHANNELS,
  HankoAuthGuard,
  type HankoClaims,
  HankoConfigurationError,
  HankoModule,
  HankoUser,
  type HankoUserEmail,
  OptionalAuth,
  Public,
  SessionToken,
} from 'nestjs-hanko';
import type { HankoUser as ImportedAsType } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import {
  bearer,
  cookie,
  PLATFORMS,
  recordChannel,
  send,
  startApp,
  type StartOptions,
} from '../../support/app.js';

let hanko: FakeHanko;
let token: string;
let expected: HankoUser;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  const user = hanko.createUser({ email: 'ada@example.test', username: 'ada' });
  token = await hanko.token({ user, amr: ['pwd', 'totp'], claims: { tier: { name: 'gold' } } });
  const [, payload = ''] = token.split('.');
  expected = new HankoUser(
    JSON.parse(Buffer.from(payload, 'base64url').toString()) as HankoUser['claims'],
  );
});
afterAll(() => hanko.stop());

const hankoModule = () => HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' });

/** What handlers were given, as they were given it: JSON would hide a lost class or Date. */
let seen: unknown[] = [];
beforeEach(() => {
  seen = [];
});

const see = (...values: unknown[]): { isSeen: true } => {
  seen.push(...values);
  return { isSeen: true };
};

@Injectable()
class UpperCasePipe implements PipeTransform {
  transform(value: unknown): unknown {
    return typeof value === 'string' ? value.toUpperCase() : value;
  }
}

class AddressPipe implements PipeTransform<HankoUser, string | undefined> {
  transform(user: HankoUser): string | undefined {
    return user.email?.address;
  }
}

class NoteDto {
  @IsString()
  text!: string;
}

/** In the order of the parameters of `keys`. */
const HANKO_USER_KEYS = [
  'id',
  'sessionId',
  'email',
  'username',
  'amr',
  'authenticatedAt',
  'expiresAt',
  'claims',
] as const;

/** No guard anywhere: the parameters do it alone. */
@Controller()
class ParametersController {
  @Get('whole')
  whole(@CurrentUser() user: HankoUser) {
    return see(user);
  }

  @Get('imported-as-type')
  importedAsType(@CurrentUser() user: ImportedAsType) {
    return see(user);
  }

  @Get('or-null')
  orNull(@CurrentUser() user: HankoUser | null) {
    return see(user);
  }

  @Get('keys')
  keys(
    @CurrentUser('id') id: string,
    @CurrentUser('sessionId') sessionId: string,
    @CurrentUser('email') email: HankoUserEmail | undefined,
    @CurrentUser('username') username: string | undefined,
    @CurrentUser('amr') amr: readonly string[],
    @CurrentUser('authenticatedAt') authenticatedAt: Date,
    @CurrentUser('expiresAt') expiresAt: Date,
    @CurrentUser('claims') claims: HankoClaims,
  ) {
    return see(id, sessionId, email, username, amr, authenticatedAt, expiresAt, claims);
  }

  @Get('lax-types')
  laxTypes(
    @CurrentUser('amr') amr: string[],
    @CurrentUser('claims') claims: object,
    @CurrentUser('id') id: unknown,
  ) {
    return see(amr, claims, id);
  }

  @Get('token')
  token(@SessionToken() sessionToken: string) {
    return see(sessionToken);
  }

  @Get('both')
  both(
    @CurrentUser() user: HankoUser,
    @SessionToken() sessionToken: string,
    @CurrentUser('id') id: string,
  ) {
    return see(user, sessionToken, id);
  }

  @Get('pipes')
  pipes(
    @CurrentUser('username', UpperCasePipe) upper: string,
    @CurrentUser(AddressPipe) address: string,
    @CurrentUser(new AddressPipe(), new UpperCasePipe()) upperAddress: string,
  ) {
    return see(upper, address, upperAddress);
  }

  @Post('note')
  note(@Body() note: NoteDto, @CurrentUser() user: HankoUser) {
    return see(note.text, user);
  }
}

@Controller('anonymous')
class AnonymousController {
  @Public()
  @Get('public')
  open(
    @CurrentUser() user: HankoUser | null,
    @CurrentUser('id') id: string | null,
    @SessionToken() sessionToken: string | null,
  ) {
    return see(user, id, sessionToken);
  }

  @OptionalAuth()
  @Get('optional')
  optional(
    @CurrentUser() user: HankoUser | null,
    @CurrentUser('id') id: string | null,
    @SessionToken() sessionToken: string | null,
  ) {
    return see(user, id, sessionToken);
  }
}

const CLOSED = ['/whole', '/imported-as-type', '/or-null', '/keys', '/token', '/both', '/pipes'];

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
    seen = [];

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

  describe.each([
    { what: 'transform', options: { transform: true } },
    {
      what: 'transform and implicit conversion',
      options: { transform: true, transformOptions: { enableImplicitConversion: true } },
    },
    {
      what: 'validateCustomDecorators, whitelist and transform',
      options: { validateCustomDecorators: true, whitelist: true, transform: true },
    },
    {
      what: 'validateCustomDecorators, whitelist, forbidNonWhitelisted and transform',
      options: {
        validateCustomDecorators: true,
        whitelist: true,
        forbidNonWhitelisted: true,
        transform: true,
      },
    },
    {
      what: 'validateCustomDecorators and whitelist, without transform',
      options: { validateCustomDecorators: true, whitelist: true },
    },
    {
      what: 'validateCustomDecorators and implicit conversion',
      options: {
        validateCustomDecorators: true,
        whitelist: true,
        transform: true,
        transformOptions: { enableImplicitConversion: true },
      },
    },
  ] satisfies { what: string; options: ValidationPipeOptions }[])(
    'a global ValidationPipe with $what',
    ({ options }) => {
      const binding = [
        {
          by: 'APP_PIPE',
          run: () =>
            start({}, [{ provide: APP_PIPE, useFactory: () => new ValidationPipe(options) }]),
        },
        {
          by: 'useGlobalPipes',
          run: () =>
            start({ configure: (nest) => nest.useGlobalPipes(new ValidationPipe(options)) }),
        },
      ];

      it.each(binding)('by $by leaves every parameter as it is', async ({ run }) => {
        await using app = await run();
        const paths = ['/whole', '/imported-as-type', '/or-null', '/keys', '/lax-types', '/token'];
        for (const path of paths) {
          expect([path, (await app.get(path, bearer(token))).status]).toEqual([path, 200]);
        }

        expect(seen).toEqual([
          expected,
          expected,
          expected,
          ...HANKO_USER_KEYS.map((key) => expected[key]),
          ...(['amr', 'claims', 'id'] as const).map((key) => expected[key]),
          token,
        ]);
        for (const user of seen.slice(0, 3)) expect(user).toBeInstanceOf(HankoUser);
      });

      it.each(binding)('by $by opens nothing and still checks bodies', async ({ run }) => {
        await using app = await run();
        for (const path of CLOSED) {
          expect(await app.get(path)).toBeRefused('credentials_missing');
          expect(await app.get(path, bearer('garbage'))).toBeRefused('token_malformed');
        }
        expect(seen).toEqual([]);
        const post = (body: unknown) =>
          send(
            `${app.url}/note`,
            { ...bearer(token), 'Content-Type': 'application/json' },
            { method: 'POST', body: JSON.stringify(body) },
          );

        expect((await post({ text: 'hello' })).status).toBe(201);
        expect(seen).toEqual(['hello', expected]);
        expect((await post({ text: 1, other: true })).status).toBe(
          'enableImplicitConversion' in (options.transformOptions ?? {}) ? 201 : 400,
        );
      });
    },
  );

  it('fail closed where forbidUnknownValues refuses whatever class-validator does not know', async () => {
    const pipe = new ValidationPipe({ validateCustomDecorators: true, forbidUnknownValues: true });
    await using app = await start({ configure: (nest) => nest.useGlobalPipes(pipe) });

    expect((await app.get('/whole', bearer(token))).status).toBe(400);
    expect((await app.get('/whole')).status).toBe(400);
    expect(seen).toEqual([]);
  });

  it('pass a ValidationPipe on the handler unharmed', async () => {
    @Controller()
    class PipedController {
      @UsePipes(
        new ValidationPipe({ validateCustomDecorators: true, whitelist: true, transform: true }),
      )
      @Get('piped')
      piped(@CurrentUser() user: HankoUser, @SessionToken() sessionToken: string) {
        return see(user, sessionToken);
      }
    }
    await using app = await startApp(platform, {
      imports: [hankoModule()],
      controllers: [PipedController],
    });

    expect((await app.get('/piped', bearer(token))).status).toBe(200);
    expect(seen).toEqual([expected, token]);
  });

  it('pass a ValidationPipe of the parameter itself whole, or fail: never as an empty user', async () => {
    @Controller()
    class PipedController {
      @Get('harmless')
      harmless(
        @CurrentUser(new ValidationPipe({ transform: true, whitelist: true })) user: HankoUser,
      ) {
        return see(user);
      }

      @Get('harmful')
      harmful(
        @CurrentUser(
          new ValidationPipe({ validateCustomDecorators: true, whitelist: true, transform: true }),
        )
        user: HankoUser,
      ) {
        return see(user);
      }
    }
    await using app = await startApp(platform, {
      imports: [hankoModule()],
      controllers: [PipedController],
    });

    expect((await app.get('/harmless', bearer(token))).status).toBe(200);
    expect(seen).toEqual([expected]);
    seen = [];
    expect((await app.get('/harmful', bearer(token))).status).toBe(500);
    expect(seen).toEqual([]);
  });

  describe.each([
    { what: 'a user', replacement: () => expected },
    { what: 'a function that returns one', replacement: () => () => expected },
    { what: 'a function that returns a context', replacement: () => () => forgedContext() },
    { what: 'a context', replacement: () => forgedContext() },
    { what: 'null', replacement: () => null },
    { what: 'undefined', replacement: () => undefined },
  ])('a global pipe that replaces every value with $what', ({ replacement }) => {
    it('makes it 500, never a user', async () => {
      const replace: PipeTransform = { transform: () => replacement() };
      await using app = await start({ configure: (nest) => nest.useGlobalPipes(replace) });
      for (const path of [...CLOSED, '/anonymous/optional', '/anonymous/public']) {
        const answer = await app.get(path, bearer(token));

        expect(answer.status).toBe(500);
        expect(answer.body).toEqual({ statusCode: 500, message: 'Internal server error' });
      }

      expect(seen).toEqual([]);
      expect(app.log.messages('error').join('\n')).toContain('was changed by a global pipe');
    });
  });
});

/** A context that claims to be a request with a good token. */
const forgedContext = (): unknown => ({
  getType: () => 'http',
  getHandler: () => see,
  getClass: () => ParametersController,
  switchToHttp: () => ({
    getRequest: () => ({ headers: { authorization: `Bearer ${token}` } }),
    getResponse: () => ({}),
  }),
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
