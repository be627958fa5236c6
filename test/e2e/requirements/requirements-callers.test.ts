import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  type MiddlewareConsumer,
  Module,
  Req,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import {
  CurrentUser,
  HankoAuthError,
  HankoAuthGuard,
  HankoAuthService,
  HankoModule,
  type HankoRequirements,
  HankoUser,
  type IncomingRequest,
  isHankoError,
  RequireAuth,
  type RequireAuthOptions,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { type Answer, bearer, cookie, FakeClock, PLATFORMS, startApp } from '../../support/app.js';
import { parseChallenge } from '../../support/challenge.js';
import { expectRevoked, VALIDATE } from '../../support/session-spy.js';

/** Claims of these tests are declared by nobody. */
interface HeaderSink {
  header(name: string, value: string): unknown;
}

const Demand = (options: unknown): ClassDecorator & MethodDecorator =>
  RequireAuth(options as RequireAuthOptions);

let clock = new FakeClock();
let hanko: FakeHanko;
/** Logged in with a password, and no gold. */
let token: string;
let userId: string;

beforeAll(async () => {
  hanko = await FakeHanko.start({ now: () => clock.now(), sessionLimit: 1_000 });
});
afterAll(() => hanko.stop());
beforeEach(async () => {
  clock = new FakeClock();
  const user = hanko.createUser();
  userId = user.id;
  token = await hanko.token({ user });
});

const hankoModule = () =>
  HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', now: () => clock.now() });

const MFA_UNMET = [{ requirement: 'mfa', needed: true, actual: ['pwd'] }];

function expectStepUp(answer: Answer, unmet: readonly unknown[] = MFA_UNMET): void {
  expect(answer.status).toBe(401);
  expect(answer.body).toMatchObject({ code: 'step_up_required', unmet });
  expect(parseChallenge(answer.headers['www-authenticate']).parameters).toMatchObject({
    error: 'insufficient_user_authentication',
  });
}

describe.each(PLATFORMS)('on %s', (platform) => {
  describe('a demand holds', () => {
    it('for a parameter where the guard is overridden away', async () => {
      @Controller()
      class ParameterController {
        @Demand({ mfa: true })
        @Get('who')
        who(@CurrentUser('id') id: string): string {
          return id;
        }

        @Demand({ mfa: true })
        @Get('nobody')
        nobody(): string {
          return 'in';
        }
      }
      await using app = await startApp(
        platform,
        { imports: [hankoModule()], controllers: [ParameterController] },
        {
          override: (builder) =>
            builder.overrideGuard(HankoAuthGuard).useValue({ canActivate: () => true }),
        },
      );

      expectStepUp(await app.get('/who', bearer(token)));
      expect((await app.get('/who', bearer(await hanko.token({ amr: ['passkey'] })))).status).toBe(
        200,
      );
      // The override does reach the guard.
      expect((await app.get('/nobody', bearer(token))).text).toBe('in');
    });

    it('for a request that middleware has authenticated, and takes nothing back of it', async () => {
      const seen: unknown[] = [];
      @Controller()
      class MiddlewareController {
        @Demand({ mfa: true, claims: { tier: 'gold' } })
        @Get('demanding')
        demanding(): string {
          return 'in';
        }

        @Get('plain')
        plain(@Req() request: { user?: HankoUser }): unknown {
          return request.user?.id;
        }
      }
      @Module({
        imports: [hankoModule()],
        controllers: [MiddlewareController],
        providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
      })
      class AppModule {
        @Inject(HankoAuthService) private readonly auth!: HankoAuthService;

        configure(consumer: MiddlewareConsumer): void {
          consumer
            .apply(async (request: IncomingRequest, _response: unknown, next: () => void) => {
              seen.push((await this.auth.authenticate(request)).id);
              next();
            })
            .forRoutes('{*path}');
        }
      }
      await using app = await startApp(platform, { imports: [AppModule] });

      const answer = await app.get('/demanding', bearer(token));
      expect([answer.status, answer.body]).toEqual([
        403,
        expect.objectContaining({
          code: 'requirement_not_met',
          unmet: [...MFA_UNMET, { requirement: 'claims', claim: 'tier' }],
        }),
      ]);
      expect((await app.get('/plain', bearer(token))).text).toBe(userId);
      expect(seen).toEqual([userId, userId]);
    });

    it('in a guard of the app that asks authenticate(context)', async () => {
      @Injectable()
      class OwnGuard implements CanActivate {
        constructor(@Inject(HankoAuthService) private readonly auth: HankoAuthService) {}

        async canActivate(context: ExecutionContext): Promise<boolean> {
          try {
            return (await this.auth.authenticate(context, { optional: true })) !== null;
          } catch (error) {
            if (error instanceof HankoAuthError) {
              const response = context.switchToHttp().getResponse<HeaderSink>();
              for (const [name, value] of Object.entries(error.headers))
                response.header(name, value);
            }
            throw error;
          }
        }
      }
      @Controller()
      @UseGuards(OwnGuard)
      class OwnController {
        @Demand({ mfa: true })
        @Get('own')
        own(): string {
          return 'in';
        }
      }
      await using app = await startApp(platform, {
        imports: [hankoModule()],
        controllers: [OwnController],
      });

      expectStepUp(await app.get('/own', bearer(token)));
      // It lets anonymous callers through to Nest's own answer.
      expect((await app.get('/own')).status).toBe(403);
    });

    it('by a subclass of the guard, also one with a constructor of its own', async () => {
      @Injectable()
      class TeamGuard extends HankoAuthGuard {
        constructor(@Inject('NAMES') private readonly names: readonly string[]) {
          super();
        }

        override async canActivate(context: ExecutionContext): Promise<boolean> {
          return (await super.canActivate(context)) && this.names.length > 0;
        }
      }
      @Controller()
      class TeamController {
        @Demand({ mfa: true })
        @Get('team')
        team(): string {
          return 'in';
        }
      }
      await using app = await startApp(platform, {
        imports: [hankoModule()],
        controllers: [TeamController],
        providers: [
          { provide: 'NAMES', useValue: ['ada'] },
          { provide: APP_GUARD, useClass: TeamGuard },
        ],
      });

      expectStepUp(await app.get('/team', bearer(token)));
      expect((await app.get('/team', bearer(await hanko.token({ amr: ['passkey'] })))).text).toBe(
        'in',
      );
    });

    it('leaves request.user alone where it refuses', async () => {
      const users: unknown[] = [];
      @Catch()
      class SpyFilter implements ExceptionFilter {
        catch(error: unknown, host: ArgumentsHost): void {
          const http = host.switchToHttp();
          users.push(http.getRequest<{ user?: unknown }>().user);
          const response = http.getResponse<{
            status(code: number): { send(body: string): void };
          }>();
          response.status(418).send(isHankoError(error) ? error.code : 'other');
        }
      }
      @Controller()
      @UseFilters(SpyFilter)
      class SpiedController {
        @Demand({ mfa: true })
        @Get('spied')
        spied(): string {
          return 'in';
        }
      }
      await using app = await startApp(platform, {
        imports: [hankoModule()],
        controllers: [SpiedController],
      });
      const answer = await app.get('/spied', bearer(token));

      expect([answer.status, answer.text]).toEqual([418, 'step_up_required']);
      expect(users).toEqual([undefined]);
    });
  });

  it('the challenge is on the response though a filter of the app writes the answer', async () => {
    @Catch(HankoAuthError)
    class ProblemFilter implements ExceptionFilter {
      catch(error: HankoAuthError, host: ArgumentsHost): void {
        const response = host
          .switchToHttp()
          .getResponse<{ status(code: number): { send(body: unknown): void } }>();
        const { unmet } = error as unknown as { unmet: unknown };
        response.status(error.getStatus()).send({ problem: error.code, unmet });
      }
    }
    @Controller()
    class FilteredController {
      @Demand({ maxAgeSeconds: 60 })
      @Get('age')
      age(): string {
        return 'in';
      }

      @Demand({ claims: { tier: 'gold' } })
      @Get('tier')
      tier(): string {
        return 'in';
      }
    }
    await using app = await startApp(platform, {
      imports: [hankoModule()],
      controllers: [FilteredController],
      providers: [{ provide: APP_FILTER, useClass: ProblemFilter }],
    });
    const old = await app.get('/age', bearer(await hanko.token({ ageSeconds: 61 })));
    const poor = await app.get('/tier', bearer(token));

    expect([old.status, old.body]).toEqual([
      401,
      {
        problem: 'step_up_required',
        unmet: [{ requirement: 'maxAgeSeconds', needed: 60, actual: 61 }],
      },
    ]);
    expect(parseChallenge(old.headers['www-authenticate']).parameters).toMatchObject({
      error: 'insufficient_user_authentication',
      max_age: '60',
    });
    expect([poor.status, poor.body]).toEqual([
      403,
      { problem: 'requirement_not_met', unmet: [{ requirement: 'claims', claim: 'tier' }] },
    ]);
    expect(parseChallenge(poor.headers['www-authenticate']).parameters).toMatchObject({
      error: 'insufficient_scope',
    });
  });

  describe('beside a session policy', () => {
    @Demand({ session: 'online' })
    @Controller('online')
    class OnlineController {
      @Demand({ mfa: true })
      @Get('mfa')
      mfa(): string {
        return 'in';
      }

      @Demand({ session: { refreshSeconds: 60 }, claims: { tier: 'gold' } })
      @Get('tier')
      tier(): string {
        return 'in';
      }
    }
    const asked = (): number => hanko.countRequests(VALIDATE);
    const start = () =>
      startApp(platform, { imports: [hankoModule()], controllers: [OnlineController] });

    it('both are asked, the session first', async () => {
      await using app = await start();
      const before = asked();
      const strong = await hanko.token({ amr: ['passkey'] });

      expectStepUp(await app.get('/online/mfa', bearer(token)));
      expect((await app.get('/online/mfa', bearer(strong))).text).toBe('in');
      expect(asked() - before).toBe(2);
      hanko.revoke(token);
      hanko.revoke(strong);
      expectRevoked(await app.get('/online/mfa', bearer(token)));
      expectRevoked(await app.get('/online/mfa', bearer(strong)));
    });

    it('an answer of Hanko’s that holds on spares the question, and no demand', async () => {
      await using app = await start();
      const before = asked();
      for (let n = 0; n < 3; n += 1) {
        expect((await app.get('/online/tier', cookie(token))).status).toBe(403);
      }

      expect(asked() - before).toBe(1);
    });
  });

  describe('HankoAuthService.assertRequirements()', () => {
    @Controller('check')
    class CheckController {
      constructor(@Inject(HankoAuthService) private readonly auth: HankoAuthService) {}

      @RequireAuth()
      @Get('mfa')
      mfa(@CurrentUser() user: HankoUser): string {
        this.auth.assertRequirements(user, { mfa: true, maxAgeSeconds: 300 });
        return 'in';
      }

      @RequireAuth()
      @Get('tier')
      tier(@CurrentUser() user: HankoUser): string {
        this.auth.assertRequirements(user, { claims: { tier: 'gold' } });
        return 'in';
      }

      @RequireAuth()
      @Get('wrong')
      wrong(@CurrentUser() user: HankoUser): string {
        this.auth.assertRequirements(user, { role: 'admin' } as HankoRequirements);
        return 'in';
      }
    }
    const start = () =>
      startApp(platform, { imports: [hankoModule()], controllers: [CheckController] });

    it('answers from a handler with the same status and body', async () => {
      await using app = await start();
      const old = await app.get('/check/mfa', bearer(await hanko.token({ ageSeconds: 301 })));
      const poor = await app.get('/check/tier', bearer(token));

      expect([old.status, old.body]).toEqual([
        401,
        {
          statusCode: 401,
          code: 'step_up_required',
          message: 'A stronger or more recent login is required',
          unmet: [...MFA_UNMET, { requirement: 'maxAgeSeconds', needed: 300, actual: 301 }],
          authenticatedAt: expect.any(String) as string,
        },
      ]);
      expect([poor.status, poor.body]).toEqual([
        403,
        expect.objectContaining({ unmet: [{ requirement: 'claims', claim: 'tier' }] }),
      ]);
      const rich = await hanko.token({ amr: ['passkey'], claims: { tier: 'gold' } });
      expect((await app.get('/check/mfa', bearer(rich))).text).toBe('in');
      expect((await app.get('/check/tier', bearer(rich))).text).toBe('in');
    });

    it('lets nobody in by a requirement that does not exist', async () => {
      await using app = await start();
      const answer = await app.get('/check/wrong', bearer(token));

      expect([answer.status, answer.body]).toEqual([
        500,
        { statusCode: 500, message: 'Internal server error' },
      ]);
      expect(app.log.lines.some(({ text }) => text.includes('assertRequirements().role'))).toBe(
        true,
      );
    });
  });
});
