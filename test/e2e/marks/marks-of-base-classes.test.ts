import { Controller, Get } from '@nestjs/common';
import { OptionalAuth, Public, RequireAuth } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { PLATFORMS, startApp } from '../../support/app.js';
import { useGuardedHanko, hankoModule, APP_GUARD_PROVIDER } from '../../support/guarded-app.js';

useGuardedHanko();

describe('marks that contradict each other', () => {
  it.each([
    ['public', 'required', Public(), RequireAuth()],
    ['public', 'optional', Public(), OptionalAuth()],
    ['optional', 'required', OptionalAuth(), RequireAuth()],
    ['required', 'public', RequireAuth(), Public()],
    ['optional', 'public', OptionalAuth(), Public()],
    ['required', 'optional', RequireAuth(), OptionalAuth()],
  ])('%s and %s on one handler or class throw while it is loaded', (a, b, first, second) => {
    const message = new RegExp(`is marked both ${a} and ${b}`);

    expect(() => {
      class Handlers {
        @second
        @first
        get(): void {}
      }
      return Handlers;
    }).toThrow(message);
    expect(() => {
      @second
      @first
      class Marked {}
      return Marked;
    }).toThrow(message);
  });

  it('name the class and the handler', () => {
    expect(() => {
      class NotesController {
        @Public()
        @RequireAuth()
        list(): void {}
      }
      return NotesController;
    }).toThrow(/NotesController\.list: is marked both/);
  });

  it('the same mark twice is fine', () => {
    expect(() => {
      @Public()
      @Public()
      class Twice {
        @RequireAuth()
        @RequireAuth()
        get(): void {}
      }
      return Twice;
    }).not.toThrow();
  });
});

describe.each(PLATFORMS)('handlers inherited from a base class, on %s', (platform) => {
  abstract class BaseController {
    @Get('unmarked')
    unmarked(): string {
      return 'in';
    }

    @Public()
    @Get('public')
    open(): string {
      return 'in';
    }

    @RequireAuth()
    @Get('required')
    closed(): string {
      return 'in';
    }
  }

  @Controller('plain')
  class PlainChild extends BaseController {}

  @Public()
  @Controller('public')
  class PublicChild extends BaseController {}

  @RequireAuth()
  @Controller('required')
  class RequiredChild extends BaseController {}

  @Public()
  @Controller('overriding')
  class OverridingChild extends BaseController {
    @RequireAuth()
    @Get('unmarked')
    override unmarked(): string {
      return 'overridden';
    }
  }

  @Public()
  abstract class PublicBase {
    @Get('get')
    get(): string {
      return 'in';
    }
  }

  @Controller('of-public')
  class ChildOfPublic extends PublicBase {}

  @RequireAuth()
  @Controller('closed-of-public')
  class ClosedChildOfPublic extends PublicBase {}

  it("keep their own marks, and take the child's class mark where they have none", async () => {
    await using app = await startApp(platform, {
      imports: [hankoModule()],
      providers: [APP_GUARD_PROVIDER],
      controllers: [
        PlainChild,
        PublicChild,
        RequiredChild,
        OverridingChild,
        ChildOfPublic,
        ClosedChildOfPublic,
      ],
    });
    const expected = {
      '/plain/unmarked': 401,
      '/plain/public': 200,
      '/plain/required': 401,
      '/public/unmarked': 200,
      '/public/public': 200,
      '/public/required': 401,
      '/required/unmarked': 401,
      '/required/public': 200,
      '/required/required': 401,
      '/overriding/unmarked': 401,
      '/overriding/public': 200,
      '/overriding/required': 401,
      '/of-public/get': 200,
      '/closed-of-public/get': 401,
    };
    const answers: Record<string, number> = {};
    for (const path of Object.keys(expected)) answers[path] = (await app.get(path)).status;

    expect(answers).toEqual(expected);
  });

  it('@RequireAuth() closes them without any other guard', async () => {
    await using app = await startApp(platform, {
      imports: [hankoModule()],
      controllers: [PublicChild, RequiredChild],
    });

    expect(await app.get('/public/required')).toBeRefused('credentials_missing');
    expect(await app.get('/required/unmarked')).toBeRefused('credentials_missing');
    expect((await app.get('/required/public')).status).toBe(200);
  });
});
