import { type CanActivate, Controller, Get, Injectable, Module, UseGuards } from '@nestjs/common';
import { LazyModuleLoader, ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { type HankoEvent, OnHankoEvent } from 'nestjs-hanko/webhooks';
import { beforeEach, describe, expect, it } from 'vitest';
import { EventHandlers } from '../../../lib/webhooks/event-handlers.js';
import { findEventHandlers } from '../../../lib/webhooks/find-event-handlers.js';
import { Timed } from '../../support/lost-marks.js';

const called: string[] = [];

beforeEach(() => {
  called.length = 0;
});

const EVENT: HankoEvent = { name: 'user.create', data: {}, issuedAt: new Date(0) };

async function start(metadata: { readonly providers?: object[]; readonly controllers?: object[] }) {
  const app = await Test.createTestingModule({
    ...(metadata as object),
    providers: [EventHandlers, ...((metadata.providers ?? []) as [])],
  }).compile();
  await app.init();
  return app;
}

/** Calls all that want the event, as the receiver does. */
async function callAll(eventHandlers: EventHandlers): Promise<void> {
  const { handlers, isComplete } = eventHandlers.wanting(EVENT);
  expect(isComplete).toBe(true);
  for (const handler of handlers) expect(await eventHandlers.call(handler, EVENT)).toBe(true);
}

describe('an event handler', () => {
  it('is found whatever took the place of its function', async () => {
    @Injectable()
    class Mailer {
      constructor() {
        this.bound = this.bound.bind(this);
      }

      @Timed()
      @OnHankoEvent('user.create')
      timed(): void {
        called.push('timed');
      }

      @OnHankoEvent('user.create')
      bound(): void {
        called.push('bound');
      }
    }
    const app = await start({ providers: [Mailer] });

    await callAll(app.get(EventHandlers));
    expect(called.toSorted()).toEqual(['bound', 'timed']);
  });

  it('has the events of the nearest class that names some', () => {
    class Base {
      @OnHankoEvent('user.create')
      @OnHankoEvent('user.delete')
      on(): void {}
    }
    class Silent extends Base {
      override on(): void {}
    }
    class Own extends Silent {
      @OnHankoEvent('user.update')
      override on(): void {}
    }
    return Promise.all(
      [Silent, Own].map(async (type) => {
        const app = await start({ providers: [type] });
        return findEventHandlers(app.get(ModulesContainer)).map(({ name, subscriptions }) => [
          name,
          subscriptions.toSorted(),
        ]);
      }),
    ).then((found) =>
      expect(found).toEqual([
        [['Silent.on', ['user.create', 'user.delete']]],
        [['Own.on', ['user.update']]],
      ]),
    );
  });

  it('of a module that is loaded later is called', async () => {
    @Injectable()
    class Late {
      @OnHankoEvent()
      on(): void {
        called.push('late');
      }
    }
    @Module({ providers: [Late] })
    class LateModule {}
    const app = await start({});
    const handlers = app.get(EventHandlers);
    await callAll(handlers);
    expect(called).toEqual([]);
    await app.get(LazyModuleLoader).load(() => LateModule);

    await callAll(handlers);
    expect(called).toEqual(['late']);
  });

  it('on a guard is a start-up error: there is one for each module', async () => {
    @Injectable()
    class ListeningGuard implements CanActivate {
      canActivate(): boolean {
        return true;
      }

      @OnHankoEvent()
      on(): void {}
    }
    @Controller()
    class GuardedController {
      @UseGuards(ListeningGuard)
      @Get()
      get(): void {}
    }

    await expect(start({ controllers: [GuardedController] })).rejects.toThrow(
      /ListeningGuard: has @OnHankoEvent\(\) and is a guard, pipe, interceptor or filter/,
    );
    const app = await start({ controllers: [GuardedController], providers: [ListeningGuard] });
    expect(findEventHandlers(app.get(ModulesContainer))).toHaveLength(1);
  });

  it('is a method of instances that is named by a string', () => {
    const KEY = Symbol('on');
    class Odd {
      static on(): void {}
      [KEY](): void {}
    }
    const decorate = (target: object, name: string | symbol) => () => {
      OnHankoEvent()(
        target,
        name,
        Object.getOwnPropertyDescriptor(target, name) as TypedPropertyDescriptor<() => void>,
      );
    };

    expect(decorate(Odd, 'on')).toThrow('Odd.on: has @OnHankoEvent() on a static member');
    expect(decorate(Odd.prototype, KEY)).toThrow('Odd.Symbol(on): has @OnHankoEvent() on a method');
  });
});
