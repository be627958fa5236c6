import { Injectable, Module, SetMetadata } from '@nestjs/common';
import { APP_GUARD, ExternalContextCreator } from '@nestjs/core';
import {
  CurrentUser,
  HankoAuthGuard,
  type HankoCall,
  HankoModule,
  type HankoTransport,
  type HankoUser,
  Public,
  RequireAuth,
  SessionToken,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningApp, startApp } from '../../support/app.js';

/** What a bot's library hands to a handler. */
interface Update {
  readonly from?: { readonly id: number };
  readonly text?: unknown;
}

/** Session tokens of those who have linked their account; the app's own store. */
const linked = new Map<number, string>();
/** What a transport that breaks its contract does. */
let misbehaviour: (() => unknown) | undefined;

/** As docs/transports.md has it. */
const telegraf: HankoTransport = {
  type: 'telegraf',
  open(context): HankoCall | undefined {
    if (misbehaviour !== undefined) return misbehaviour() as HankoCall;
    const update = context.getArgByIndex<Update>(0);
    return {
      params: { token: update.from && linked.get(update.from.id) },
      identity: update,
      refusal: (error) => new Error(`Please sign in first (${error.code})`),
    };
  },
};

@Injectable()
class BotUpdate {
  start(): string {
    return 'Welcome';
  }

  notes(user: HankoUser, token: string): unknown {
    return { id: user.id, isToken: token === linked.get(1) };
  }

  transfer(): string {
    return 'done';
  }
}
const bot = BotUpdate.prototype as unknown as Readonly<
  Record<'start' | 'notes' | 'transfer', object>
>;
const mark = (decorator: MethodDecorator, method: keyof typeof bot): void =>
  void decorator(bot, method, { value: bot[method] });
for (const method of ['start', 'notes', 'transfer'] as const) {
  mark(SetMetadata('telegraf:listener', method), method);
}
mark(Public(), 'start');
mark(RequireAuth({ mfa: true }), 'transfer');
CurrentUser()(bot, 'notes', 0);
SessionToken()(bot, 'notes', 1);

describe('a bot, whose updates arrive by a transport of the app', () => {
  let hanko: FakeHanko;
  let app: RunningApp;
  let userId: string;
  let token: string;

  beforeAll(async () => {
    hanko = await FakeHanko.start();
    userId = hanko.createUser().id;
    token = await hanko.token({ user: userId });
    @Module({ providers: [BotUpdate] })
    class BotModule {}
    app = await startApp('Express', {
      imports: [
        HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', transports: [telegraf] }),
        BotModule,
      ],
      providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
    });
  });
  beforeEach(() => {
    linked.clear();
    linked.set(1, token);
    misbehaviour = undefined;
  });
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await hanko.stop();
  });

  /** As nestjs-telegraf binds its listeners. */
  const update = async (method: 'start' | 'notes' | 'transfer', arg: Update): Promise<unknown> => {
    const instance = app.app.get(BotUpdate, { strict: false });
    const listener = app.app
      .get(ExternalContextCreator)
      .create(
        instance,
        instance[method] as (...args: unknown[]) => unknown,
        method,
        '__routeArguments__',
        { exchangeKeyForValue: () => undefined },
        undefined,
        undefined,
        { guards: true, filters: false, interceptors: false },
        'telegraf',
      ) as (...args: unknown[]) => Promise<unknown>;
    return await listener(arg, () => undefined);
  };

  it('knows who writes', async () => {
    expect(await update('notes', { from: { id: 1 } })).toEqual({ id: userId, isToken: true });
  });

  it.each([{ from: { id: 2 } }, {}, { from: { id: 2 }, text: { token: 'x' } }])(
    'refuses strangers in its own words: %j',
    async (arg) => {
      await expect(update('notes', arg)).rejects.toThrow(
        'Please sign in first (credentials_missing)',
      );
    },
  );

  it('has what is public, and what needs more', async () => {
    expect(await update('start', {})).toBe('Welcome');
    await expect(update('transfer', { from: { id: 1 } })).rejects.toThrow(/step_up_required/);
  });

  it.each<{ what: RegExp; does: () => unknown }>([
    {
      what: /threw RangeError/,
      does: () => {
        throw new RangeError(`no ${token}`);
      },
    },
    { what: /returned a promise/, does: () => Promise.reject(new Error(token)) },
    { what: /returned a string/, does: () => token },
    { what: /returned as isHandshake/, does: () => ({ params: { token }, isHandshake: 'no' }) },
    {
      what: /threw TypeError/,
      does: () =>
        new Proxy(
          { params: { token } },
          {
            get() {
              throw new TypeError(token);
            },
          },
        ),
    },
    {
      what: /refusal\(error\) must return at once/,
      does: () => ({ refusal: () => Promise.reject(new Error(token)) }),
    },
    {
      what: /setHeaders\(headers\) must put them/,
      does: () => ({
        setHeaders: () => {
          throw new Error(token);
        },
      }),
    },
  ])(
    'is closed where its transport breaks its contract, and the log says so once: $what',
    async ({ what, does }) => {
      const before = app.log.lines.length;
      misbehaviour = does;
      for (let i = 0; i < 3; i += 1) {
        await expect(update('notes', { from: { id: 1 } })).rejects.toMatchObject({
          message: 'Internal server error',
          cause: expect.objectContaining({ code: 'configuration_invalid' }),
        });
      }
      // Public handlers do not ask it.
      expect(await update('start', {})).toBe('Welcome');
      const lines = app.log.lines.slice(before);

      expect(lines.filter(({ level }) => level === 'error').map(({ text }) => text)).toEqual([
        expect.stringMatching(what),
      ]);
      expect(lines.filter(({ text }) => text.includes(token))).toEqual([]);
    },
  );
});
