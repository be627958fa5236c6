import { randomUUID } from 'node:crypto';
import { type CanActivate, Controller, Get, Injectable, UseGuards } from '@nestjs/common';
import { HankoConfigurationError } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { type HankoEvent, OnHankoEvent } from 'nestjs-hanko/webhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { FakeClock, PLATFORMS } from '../../support/app.js';
import {
  expectDone,
  expectInvalid,
  type ReceiverApp,
  type ReceiverSetup,
  Relay,
  startReceiver,
} from '../../support/webhooks.js';
import { FlowClient } from '../../../fake-hanko/test/support/flow-client.js';

const PASSWORD = 'Correct-Horse-1';
const MINUTE = 60;

let clock: FakeClock;
let relay: Relay;
/** Tells of everything, as a server built from main does. */
let hanko: FakeHanko;

beforeAll(async () => {
  clock = new FakeClock();
  relay = await Relay.start();
  hanko = await FakeHanko.start({
    now: clock.now,
    sessionLimit: 2,
    idleTimeoutSeconds: 30 * MINUTE,
    onboarding: 'skipped',
    rateLimits: 'off',
    webhooks: [{ url: relay.url }],
  });
});
beforeEach(() => {
  // Events of one test are not those of another.
  clock.advanceSeconds(10);
});
afterEach(async () => {
  relay.target = null;
  relay.statuses.length = 0;
  await hanko.recover();
  await hanko.webhooksSettled();
});
afterAll(async () => {
  await hanko.stop();
  await relay[Symbol.asyncDispose]();
});

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = ({ options: others, ...setup }: Omit<ReceiverSetup, 'hanko'> = {}) =>
    startReceiver(platform, { hanko, options: { now: clock.now, ...others }, ...setup });

  /** Takes a good delivery once, and no bad one. */
  const expectReceiving = async (app: ReceiverApp): Promise<void> => {
    const data = { id: randomUUID() };
    const token = await hanko.webhookToken('user.create', data);

    expectDone(await app.post({ token, event: 'user.create' }));
    expectDone(await app.post({ token, event: 'user.create' }));
    expect(app.events.filter((event) => event.name === 'user.create')).toEqual([
      { name: 'user.create', data, issuedAt: new Date(Math.floor(clock.now() / 1000) * 1000) },
    ]);
    expectInvalid(await app.post({ token: `${token.slice(0, -4)}AAAA`, event: 'user.create' }));
    expectInvalid(await app.post({ token, event: 'user.delete' }));
    expectInvalid(await app.post({}));
    expect(app.events).toHaveLength(1);
  };

  describe('@OnHankoEvent()', () => {
    it('calls providers and controllers once, with name, data and time', async () => {
      const calls: [string, unknown[]][] = [];
      @Injectable()
      class Onboarding {
        private readonly greeting = 'welcome';

        @OnHankoEvent('user.create')
        async welcome(...given: unknown[]): Promise<void> {
          await Promise.resolve();
          calls.push([this.greeting, given]);
        }
      }
      @Controller('onboarding')
      class OnboardingController {
        private readonly greeting = 'hello';

        @OnHankoEvent('user.create')
        hello(...given: unknown[]): void {
          calls.push([this.greeting, given]);
        }
      }
      await using app = await start({
        controllers: [OnboardingController],
        providers: [
          Onboarding,
          // The same instance under other names.
          { provide: 'ALIAS', useExisting: Onboarding },
          { provide: 'FACTORY', useFactory: (one: Onboarding) => one, inject: [Onboarding] },
        ],
      });
      const data = { id: randomUUID(), metadata: { public_metadata: { tier: 'gold' } } };
      expectDone(await app.deliver('user.create', data, { ageSeconds: 7 }));

      const issuedAt = new Date((Math.floor(clock.now() / 1000) - 7) * 1000);
      const event = { name: 'user.create', data, issuedAt };
      expect(calls.toSorted()).toEqual([
        ['hello', [event]],
        ['welcome', [event]],
      ]);
    });

    it('takes names and groups, on boundaries of dots, and names that nobody knows', async () => {
      const got: Record<string, string[]> = {};
      const note = (subscription: string, { name }: HankoEvent): void => {
        (got[subscription] ??= []).push(name);
      };
      @Injectable()
      class Listener {
        @OnHankoEvent()
        all(event: HankoEvent): void {
          note('all', event);
        }

        @OnHankoEvent('session.delete')
        group(event: HankoEvent<'session.delete'>): void {
          note('session.delete', event);
        }

        @OnHankoEvent('session.delete.passive.limit')
        leaf(event: HankoEvent<'session.delete.passive.limit'>): void {
          note('session.delete.passive.limit', event);
        }

        @OnHankoEvent('user.update.custom_claims')
        future(event: HankoEvent): void {
          note('user.update.custom_claims', event);
        }

        @OnHankoEvent('user.create')
        @OnHankoEvent('user.delete')
        several(event: HankoEvent): void {
          note('several', event);
        }

        @OnHankoEvent('user')
        @OnHankoEvent('user.create')
        overlapping(event: HankoEvent): void {
          note('overlapping', event);
        }
      }
      await using app = await start({ providers: [Listener] });
      const events = [
        'session.delete',
        'session.delete.passive.limit',
        'session.delete.passive',
        'session.deleted',
        'session.delete_all',
        'user.create',
        'user.delete',
        'user.created',
        'user.update.custom_claims',
        'users',
        'constructor',
        'toString',
        'brand-new thing.with spaces',
      ];
      for (const event of events) expectDone(await app.deliver(event, { id: randomUUID() }));

      expect(got).toEqual({
        all: events,
        'session.delete': [
          'session.delete',
          'session.delete.passive.limit',
          'session.delete.passive',
        ],
        'session.delete.passive.limit': ['session.delete.passive.limit'],
        'user.update.custom_claims': ['user.update.custom_claims'],
        several: ['user.create', 'user.delete'],
        // `user.created` is below `user`, and not below `user.create`.
        overlapping: ['user.create', 'user.delete', 'user.created', 'user.update.custom_claims'],
      });
    });

    it('hears of mails that the app has to send', async () => {
      const address = `mail-${platform.toLowerCase()}@example.test`;
      const mails: HankoEvent<'email.send'>[] = [];
      @Injectable()
      class Mailer {
        @OnHankoEvent('email.send')
        send(event: HankoEvent<'email.send'>): void {
          mails.push(event);
        }
      }
      await using app = await start({ providers: [Mailer] });
      hanko.createUser({ email: address, password: PASSWORD });
      relay.target = app.hook;
      const client = new FlowClient(hanko.url);
      await client.start('login');
      await client.act('continue_with_login_identifier', { email: address });
      await client.act('continue_to_passcode_confirmation');
      await hanko.webhooksSettled();

      expect(mails.map(({ data }) => [data.to_email_address, data.data.otp_code])).toEqual([
        [address, hanko.passcode(address)],
      ]);
    });

    it.each(['', ' ', 'user.', '.user', 'user.*', 'user create', 'user/create', '*'])(
      'does not take what is no name: %j',
      (name) => {
        expect(() => OnHankoEvent(name)).toThrow(HankoConfigurationError);
      },
    );

    it('is inherited, also by a method that overrides it without a decorator of its own', async () => {
      const calls: string[] = [];
      class Base {
        @OnHankoEvent('user.create')
        kept(): void {
          calls.push(`${this.constructor.name}.kept`);
        }

        @OnHankoEvent('user.create')
        overridden(): void {
          calls.push(`${this.constructor.name}.overridden`);
        }
      }
      @Injectable()
      class Derived extends Base {
        override overridden(): void {
          calls.push('Derived.overridden');
        }
      }
      await using app = await start({ providers: [Derived] });
      expectDone(await app.deliver('user.create', {}));

      expect(calls.toSorted()).toEqual(['Derived.kept', 'Derived.overridden']);
    });

    it('works next to providers that are no instances of a class', async () => {
      await using app = await start({
        providers: [
          { provide: 'NULL', useValue: null },
          { provide: 'TEXT', useValue: 'text' },
          { provide: 'BARE', useValue: Object.create(null) as object },
          { provide: 'FUNCTION', useValue: () => 'x' },
          { provide: 'NOTHING', useFactory: () => undefined },
          { provide: 'ENDED', useValue: Object.freeze({ constructor: 'no function' }) },
        ],
      });

      await expectReceiving(app);
    });

    it('runs no guards, pipes or interceptors of the class', async () => {
      let called = 0;
      let guarded = 0;
      @Injectable()
      class DenyingGuard implements CanActivate {
        canActivate(): boolean {
          guarded += 1;
          return false;
        }
      }
      @UseGuards(DenyingGuard)
      @Controller('guarded')
      class GuardedController {
        @Get()
        closed(): string {
          return 'in';
        }

        @UseGuards(DenyingGuard)
        @OnHankoEvent('user.create')
        onCreate(): void {
          called += 1;
        }
      }
      await using app = await start({ controllers: [GuardedController] });
      expectDone(await app.deliver('user.create', {}));

      expect([called, guarded]).toEqual([1, 0]);
      expect((await app.get('/guarded')).status).toBe(403);
    });
  });
});
