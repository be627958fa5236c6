import '../../support/to-be-refused.js';
import { Controller, Get } from '@nestjs/common';
import { HankoConfigurationError, type HankoSessionPolicy, RequireAuth } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { bearer, startApp } from '../../support/app.js';
import { expectRevoked } from '../../support/session-spy.js';
import {
  MINUTE,
  hanko,
  token,
  hankoModule,
  useFakeHanko,
} from '../../support/session-policy-app.js';

useFakeHanko();

describe('@RequireAuth() more than once', () => {
  it('on a class keeps what the class that it extends demands', async () => {
    @RequireAuth({ session: 'online' })
    class Strict {}
    @RequireAuth()
    @Controller()
    class Inherits extends Strict {
      @Get('inherits')
      get(): string {
        return 'in';
      }
    }
    await using app = await startApp('Express', {
      imports: [hankoModule()],
      controllers: [Inherits],
    });
    expect((await app.get('/inherits', bearer(token))).text).toBe('in');
    hanko.revoke(token);

    expectRevoked(await app.get('/inherits', bearer(token)));
  });

  it('on one handler must not contradict itself', () => {
    const load = (first: HankoSessionPolicy, second: HankoSessionPolicy) => () => {
      class Twice {
        @RequireAuth({ session: first })
        @RequireAuth({ session: second })
        get(): void {}
      }
      return Twice;
    };

    expect(load('online', 'offline')).toThrow(/@RequireAuth\(\)\.session: is set to two values/);
    expect(load({ refreshSeconds: 1 }, { refreshSeconds: 2 })).toThrow(HankoConfigurationError);
    expect(load({ refreshSeconds: 1 }, { refreshSeconds: 1 })).not.toThrow();
  });

  it('is not changed by who changes the options later', async () => {
    const policy = { refreshSeconds: 0 };
    @Controller()
    class Changed {
      @RequireAuth({ session: policy })
      @Get('changed')
      get(): string {
        return 'in';
      }
    }
    policy.refreshSeconds = 86_400;
    await using app = await startApp('Express', {
      imports: [hankoModule()],
      controllers: [Changed],
    });
    expect((await app.get('/changed', bearer(token))).text).toBe('in');
    hanko.revoke(token);

    expectRevoked(await app.get('/changed', bearer(token)));
  });
});

describe('@RequireAuth() with a wrong option', () => {
  it.each([
    ['session misspelled', { session: 'onlin' }, '@RequireAuth().session'],
    ['no time', { session: {} }, '@RequireAuth().session.refreshSeconds'],
    [
      'a wrong time',
      { session: { refreshSeconds: '60' } },
      '@RequireAuth().session.refreshSeconds',
    ],
    [
      'a member there is none of',
      { session: { ...MINUTE, retry: 1 } },
      '@RequireAuth().session.retry',
    ],
    ['an option there is none of', { sesion: 'online' }, '@RequireAuth().sesion'],
  ])('throws when the class is loaded: %s', (_, options, path) => {
    const fault = { path, hint: expect.any(String) };
    const load = (decorate: () => unknown): unknown => {
      try {
        return decorate();
      } catch (error) {
        return error;
      }
    };
    const onClass = load(() => {
      @RequireAuth(options as never)
      class Wrong {}
      return Wrong;
    });
    const onHandler = load(() => {
      class Wrong {
        @RequireAuth(options as never)
        get(): void {}
      }
      return Wrong;
    });

    for (const error of [onClass, onHandler]) {
      expect(error).toBeInstanceOf(HankoConfigurationError);
      expect(error).toMatchObject({ code: 'configuration_invalid', faults: [fault] });
    }
  });

  it('names every fault at once', () => {
    expect(() => RequireAuth({ session: { keepAlive: 1 }, mfa: 1 } as never)).toThrow(
      /\.mfa.*\n.*\.refreshSeconds.*\n.*\.keepAlive/,
    );
  });
});
