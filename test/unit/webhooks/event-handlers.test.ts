import { Controller, Injectable, Scope } from '@nestjs/common';
import { HankoConfigurationError } from 'nestjs-hanko';
import { type HankoEvent, OnHankoEvent } from 'nestjs-hanko/webhooks';
import { beforeEach, describe, expect, it } from 'vitest';
import type { EventHandlers } from '../../../lib/webhooks/event-handlers.js';
import { callAll, event, type Parts, startHandlers } from '../../support/event-handlers.js';

/** Which methods were called, by which event. */
const called: string[] = [];
const log: string[] = [];

beforeEach(() => {
  called.length = 0;
  log.length = 0;
});

const start = (parts: Parts): Promise<EventHandlers> => startHandlers(parts, log);

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
  hint: 'has @OnHankoEvent() and is request-scoped or transient, but webhooks are handled outside of requests. Move the method to a provider of default scope.',
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

    expect(await callAll(handlers, event(name))).toBe(true);
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
    await callAll(handlers, sent);

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
    expect(await callAll(await start({}), event('user.create'))).toBe(true);
  });

  it('may have handlers in controllers', async () => {
    @Controller()
    class Page {
      @OnHankoEvent('user.create')
      created(): void {
        called.push('Page');
      }
    }
    await callAll(await start({ controllers: [Page] }), event('user.create'));

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
    await callAll(
      await start({
        providers: [
          { provide: 'value', useValue: new Made('value') },
          { provide: 'factory', useFactory: () => new Made('factory') },
          { provide: 'later', useFactory: () => Promise.resolve(new Made('later')) },
          { provide: 'class', useClass: Made },
        ],
      }),
      event('user.create'),
    );

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
    await callAll(handlers, event('session.delete'));

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
    await callAll(handlers, event('session.delete'));

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

    await callAll(handlers, event('user.create'));
    expect(called.toSorted()).toEqual(['inherited by Derived', 'replaced by Derived']);

    called.length = 0;
    await callAll(handlers, event('user.delete'));
    expect(called).toEqual(['of the derived one']);
  });

  it('is called on both where both are provided', async () => {
    const handlers = await start({ providers: [Base, Derived] });
    await callAll(handlers, event('user.create'));

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

    expect(await callAll(handlers, event('session.delete'))).toBe(true);
  });
});
