import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  HttpException,
  Inject,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type ModuleMetadata,
  type NestMiddleware,
  Post,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import {
  CurrentUser,
  HANKO_CHANNELS,
  HankoAuthError,
  HankoAuthService,
  HankoModule,
  HankoUnavailableError,
  HankoUser,
  isHankoError,
  OptionalAuth,
  Public,
  RequireAuth,
  SessionToken,
} from 'nestjs-hanko';
import { beforeEach, describe, expect, it } from 'vitest';
import { DOCUMENTED_ANSWERS } from '../../support/documented-answers.js';
import '../../support/to-be-refused.js';
import {
  bearer,
  cookie,
  PLATFORMS,
  recordChannel,
  type RunningApp,
  startApp,
} from '../../support/app.js';
import { useServiceHanko, hanko, userId, token, hankoModule } from '../../support/service-app.js';

/** What middleware of the app found. */
let found: unknown[] = [];
beforeEach(() => {
  found = [];
});

/** As README shows it: middleware gets no response from us, so it copies the headers itself. */
@Injectable()
class StrictMiddleware implements NestMiddleware {
  constructor(@Inject(HankoAuthService) private readonly auth: HankoAuthService) {}

  async use(request: IncomingMessage, response: ServerResponse, next: () => void): Promise<void> {
    try {
      found.push(await this.auth.authenticate(request));
    } catch (error) {
      if (error instanceof HankoAuthError) {
        for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
      }
      throw error;
    }
    next();
  }
}

@Injectable()
class LenientMiddleware implements NestMiddleware {
  constructor(@Inject(HankoAuthService) private readonly auth: HankoAuthService) {}

  async use(request: IncomingMessage, _response: unknown, next: () => void): Promise<void> {
    const outcome = await this.auth
      .authenticate(request, { optional: true })
      .catch((error: unknown) => (isHankoError(error) ? error.code : error));
    found.push(outcome);
    next();
  }
}

@Controller()
class WhoController {
  @RequireAuth()
  @Get('required')
  required(@CurrentUser() user: HankoUser, @SessionToken() sessionToken: string): unknown {
    return { id: user.id, isSame: user === found[0], isToken: sessionToken === token };
  }

  @RequireAuth()
  @Post('required')
  postRequired(@CurrentUser('id') id: string): string {
    return id;
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser('id') id: string | null): string {
    return id ?? 'nobody';
  }

  @Public()
  @Get('public')
  open(): string {
    return 'in';
  }
}

const withMiddleware = (middleware: Type<NestMiddleware>): ModuleMetadata => {
  @Module({ controllers: [WhoController] })
  class MiddlewareModule {
    configure(consumer: MiddlewareConsumer): void {
      consumer.apply(middleware).forRoutes('*path');
    }
  }
  return { imports: [hankoModule(), MiddlewareModule] };
};

useServiceHanko();

describe.each(PLATFORMS)('on %s', (platform) => {
  describe('in middleware', () => {
    it('finds the user, and the guard afterwards verifies no second time', async () => {
      using authentications = recordChannel(HANKO_CHANNELS.authentication);
      await using app = await startApp(platform, withMiddleware(StrictMiddleware));
      const answer = await app.get('/required', bearer(token));

      expect(answer.body).toEqual({ id: userId, isSame: true, isToken: true });
      expect(found).toEqual([expect.any(HankoUser)]);
      expect(authentications.messages).toEqual([
        {
          outcome: 'authenticated',
          userId,
          sessionId: expect.any(String),
          source: 'bearer',
          handler: undefined,
        },
      ]);
    });

    it('refuses with the headers that it copied', async () => {
      await using app = await startApp(platform, withMiddleware(StrictMiddleware));

      expect(await app.get('/public')).toBeRefused('credentials_missing');
      expect(await app.get('/public', bearer('garbage'))).toBeRefused('token_malformed');
      expect(
        await app.request('POST', '/required', { ...cookie(token), Origin: 'https://evil.test' }),
      ).toBeRefused('cross_site_request');
    });

    it('that lets everyone pass opens nothing', async () => {
      await using app = await startApp(platform, withMiddleware(LenientMiddleware));
      const expired = await hanko.expiredToken();

      expect(await app.get('/required')).toBeRefused('credentials_missing');
      expect(await app.get('/required', cookie(expired))).toBeRefused('token_expired');
      expect(await app.get('/required', bearer(expired))).toBeRefused('token_expired');
      expect(await app.get('/required', bearer('garbage'))).toBeRefused('token_malformed');
      expect((await app.get('/optional')).text).toBe('nobody');
      expect((await app.get('/optional', cookie(expired))).text).toBe('nobody');
      expect((await app.get('/optional', bearer(token))).text).toBe(userId);
      expect((await app.get('/public', bearer('garbage'))).text).toBe('in');
      expect(found).toEqual([
        null,
        null,
        'token_expired',
        'token_malformed',
        null,
        null,
        expect.objectContaining({ id: userId }),
        'token_malformed',
      ]);
    });

    it('asks again after a failure that has passed', async () => {
      await hanko.fault('down');
      let time = Date.now();
      let isOver = false;
      @Injectable()
      class RetryingMiddleware implements NestMiddleware {
        constructor(@Inject(HankoAuthService) private readonly auth: HankoAuthService) {}

        async use(request: IncomingMessage, _response: unknown, next: () => void): Promise<void> {
          await this.auth.authenticate(request).catch((error: unknown) => found.push(error));
          if (isOver) {
            await hanko.recover();
            time += 30_000;
          }
          next();
        }
      }
      @Module({ controllers: [WhoController] })
      class MiddlewareModule {
        configure(consumer: MiddlewareConsumer): void {
          consumer.apply(RetryingMiddleware).forRoutes('*path');
        }
      }
      await using app = await startApp(platform, {
        imports: [
          HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', now: () => time }),
          MiddlewareModule,
        ],
      });

      expect(await app.get('/required', bearer(token))).toBeRefused('hanko_unavailable');
      isOver = true;
      expect((await app.get('/required', bearer(token))).status).toBe(200);
      expect(found).toEqual([expect.any(HankoUnavailableError), expect.any(HankoUnavailableError)]);
    });

    it('verifies once for several that ask at the same time', async () => {
      using authentications = recordChannel(HANKO_CHANNELS.authentication);
      @Injectable()
      class ParallelMiddleware implements NestMiddleware {
        constructor(@Inject(HankoAuthService) private readonly auth: HankoAuthService) {}

        async use(request: IncomingMessage, _response: unknown, next: () => void): Promise<void> {
          const users = await Promise.all(
            Array.from({ length: 5 }, () => this.auth.authenticate(request)),
          );
          found.push(...new Set(users));
          next();
        }
      }
      await using app = await startApp(platform, withMiddleware(ParallelMiddleware));

      expect((await app.get('/required', bearer(token))).body).toMatchObject({ isSame: true });
      expect(found).toHaveLength(1);
      expect(authentications.messages).toHaveLength(1);
    });
  });

  describe('in a guard of the app', () => {
    @Injectable()
    class OwnGuard implements CanActivate {
      constructor(@Inject(HankoAuthService) private readonly auth: HankoAuthService) {}

      async canActivate(context: ExecutionContext): Promise<boolean> {
        const user = await this.auth.authenticate(context);
        found.push(user);
        return user.amr.includes('pwd');
      }
    }

    @Injectable()
    class OptionalGuard implements CanActivate {
      constructor(@Inject(HankoAuthService) private readonly auth: HankoAuthService) {}

      async canActivate(context: ExecutionContext): Promise<boolean> {
        found.push(await this.auth.authenticate(context, { optional: true }));
        return true;
      }
    }

    /** A session, or a key. */
    @Injectable()
    class KeyGuard implements CanActivate {
      constructor(@Inject(HankoAuthService) private readonly auth: HankoAuthService) {}

      async canActivate(context: ExecutionContext): Promise<boolean> {
        const { headers } = context.switchToHttp().getRequest<IncomingMessage>();
        const user = await this.auth.authenticate(context).catch(() => null);
        return user !== null || headers['x-api-key'] === 'k3y';
      }
    }

    @Controller()
    class GuardedController {
      @UseGuards(OwnGuard)
      @Get('own')
      own(@CurrentUser() user: HankoUser): boolean {
        return user === found[0];
      }

      // A guard of the app decides for itself: the mark is for ours.
      @Public()
      @UseGuards(OwnGuard)
      @Get('own-public')
      ownPublic(): string {
        return 'in';
      }

      @UseGuards(OptionalGuard)
      @Get('lenient')
      lenient(): string {
        return 'in';
      }

      @UseGuards(KeyGuard)
      @Get('key')
      byKey(): string {
        return 'in';
      }
    }

    const start = (): Promise<RunningApp> =>
      startApp(platform, { imports: [hankoModule()], controllers: [GuardedController] });

    it('sets no header fields: a guard that lets in by other means must not send a challenge', async () => {
      await using app = await start();

      for (const path of ['/own', '/own-public', '/lenient']) {
        const refused = await app.get(path, bearer('garbage'));
        expect(refused.status).toBe(401);
        expect(refused.headers).not.toHaveProperty('www-authenticate');
      }
      const byKey = await app.get('/key', { ...bearer('garbage'), 'X-Api-Key': 'k3y' });
      expect([byKey.status, byKey.text]).toEqual([200, 'in']);
      expect(byKey.headers).not.toHaveProperty('www-authenticate');
      await hanko.fault('down');
      await using lonely = await start();
      const unavailable = await lonely.get('/own', bearer(token));
      expect(unavailable.status).toBe(503);
      expect(unavailable.headers).not.toHaveProperty('retry-after');
    });

    it('hands the same user on to @CurrentUser()', async () => {
      using authentications = recordChannel(HANKO_CHANNELS.authentication);
      await using app = await start();

      expect((await app.get('/own', bearer(token))).text).toBe('true');
      expect(authentications.messages).toHaveLength(1);
      const passwordless = await hanko.token({ user: userId, amr: ['passkey'] });
      expect((await app.get('/own', bearer(passwordless))).status).toBe(403);
    });

    it('resolves to null with optional: true where nobody is', async () => {
      await using app = await start();
      await app.get('/lenient');
      await app.get('/lenient', cookie(await hanko.expiredToken()));
      await app.get('/lenient', bearer(token));

      expect(found).toEqual([null, null, expect.any(HankoUser)]);
    });
  });

  describe("an app's own exception filter", () => {
    interface AnyResponse {
      status(code: number): { json?(body: unknown): void; send(body: unknown): void };
    }

    @Catch(HttpException)
    class HttpFilter implements ExceptionFilter<HttpException> {
      catch(exception: HttpException, host: ArgumentsHost): void {
        host
          .switchToHttp()
          .getResponse<AnyResponse>()
          .status(exception.getStatus())
          .send({ problem: exception.getStatus() });
      }
    }

    @Catch(HankoAuthError)
    class HankoFilter implements ExceptionFilter<HankoAuthError> {
      catch(exception: HankoAuthError, host: ArgumentsHost): void {
        host
          .switchToHttp()
          .getResponse<AnyResponse>()
          .status(418)
          .send({ problem: exception.code });
      }
    }

    const start = (filter: Type<ExceptionFilter>): Promise<RunningApp> =>
      startApp(platform, {
        imports: [hankoModule()],
        controllers: [WhoController],
        providers: [{ provide: APP_FILTER, useClass: filter }],
      });

    it('that rewrites the body keeps our headers', async () => {
      await using app = await start(HttpFilter);
      const missing = await app.get('/required');
      const malformed = await app.get('/required', bearer('garbage'));
      await hanko.fault('down');
      await using lonely = await start(HttpFilter);
      const unavailable = await lonely.get('/required', bearer(token));

      expect([missing.status, missing.body]).toEqual([401, { problem: 401 }]);
      expect(missing.headers['www-authenticate']).toBe(
        DOCUMENTED_ANSWERS.credentials_missing.challenge,
      );
      expect([malformed.status, malformed.body]).toEqual([401, { problem: 401 }]);
      expect(malformed.headers['www-authenticate']).toBe(
        DOCUMENTED_ANSWERS.token_malformed.challenge,
      );
      expect([unavailable.status, unavailable.body]).toEqual([503, { problem: 503 }]);
      expect(unavailable.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    });

    it('can catch our errors only', async () => {
      await using app = await start(HankoFilter);
      const answer = await app.get('/required', bearer('garbage'));

      expect([answer.status, answer.body]).toEqual([418, { problem: 'token_malformed' }]);
      expect(answer.headers['www-authenticate']).toBe(DOCUMENTED_ANSWERS.token_malformed.challenge);
      expect((await app.get('/nowhere')).status).toBe(404);
    });
  });
});
