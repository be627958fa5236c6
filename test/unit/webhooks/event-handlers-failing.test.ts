import { Injectable } from '@nestjs/common';
import { OnHankoEvent } from 'nestjs-hanko/webhooks';
import { beforeEach, describe, expect, it } from 'vitest';
import type { EventHandlers } from '../../../lib/webhooks/event-handlers.js';
import { callAll, event, type Parts, startHandlers } from '../../support/event-handlers.js';
import { gate, settled } from '../../support/revocation.js';

const OTP = '493817';

/** Which methods were called, by which event. */
const called: string[] = [];
const log: string[] = [];

beforeEach(() => {
  called.length = 0;
  log.length = 0;
});

const start = (parts: Parts): Promise<EventHandlers> => startHandlers(parts, log);

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
    const call = callAll(handlers, event('user.create'));
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

    expect(await callAll(handlers, event('user.create'))).toBe(false);
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

      expect(await callAll(await start({ providers: [Returning] }), event('user.create'))).toBe(
        true,
      );
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
    expect(await callAll(handlers, event('email.send', { otp_code: OTP }))).toBe(false);
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
      'error Mailer.send failed for email.send: TypeError, whose message is omitted',
    );
    expect(frames[0]).toMatch(/^ +at deepInTheApp \(.*event-handlers-failing\.test\.ts:\d+:\d+\)$/);
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
