import { Controller, Get, UseGuards } from '@nestjs/common';
import { FakeHanko } from 'fake-hanko';
import {
  HankoAuthGuard,
  OptionalAuth,
  Public,
  RequireAuth,
  type RequireAuthOptions,
} from 'nestjs-hanko';
import { describeRoutes } from 'nestjs-hanko/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, PLATFORMS } from '../../support/app.js';
import { APP_GUARD_PROVIDER, faultsOf, starter } from '../../support/lost-marks.js';

let hanko: FakeHanko;
let token: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  token = await hanko.token();
});
afterAll(() => hanko.stop());

const ADMIN = { claims: { role: 'admin' } } as unknown as RequireAuthOptions;

describe.each(PLATFORMS)('a method that overrides a marked one, on %s', (platform) => {
  const start = starter(platform, () => hanko.url);

  abstract class Base {
    @RequireAuth(ADMIN)
    @Get('closed')
    closed(): string {
      return 'base';
    }

    @Public()
    @Get('open')
    open(): string {
      return 'base';
    }

    @OptionalAuth()
    @Get('optional')
    optional(): string {
      return 'base';
    }
  }

  @Controller()
  class OverridingController extends Base {
    @Get('closed')
    override closed(): string {
      return 'override';
    }

    @Get('open')
    override open(): string {
      return 'override';
    }

    @Get('optional')
    override optional(): string {
      return 'override';
    }
  }

  it('inherits that it is closed: without a guard the app does not start', async () => {
    expect(await faultsOf(start([OverridingController]))).toEqual([
      expect.stringMatching(
        /^OverridingController\.closed: overrides Base\.closed, which is marked @RequireAuth\(\).* @Public\(\)\. Its demands \(claims\)/,
      ),
    ]);
  });

  it('inherits demands, and nothing that opens', async () => {
    await using app = await start([OverridingController], { providers: [APP_GUARD_PROVIDER] });

    for (const path of ['/closed', '/open', '/optional']) {
      expect(await app.get(path)).toBeRefused('credentials_missing');
    }
    expect((await app.get('/closed', bearer(token))).status).toBe(403);
    expect((await app.get('/open', bearer(token))).text).toBe('override');
  });

  it('is closed also in a class that is @Public()', async () => {
    @Public()
    @Controller()
    class OpenController extends OverridingController {}
    await using app = await start([OpenController], { providers: [APP_GUARD_PROVIDER] });

    expect(await app.get('/closed')).toBeRefused('credentials_missing');
    expect((await app.get('/open')).status).toBe(200);
  });

  it('may be opened by a mark of its own', async () => {
    @Controller()
    class OpenedController extends Base {
      @Public()
      @Get('closed')
      override closed(): string {
        return 'opened';
      }
    }
    await using app = await start([OpenedController]);

    expect((await app.get('/closed')).text).toBe('opened');
  });

  it('may add to the demands, and take them back', async () => {
    @Controller()
    class StricterController extends Base {
      @RequireAuth({ mfa: true, claims: null })
      @Get('closed')
      override closed(): string {
        return 'stricter';
      }
    }
    await using app = await start([StricterController]);

    expect(describeRoutes(app.app)[0]?.demands).toEqual({ mfa: true, claims: null });
  });

  it('closes again what a class between opened', async () => {
    abstract class Between extends Base {
      @Public()
      override closed(): string {
        return 'between';
      }
    }
    @Controller()
    class AgainController extends Between {
      @Get('closed')
      override closed(): string {
        return 'again';
      }
    }

    expect(await faultsOf(start([AgainController]))).toHaveLength(1);
  });

  it('may be marked in a base class that has no route for it', async () => {
    abstract class Template {
      @RequireAuth()
      abstractly(): string {
        return 'template';
      }
    }
    @Controller()
    class RoutedController extends Template {
      @UseGuards(HankoAuthGuard)
      @Get('abstractly')
      override abstractly(): string {
        return 'routed';
      }
    }
    @Controller('silent')
    class SilentController extends Template {}
    await using app = await start([RoutedController, SilentController]);

    expect(await app.get('/abstractly')).toBeRefused('credentials_missing');
  });
});

describe.each(PLATFORMS)('classes that others make of a marked one, on %s', (platform) => {
  const start = starter(platform, () => hanko.url);

  /** The class decorator of the TypeScript handbook's first edition. */
  const byConstructor: ClassDecorator = (target) => {
    const made = function (...args: unknown[]): unknown {
      return Reflect.construct(target, args);
    };
    made.prototype = target.prototype as unknown;
    return made as never;
  };
  const byProxy: ClassDecorator = (target) => new Proxy(target, {});
  const byExtending: ClassDecorator = (target) =>
    class extends (target as unknown as new () => object) {} as never;

  it.each([
    { how: 'a constructor function', decorator: byConstructor },
    { how: 'a proxy', decorator: byProxy },
  ])('by $how do not start, since Nest does not see the guard', async ({ decorator }) => {
    @Controller()
    @decorator
    @RequireAuth(ADMIN)
    class WrappedController {
      @Get('get')
      get(): string {
        return 'in';
      }
    }

    expect(await faultsOf(start([WrappedController]))).toEqual([
      expect.stringMatching(
        /\.get: is closed by @RequireAuth\(\) on WrappedController.*\(claims\)/,
      ),
    ]);
    await using app = await start([WrappedController], { providers: [APP_GUARD_PROVIDER] });
    expect((await app.get('/get', bearer(token))).status).toBe(403);
  });

  it('by extending it keep guard and demands', async () => {
    @Controller()
    @byExtending
    @RequireAuth(ADMIN)
    class ExtendedController {
      @Get('get')
      get(): string {
        return 'in';
      }
    }
    await using app = await start([ExtendedController]);

    expect(await app.get('/get')).toBeRefused('credentials_missing');
    expect((await app.get('/get', bearer(token))).status).toBe(403);
  });

  it('by copying prototypes, constructor and all, keep the demands of their own class', async () => {
    class Mixin {
      @Get('mixed')
      mixed(): string {
        return 'in';
      }
    }
    @Controller()
    @RequireAuth(ADMIN)
    class MixedController {
      @Get('own')
      own(): string {
        return 'in';
      }
    }
    for (const [name, descriptor] of Object.entries(
      Object.getOwnPropertyDescriptors(Mixin.prototype),
    )) {
      Object.defineProperty(MixedController.prototype, name, descriptor);
    }
    await using app = await start([MixedController], { providers: [APP_GUARD_PROVIDER] });

    expect((await app.get('/own', bearer(token))).status).toBe(403);
    expect((await app.get('/mixed', bearer(token))).status).toBe(403);
  });

  it('may share a function without sharing a mark', async () => {
    @Controller('open')
    class OpenController {
      @Get('get')
      get(): string {
        return 'in';
      }
    }
    @Controller('closed')
    class ClosedController extends OpenController {}
    RequireAuth(ADMIN)(ClosedController.prototype, 'get', {
      value: function get(): void {},
    } as PropertyDescriptor);
    await using app = await start([OpenController, ClosedController], {
      providers: [APP_GUARD_PROVIDER],
    });

    expect((await app.get('/open/get', bearer(token))).status).toBe(200);
    expect((await app.get('/closed/get', bearer(token))).status).toBe(403);
  });
});
