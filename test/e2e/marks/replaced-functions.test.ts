import { Controller, Delete, Get, Injectable, Scope, UseGuards } from '@nestjs/common';
import { FakeHanko } from 'fake-hanko';
import {
  CurrentUser,
  HankoAuthGuard,
  OptionalAuth,
  Public,
  RequireAuth,
  type RequireAuthOptions,
} from 'nestjs-hanko';
import { describeRoutes, expectNoOpenRoutes } from 'nestjs-hanko/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, PLATFORMS } from '../../support/app.js';
import { APP_GUARD_PROVIDER, faultsOf, starter, Timed, Traced } from '../../support/lost-marks.js';

let hanko: FakeHanko;
/** Of a user who meets no demand. */
let token: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  token = await hanko.token();
});
afterAll(() => hanko.stop());

const ADMIN = { claims: { role: 'admin' }, mfa: true } as unknown as RequireAuthOptions;

describe.each(PLATFORMS)(
  'a handler whose function another decorator replaced, on %s',
  (platform) => {
    const start = starter(platform, () => hanko.url);

    @Controller()
    class ThingsController {
      @Delete('closed')
      @Timed()
      @RequireAuth(ADMIN)
      closed(): string {
        return 'in';
      }

      @Get('open')
      @Timed()
      @Public()
      open(@CurrentUser() user: unknown): unknown {
        return { user };
      }

      @Get('optional')
      @Timed()
      @OptionalAuth()
      optional(): string {
        return 'in';
      }
    }

    it('does not start if it is marked closed and the guard was lost with the function', async () => {
      expect(await faultsOf(start([ThingsController]))).toEqual([
        expect.stringMatching(
          /^ThingsController\.closed: is marked @RequireAuth\(\), and no HankoAuthGuard runs .* Write @RequireAuth\(\) above .* demands \(claims, mfa\)/,
        ),
      ]);
    });

    it('keeps its marks and demands where the guard runs', async () => {
      await using app = await start([ThingsController], { providers: [APP_GUARD_PROVIDER] });

      expect(await app.request('DELETE', '/closed')).toBeRefused('credentials_missing');
      expect((await app.request('DELETE', '/closed', bearer(token))).status).not.toBe(200);
      expect((await app.get('/open', bearer('garbage'))).body).toEqual({ user: null });
      expect((await app.get('/optional')).status).toBe(200);
      expect(describeRoutes(app.app)).toMatchObject([
        { route: 'DELETE /closed', access: 'required', demands: ADMIN },
        { route: 'GET /open', access: 'public' },
        { route: 'GET /optional', access: 'optional' },
      ]);
    });

    it('keeps its demands where the class binds the guard', async () => {
      @UseGuards(HankoAuthGuard)
      @Controller()
      class GuardedController extends ThingsController {}
      await using app = await start([GuardedController]);

      expect((await app.request('DELETE', '/closed', bearer(token))).status).not.toBe(200);
      expect((await app.get('/open')).status).toBe(200);
    });

    it('is as ever where the mark stands above', async () => {
      @Controller()
      class InOrderController {
        @RequireAuth()
        @Get('closed')
        @Timed()
        closed(): string {
          return 'in';
        }
      }
      await using app = await start([InOrderController]);

      expect(await app.get('/closed')).toBeRefused('credentials_missing');
      expect((await app.get('/closed', bearer(token))).text).toBe('in');
    });

    it('does not start either if only some metadata was copied', async () => {
      @Controller()
      class TracedController {
        @Traced('path', 'method')
        @RequireAuth(ADMIN)
        @Get('closed')
        closed(): string {
          return 'in';
        }
      }

      expect(await faultsOf(start([TracedController]))).toEqual([
        expect.stringMatching(/^TracedController\.closed: .*no HankoAuthGuard runs/),
      ]);
      await using app = await start([TracedController], { providers: [APP_GUARD_PROVIDER] });
      expect((await app.get('/closed', bearer(token))).status).not.toBe(200);
    });

    it('contradicts itself also through the replacement', () => {
      expect(() => {
        class Contradiction {
          @Public()
          @Timed()
          @RequireAuth()
          get(): void {}
        }
        return Contradiction;
      }).toThrow(/Contradiction\.get: is marked both required and public/);
    });
  },
);

describe.each(PLATFORMS)('a guard that left no trace, on %s', (platform) => {
  const start = starter(platform, () => hanko.url);

  @Controller()
  class BareController {
    @Get('bare')
    @Timed()
    @UseGuards(HankoAuthGuard)
    bare(): string {
      return 'in';
    }
  }

  it('is open, and the warning about handlers without a guard names the method', async () => {
    await using app = await start([BareController]);

    expect((await app.get('/bare')).status).toBe(200);
    expect(app.log.messages('warn', 'HankoModule')).toEqual([
      expect.stringContaining('No HankoAuthGuard runs for 1 of 1 handlers: BareController.bare.'),
    ]);
  });

  it('fails expectNoOpenRoutes()', async () => {
    await using app = await start([BareController]);

    expect(() => expectNoOpenRoutes(app.app)).toThrow(/BareController\.bare/);
  });

  it('is no harm under APP_GUARD', async () => {
    await using app = await start([BareController], { providers: [APP_GUARD_PROVIDER] });

    expect(await app.get('/bare')).toBeRefused('credentials_missing');
  });
});

describe.each(PLATFORMS)(
  'a handler whose constructor puts another function in its place, on %s',
  (platform) => {
    const start = starter(platform, () => hanko.url);

    @Public()
    @Controller()
    class BindingController {
      constructor() {
        this.closed = this.closed.bind(this);
        this.open = this.open.bind(this);
      }

      @RequireAuth(ADMIN)
      @Get('closed')
      closed(): string {
        return 'in';
      }

      @Get('open')
      open(): string {
        return 'in';
      }
    }

    it('does not start if it is marked closed and nothing else binds the guard', async () => {
      expect(await faultsOf(start([BindingController]))).toEqual([
        expect.stringMatching(/^BindingController\.closed: HankoAuthGuard is bound here .*demands/),
      ]);
    });

    it('does not start either where a hook puts it there, and the error names hooks', async () => {
      @Controller()
      class InitController {
        async onModuleInit(): Promise<void> {
          await Promise.resolve();
          this.closed = this.closed.bind(this);
        }

        @RequireAuth(ADMIN)
        @Get('closed')
        closed(): string {
          return 'in';
        }
      }

      expect(await faultsOf(start([InitController]))).toEqual([
        expect.stringMatching(/^InitController\.closed: .* a hook such as onModuleInit\(\) puts/),
      ]);
    });

    it('is closed under APP_GUARD although its class is @Public()', async () => {
      await using app = await start([BindingController], { providers: [APP_GUARD_PROVIDER] });

      expect(await app.get('/closed')).toBeRefused('credentials_missing');
      expect((await app.get('/closed', bearer(token))).status).not.toBe(200);
      expect((await app.get('/open')).status).toBe(200);
    });

    it('may be a property of the instance', async () => {
      @Controller()
      class PropertyController {
        constructor() {
          Object.defineProperty(this, 'closed', { value: () => 'in' });
        }

        @RequireAuth(ADMIN)
        @Get('closed')
        closed(): string {
          return 'declared';
        }
      }

      expect(await faultsOf(start([PropertyController]))).toHaveLength(1);
      await using app = await start([PropertyController], { providers: [APP_GUARD_PROVIDER] });
      expect(await app.get('/closed')).toBeRefused('credentials_missing');
      expect((await app.get('/closed', bearer(token))).status).not.toBe(200);
    });

    it('may be a method of a proxy, a new one for each look', async () => {
      @Controller()
      class ProxyController {
        constructor() {
          return new Proxy(this, {
            get(target, name, receiver): unknown {
              const value: unknown = Reflect.get(target, name, receiver);
              return typeof value === 'function' && name !== 'constructor'
                ? (...args: unknown[]) =>
                    (value as (...all: unknown[]) => unknown).apply(target, args)
                : value;
            },
          });
        }

        @RequireAuth(ADMIN)
        @Get('closed')
        closed(): string {
          return 'in';
        }
      }

      expect(await faultsOf(start([ProxyController]))).toHaveLength(1);
      await using app = await start([ProxyController], { providers: [APP_GUARD_PROVIDER] });
      expect((await app.get('/closed', bearer(token))).status).toBe(500);
    });

    it('is refused for each request where the class is request-scoped', async () => {
      @Controller({ scope: Scope.REQUEST })
      class ScopedController {
        constructor() {
          this.closed = this.closed.bind(this);
          this.other = this.other.bind(this);
        }

        @RequireAuth(ADMIN)
        @Get('closed')
        closed(): string {
          return 'in';
        }

        @Get('other')
        other(): string {
          return 'in';
        }
      }
      {
        await using app = await start([ScopedController]);
        expect((await app.get('/closed')).status).toBe(500);
        expect((await app.get('/closed', bearer(token))).status).toBe(500);
        expect((await app.get('/other')).status).toBe(200);
        expect(describeRoutes(app.app).map(({ otherGuards }) => otherGuards)).toEqual([[], []]);
      }
      await using app = await start([ScopedController], { providers: [APP_GUARD_PROVIDER] });
      expect(await app.get('/closed')).toBeRefused('credentials_missing');
      expect((await app.get('/closed', bearer(token))).status).toBe(403);
      expect((await app.get('/other', bearer(token))).status).toBe(200);
    });

    it('is as ever where a request-scoped class leaves its methods alone', async () => {
      @Injectable({ scope: Scope.REQUEST })
      class PerRequest {}
      @Controller()
      class DependentController {
        constructor(readonly dependency: PerRequest) {}

        @RequireAuth()
        @Get('closed')
        closed(): string {
          return 'in';
        }
      }
      Reflect.defineMetadata('design:paramtypes', [PerRequest], DependentController);
      await using app = await start([DependentController], { providers: [PerRequest] });

      expect(await app.get('/closed')).toBeRefused('credentials_missing');
      expect((await app.get('/closed', bearer(token))).text).toBe('in');
    });
  },
);
