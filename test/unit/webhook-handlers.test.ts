import { Controller, Injectable, type Provider, Scope, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { HankoConfigurationError } from 'nestjs-hanko';
import { type HankoEvent, OnHankoEvent } from 'nestjs-hanko/webhooks';
import { beforeEach, describe, expect, it } from 'vitest';
import { EventHandlers } from '../../lib/webhooks/event-handlers.js';
import { captureLog, gate, settled, START } from '../support/unit-revocation.js';

const OTP = '493817';

/** Which methods were called, by which event. */
const called: string[] = [];
const log: string[] = [];

beforeEach(() => {
  called.length = 0;
  log.length = 0;
});

const event = (name: string, data: unknown = {}): HankoEvent => ({
  name,
  data,
  issuedAt: new Date(START),
});

interface Parts {
  readonly providers?: Provider[];
  readonly controllers?: Type[];
  readonly imports?: object[];
}

/** An app of these parts that has started. */
async function start({ providers = [], controllers = [], imports = [] }: Parts) {
  const app = await Test.createTestingModule({
    imports: imports as Type[],
    providers: [EventHandlers, ...providers],
    controllers,
  }).compile();
  // The testing module has brought a log of its own.
  captureLog(log);
  await app.init();
  return app.get(EventHandlers);
}

/** The faults of an app that does not start. */
const faultsOf = (parts: Parts): Promise<HankoConfigurationError['faults']> =>
  start(parts).then(
    () => expect.unreachable('it started'),
    (error: unknown) => {
      if (error instanceof HankoConfigurationError) return error.faults;
      throw error;
    },
  );

const scopeFault = (path: string): object => ({
  path,
  hint: 'has @OnHankoEvent() and is request-scoped or transient: a webhook is no request of a user. Move the method to a provider of default scope.',
});

@Injectable()
class Listener {
  @OnHankoEvent('session.delete')
  ended({ name }: HankoEvent): void {
    called.push(`ended ${name}`);
  }

  @OnHankoEvent('session.delete.admin.revoke')
  revoked({ name }: HankoEvent): void {
    called.push(`revoked ${name}`);
  }

  @OnHankoEvent()
  all({ name }: HankoEvent): void {
    called.push(`all ${name}`);
  }

  @OnHankoEvent('user.create')
  @OnHankoEvent('user.delete')
  several({ name }: HankoEvent): void {
    called.push(`several ${name}`);
  }

  @OnHankoEvent('user')
  @OnHankoEvent('user.login')
  twice({ name }: HankoEvent): void {
    called.push(`twice ${name}`);
  }

  notAHandler(): void {
    called.push('notAHandler');
  }
}

describe('a subscription', () => {
  it.each([
    { name: 'session.delete', methods: ['ended', 'all'] },
    { name: 'session.delete.explicit.logout', methods: ['ended', 'all'] },
    { name: 'session.delete.admin', methods: ['ended', 'all'] },
    { name: 'session.delete.admin.revoke', methods: ['ended', 'revoked', 'all'] },
    { name: 'session.delete.admin.revoke.more', methods: ['ended', 'revoked', 'all'] },
    { name: 'session.delete.admin.revoked', methods: ['ended', 'all'] },
    { name: 'session.deleted', methods: ['all'] },
    { name: 'session.delete_all', methods: ['all'] },
    { name: 'session', methods: ['all'] },
    { name: 'Session.delete', methods: ['all'] },
    { name: 'x.session.delete', methods: ['all'] },
    { name: 'of.a.later.version', methods: ['all'] },
    { name: 'user.create', methods: ['all', 'several', 'twice'] },
    { name: 'user.delete', methods: ['all', 'several', 'twice'] },
    { name: 'user.login', methods: ['all', 'twice'] },
    { name: 'users', methods: ['all'] },
  ])('gets its event and what is below it: $name', async ({ name, methods }) => {
    const handlers = await start({ providers: [Listener] });

    expect(await handlers.call(event(name))).toBe(true);
    expect(called).toEqual(methods.map((method) => `${method} ${name}`));
  });

  it('gets the event itself, with this', async () => {
    const seen: unknown[] = [];
    @Injectable()
    class Own {
      readonly seen = seen;
      @OnHankoEvent('user.create')
      take(...args: unknown[]): void {
        this.seen.push(...args);
      }
    }
    const handlers = await start({ providers: [Own] });
    const sent = event('user.create', { id: 'x' });
    await handlers.call(sent);

    expect(seen).toEqual([sent]);
    expect(seen[0]).toBe(sent);
  });

  it.each(['', ' ', 'user.', '.user', 'user..create', 'user.*', '*', 'user create', 'user-create'])(
    'is a name, and %j is none',
    (name) => {
      expect(() => OnHankoEvent(name)).toThrow(HankoConfigurationError);
    },
  );

  it.each([5, null, {}, [['user.create']], [['user.create', 'user.delete']]])(
    'is a text, and %j is none',
    (name) => {
      expect(() => OnHankoEvent(name as never)).toThrow(HankoConfigurationError);
    },
  );
});

describe('an app', () => {
  it('without handlers takes every event', async () => {
    expect(await (await start({})).call(event('user.create'))).toBe(true);
  });

  it('may have handlers in controllers', async () => {
    @Controller()
    class Page {
      @OnHankoEvent('user.create')
      created(): void {
        called.push('Page');
      }
    }
    await (await start({ controllers: [Page] })).call(event('user.create'));

    expect(called).toEqual(['Page']);
  });

  it('may have them in whatever provides an instance', async () => {
    class Made {
      constructor(private readonly how = 'class') {}
      @OnHankoEvent('user.create')
      created(): void {
        called.push(this.how);
      }
    }
    await (
      await start({
        providers: [
          { provide: 'value', useValue: new Made('value') },
          { provide: 'factory', useFactory: () => new Made('factory') },
          { provide: 'later', useFactory: () => Promise.resolve(new Made('later')) },
          { provide: 'class', useClass: Made },
        ],
      })
    ).call(event('user.create'));

    expect(called.toSorted()).toEqual(['class', 'factory', 'later', 'value']);
  });

  it('may have providers that are nothing like a class', async () => {
    const odd = [null, undefined, 0, 'text', Object.create(null), () => 1, Symbol('x'), [], 1n];
    const handlers = await start({
      providers: [
        ...odd.map((useValue: unknown, n) => ({ provide: `value ${n}`, useValue })),
        ...odd.map((value: unknown, n) => ({ provide: `made ${n}`, useFactory: () => value })),
        Listener,
      ],
    });
    await handlers.call(event('session.delete'));

    expect(called).toEqual(['ended session.delete', 'all session.delete']);
  });

  it('calls a provider once that is exported, imported and known by other names', async () => {
    class Shared {}
    class Importing {}
    const shared = {
      module: Shared,
      providers: [
        Listener,
        { provide: 'alias', useExisting: Listener },
        { provide: 'alias of it', useExisting: 'alias' },
        { provide: 'handed on', useFactory: (one: Listener) => one, inject: [Listener] },
      ],
      exports: [Listener, 'alias'],
    };
    const importing = {
      module: Importing,
      imports: [shared],
      providers: [{ provide: 'from afar', useExisting: Listener }],
      exports: [shared],
    };
    const handlers = await start({ imports: [shared, importing] });
    await handlers.call(event('session.delete'));

    expect(called).toEqual(['ended session.delete', 'all session.delete']);
  });
});

describe('an inherited method', () => {
  class Base {
    @OnHankoEvent('user.create')
    inherited(): void {
      called.push(`inherited by ${this.constructor.name}`);
    }

    @OnHankoEvent('user.create')
    replaced(): void {
      called.push('replaced');
    }

    @OnHankoEvent('user.create')
    renewed(): void {
      called.push('of the base');
    }
  }

  @Injectable()
  class Derived extends Base {
    override replaced(): void {
      called.push('replaced by Derived');
    }

    @OnHankoEvent('user.delete')
    override renewed(): void {
      called.push('of the derived one');
    }
  }

  it('is a handler of each class that has it or overrides it, with the events of the nearest decorator', async () => {
    const handlers = await start({ providers: [Derived] });

    await handlers.call(event('user.create'));
    expect(called.toSorted()).toEqual(['inherited by Derived', 'replaced by Derived']);

    called.length = 0;
    await handlers.call(event('user.delete'));
    expect(called).toEqual(['of the derived one']);
  });

  it('is called on both where both are provided', async () => {
    const handlers = await start({ providers: [Base, Derived] });
    await handlers.call(event('user.create'));

    expect(called.toSorted()).toEqual([
      'inherited by Base',
      'inherited by Derived',
      'of the base',
      'replaced',
      'replaced by Derived',
    ]);
  });
});

describe('a provider that has no instance to be called on', () => {
  @Injectable({ scope: Scope.REQUEST })
  class PerRequest {
    @OnHankoEvent('user.create')
    created(): void {
      called.push('PerRequest');
    }
  }

  @Injectable({ scope: Scope.TRANSIENT })
  class PerUse {
    @OnHankoEvent('user.create')
    created(): void {
      called.push('PerUse');
    }
  }

  @Injectable({ scope: Scope.REQUEST })
  class Plain {}

  @Injectable()
  class Depends {
    constructor(readonly plain: Plain) {}
    @OnHankoEvent('user.create')
    created(): void {
      called.push('Depends');
    }
  }
  Reflect.defineMetadata('design:paramtypes', [Plain], Depends);

  @Controller({ scope: Scope.REQUEST })
  class Page {
    @OnHankoEvent('user.create')
    created(): void {
      called.push('Page');
    }
  }

  it.each<{ name: string; parts: Parts }>([
    { name: 'PerRequest', parts: { providers: [PerRequest] } },
    { name: 'PerUse', parts: { providers: [PerUse] } },
    { name: 'Depends', parts: { providers: [Plain, Depends] } },
    { name: 'Page', parts: { controllers: [Page] } },
  ])('is named when the app starts: $name', async ({ name, parts }) => {
    expect(await faultsOf(parts)).toEqual([scopeFault(name)]);
  });

  it('is named with all others', async () => {
    expect(await faultsOf({ providers: [PerRequest, Listener, PerUse] })).toEqual([
      scopeFault('PerRequest'),
      scopeFault('PerUse'),
    ]);
  });

  it('is nobody’s concern without a handler', async () => {
    const handlers = await start({ providers: [Plain, Listener] });

    expect(await handlers.call(event('session.delete'))).toBe(true);
  });
});

describe('handlers of one event', () => {
  it('are called at the same time, and waited for', async () => {
    const { passed, open } = gate();
    @Injectable()
    class Slow {
      @OnHankoEvent('user.create')
      async first(): Promise<void> {
        called.push('first begins');
        await passed;
        called.push('first ends');
      }

      @OnHankoEvent('user.create')
      async second(): Promise<void> {
        called.push('second');
      }
    }
    const handlers = await start({ providers: [Slow] });
    const call = handlers.call(event('user.create'));
    void call.then(() => called.push('done'));
    await settled();
    expect(called).toEqual(['first begins', 'second']);

    open();
    expect(await call).toBe(true);
    expect(called).toEqual(['first begins', 'second', 'first ends', 'done']);
  });

  it.each<{ name: string; fail: () => unknown }>([
    { name: 'throws', fail: () => thrown(new Error('no')) },
    { name: 'rejects', fail: () => Promise.reject(new Error('no')) },
    { name: 'rejects later', fail: () => settled().then(() => thrown(new Error('no'))) },
    {
      name: 'returns another thenable that rejects',
      // oxlint-disable-next-line unicorn/no-thenable -- as some libraries' promises are
      fail: () => ({ then: (_: unknown, reject: (error: Error) => void) => reject(new Error()) }),
    },
  ])('are not hidden by one that $name', async ({ fail }) => {
    @Injectable()
    class Mixed {
      @OnHankoEvent('user.create')
      before(): void {
        called.push('before');
      }

      @OnHankoEvent('user.create')
      failing(): unknown {
        return fail();
      }

      @OnHankoEvent('user.create')
      after(): void {
        called.push('after');
      }
    }
    const handlers = await start({ providers: [Mixed] });

    expect(await handlers.call(event('user.create'))).toBe(false);
    expect(called).toEqual(['before', 'after']);
    expect(log).toEqual([expect.stringContaining('error Mixed.failing failed for user.create: ')]);
  });

  it.each([undefined, null, false, 0, 'text', Promise.resolve(false), new Error('returned')])(
    'may return anything: %s',
    async (value) => {
      @Injectable()
      class Returning {
        @OnHankoEvent('user.create')
        created(): unknown {
          return value;
        }
      }

      expect(await (await start({ providers: [Returning] })).call(event('user.create'))).toBe(true);
      expect(log).toEqual([]);
    },
  );
});

describe('the log line of a handler that failed', () => {
  @Injectable()
  class Mailer {
    static fail: () => unknown;
    @OnHankoEvent('email.send')
    send(): unknown {
      return Mailer.fail();
    }
  }

  async function lineFor(fail: () => unknown): Promise<string> {
    Mailer.fail = fail;
    const handlers = await start({ providers: [Mailer] });
    expect(await handlers.call(event('email.send', { otp_code: OTP }))).toBe(false);
    expect(log).toHaveLength(1);
    return String(log[0]);
  }

  function deepInTheApp(message: string): never {
    throw new TypeError(message);
  }

  it('has the kind of error and where it came from, and not its message', async () => {
    const line = await lineFor(() => deepInTheApp(`cannot mail ${OTP}`));

    const [first, ...frames] = line.split('\n');
    expect(first).toBe(
      'error Mailer.send failed for email.send: TypeError, whose message is left out',
    );
    expect(frames[0]).toMatch(/^ +at deepInTheApp \(.*webhook-handlers\.test\.ts:\d+:\d+\)$/);
    expect(frames.length).toBeGreaterThan(3);
    expect(line).not.toContain(OTP);
  });

  it.each<{ name: string; error: () => unknown }>([
    { name: 'in a line', error: () => new Error(`code ${OTP}`) },
    { name: 'in several lines', error: () => new Error(`code\n${OTP}\nis yours`) },
    { name: 'in a line that looks like a frame', error: () => new Error(`code\n    at ${OTP}`) },
    { name: 'in a cause', error: () => new Error('no', { cause: new Error(OTP) }) },
    { name: 'in one of many', error: () => new AggregateError([new Error(OTP)], OTP) },
    { name: 'in a member', error: () => Object.assign(new Error('no'), { code: OTP, data: OTP }) },
    { name: 'as its name', error: () => Object.assign(new Error('no'), { name: `E ${OTP}` }) },
    { name: 'as a text', error: () => OTP },
    { name: 'as a number', error: () => Number(OTP) },
    { name: 'in an object', error: () => ({ message: OTP, toString: () => OTP }) },
  ])('shows no passcode $name', async ({ error }) => {
    expect(await lineFor(() => thrown(error()))).not.toContain(OTP);
  });

  it.each<[string, unknown]>([
    ['a string', 'text'],
    ['a number', 5],
    ['a undefined', undefined],
    ['a boolean', false],
    ['a symbol', Symbol(OTP)],
    ['a bigint', 1n],
  ])('says that %s was thrown', async (kind, value) => {
    expect(await lineFor(() => thrown(value))).toContain(`email.send: ${kind} was thrown`);
  });

  it.each<[string, unknown]>([
    ['an object', {}],
    ['a list', [1]],
    ['an object without a prototype', Object.create(null)],
    ['a stack that is no text', { stack: 5 }],
    ['a stack that cannot be text', { stack: Object.create(null) as object }],
    [
      'a stack that cannot be read',
      {
        get stack(): string {
          throw new Error(OTP);
        },
      },
    ],
    [
      'a name that cannot be read',
      {
        get name(): string {
          throw new Error(OTP);
        },
      },
    ],
  ])('is written for %s too', async (_, value) => {
    const line = await lineFor(() => thrown(value));

    expect(line).toContain('Mailer.send failed for email.send: an error');
    expect(line).not.toContain(OTP);
  });
});

function thrown(error: unknown): never {
  throw error;
}
