import {
  Controller,
  Get,
  type PipeTransform,
  UsePipes,
  ValidationPipe,
  type ValidationPipeOptions,
} from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { CurrentUser, HankoUser, SessionToken } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, PLATFORMS, send, startApp, type StartOptions } from '../../support/app.js';
import {
  useParametersHanko,
  CLOSED,
  expected,
  seen,
  token,
  AnonymousController,
  see,
  ParametersController,
  hankoModule,
} from '../../support/parameters-app.js';

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
    seen.length = 0;
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
