import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { Injectable, type Provider } from '@nestjs/common';
import { HANKO_CHANNELS } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { type HankoEvent, OnHankoEvent } from 'nestjs-hanko/webhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebhookReceiver } from '../../../lib/webhooks/webhook-receiver.js';
import '../../support/to-be-refused.js';
import { bearer, cookie, FakeClock, PLATFORMS, recordChannel } from '../../support/app.js';
import {
  expectDone,
  expectFailed,
  type ReceiverApp,
  type ReceiverSetup,
  startReceiver,
} from '../../support/webhooks.js';

let clock: FakeClock;
let hanko: FakeHanko;

beforeAll(async () => {
  clock = new FakeClock();
  hanko = await FakeHanko.start({ now: clock.now });
});
afterAll(() => hanko.stop());

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

type Claims = Readonly<Record<string, unknown>>;

/** What Hanko would sign, with changes; a member that is undefined is left out. */
const claims = (changes: Claims = {}): Claims => {
  const iat = Math.floor(clock.now() / 1000);
  return {
    aud: ['localhost'],
    data: { id: randomUUID() },
    evt: 'user.create',
    exp: iat + 300,
    iat,
    sub: 'hanko webhooks',
    ...changes,
  };
};

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = ({ options: others, ...setup }: Omit<ReceiverSetup, 'hanko'> = {}) =>
    startReceiver(platform, { hanko, options: { now: clock.now, ...others }, ...setup });

  /** Nothing but our own code looks at bodies. */
  const startBare = (setup: Omit<ReceiverSetup, 'hanko'> = {}) =>
    start({ ...setup, application: { bodyParser: false } });

  const post = (app: ReceiverApp, token: string, event = 'user.create') =>
    app.post({ token, event });

  /** It takes the next good delivery. */
  const expectWell = async (app: ReceiverApp): Promise<void> => {
    const before = app.events.length;
    expectDone(await app.deliver('user.create', { id: randomUUID() }));
    expect(app.events).toHaveLength(before + 1);
  };

  it('2,000 deliveries, good, replayed and forged: each good one has one effect', async () => {
    const effects = new Map<unknown, number>();
    @Injectable()
    class Counter {
      @OnHankoEvent('user.create')
      async count({ data }: HankoEvent): Promise<void> {
        await Promise.resolve();
        const { id } = data as { id: unknown };
        effects.set(id, (effects.get(id) ?? 0) + 1);
      }
    }
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    await using app = await start({ providers: [Counter] });
    let connections = 0;
    app.app.getHttpServer().on('connection', () => {
      connections += 1;
    });
    const receiver = app.app.get(WebhookReceiver, { strict: false });
    const deliveries = Reflect.get(receiver, 'deliveries') as { readonly size: number };
    await expectWell(app);
    effects.clear();
    clock.advanceSeconds(60);
    hanko.clearRequests();

    const good = await Promise.all(
      Array.from({ length: 300 }, (_, id) => hanko.webhookToken('user.create', { id })),
    );
    const session = await hanko.token();
    const unknownKid = encode({ alg: 'RS256', kid: randomUUID(), typ: 'JWT' });
    const forge = (token: string, how: number): { token: string; event: string } => {
      const [head, payload = '', signature = ''] = token.split('.');
      const event = 'user.create';
      switch (how % 5) {
        case 0:
          return { token: `${head}.${payload}.AAAA${signature.slice(4)}`, event };
        case 1:
          return { token: `${unknownKid}.${payload}.${signature}`, event };
        case 2:
          return { token, event: 'user.delete' };
        case 3:
          return { token: session, event };
        default:
          return {
            token: `${head}.${encode(claims({ data: { id: `f${how}` } }))}.${signature}`,
            event,
          };
      }
    };
    const at = (index: number): string => good[index % good.length] ?? '';
    // Each good one three times, 1,100 forgeries; in an order that is the same each time.
    const rows = [
      ...Array.from({ length: 900 }, (_, i) => ({
        status: 200,
        body: { token: at(i), event: 'user.create' },
      })),
      ...Array.from({ length: 1_100 }, (_, i) => ({ status: 400, body: forge(at(i), i) })),
    ]
      .map((row, i) => ({ row, order: (i * 1_009) % 2_003 }))
      .toSorted((a, b) => a.order - b.order)
      .map(({ row }) => row);
    const startedAt = performance.now();
    const linesBefore = app.log.lines.length;
    const wrong: unknown[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < rows.length) {
        const { status, body } = rows[next++] as (typeof rows)[number];
        const answer = await app.post(body, { 'Content-Type': 'application/json' }, agent);
        if (answer.status !== status) wrong.push({ status, answer: answer.text });
      }
    };
    await Promise.all(Array.from({ length: 24 }, work));
    agent.destroy();
    const seconds = Math.ceil((performance.now() - startedAt) / 1000) + 1;

    expect(rows).toHaveLength(2_000);
    expect(wrong).toEqual([]);
    expect(effects.size).toBe(300);
    expect(new Set(effects.values())).toEqual(new Set([1]));
    expect(connections).toBeLessThanOrEqual(20);
    expect(hanko.countRequests('/.well-known/jwks.json')).toBeLessThanOrEqual(1);
    // Ten a second, and one that says how many were left out.
    expect(app.log.lines.length - linesBefore).toBeLessThanOrEqual(11 * seconds);
    // What was forged takes no room, and what is old goes.
    expect(deliveries.size).toBe(301);
    clock.advanceSeconds(961);
    await expectWell(app);
    clock.advanceSeconds(961);
    await expectWell(app);
    expect(deliveries.size).toBe(1);
  });

  describe('nothing of a delivery is told to anybody', () => {
    const OTP = '483920';
    const ADDRESS = 'ada.private@example.test';
    const PRIVATE = 'a-private-flag';
    const mail = {
      subject: `Use passcode ${OTP}`,
      body_plain: `Your passcode\n    at ${OTP}\n`,
      to_email_address: ADDRESS,
      language: 'en',
      delivered_by_hanko: false,
      type: 'login',
      data: { service_name: 'App', otp_code: OTP, ttl: 300 },
    };
    const user = {
      id: randomUUID(),
      emails: [{ address: ADDRESS }],
      metadata: { private_metadata: { flag: PRIVATE } },
    };

    /** Delivers it all in good, bad and failing ways, and reads whatever comes of it. */
    const everythingTold = async (
      providers: readonly Provider[],
      setup: Omit<ReceiverSetup, 'hanko' | 'providers'> = {},
    ): Promise<{ readonly text: string; readonly tokens: readonly string[] }> => {
      using webhooks = recordChannel(HANKO_CHANNELS.webhook);
      using authentications = recordChannel(HANKO_CHANNELS.authentication);
      await using app = await startBare({ ...setup, providers });
      const tokens: string[] = [];
      const answers = [];
      for (const [event, data] of [
        ['email.send', mail],
        ['user.update', user],
        ['user.delete', user],
      ] as const) {
        const token = await hanko.webhookToken(event, data);
        tokens.push(token);
        answers.push(
          await post(app, token, event),
          await post(app, token, event),
          await post(app, token, `${event}.${OTP}`),
          await post(app, `${token}${OTP}`, event),
          await post(app, `${token.slice(0, -8)}AAAAAAAA`, event),
          await app.post({ token, event: { OTP } }),
          await app.post(`${OTP} ${ADDRESS} ${PRIVATE} ${token}`),
          await app.get('/closed', bearer(token)),
          await app.get('/optional', cookie(token)),
        );
        const late = await hanko.webhookToken(event, data, { ageSeconds: 400 });
        tokens.push(late);
        answers.push(await post(app, late, event));
      }
      const told = [
        ...app.log.lines.map(({ text }) => text),
        ...[...webhooks.messages, ...authentications.messages].map((one) => JSON.stringify(one)),
        ...answers.map(({ text, headers }) => text + JSON.stringify(headers)),
      ];
      expect(webhooks.messages.length).toBeGreaterThan(10);
      return { text: told.join('\n'), tokens };
    };

    const expectSecret = ({ text, tokens }: Awaited<ReturnType<typeof everythingTold>>): void => {
      const parts = tokens.flatMap((token) => token.split('.').slice(1));
      const secrets = [OTP, ADDRESS, PRIVATE, user.id, ...parts.map((part) => part.slice(0, 40))];

      expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
      expect(text).not.toMatch(/eyJ[\w-]+\./);
    };

    const throwing = (fail: (event: HankoEvent) => unknown): Provider => {
      @Injectable()
      class Indiscreet {
        @OnHankoEvent()
        fail(event: HankoEvent): unknown {
          return fail(event);
        }
      }
      return Indiscreet;
    };

    it.each(['afterHandlers', 'beforeHandlers'] as const)(
      'by us, who respond %s',
      async (respond) => {
        expectSecret(await everythingTold([], { webhooks: { respond } }));
      },
    );

    class PayloadError extends Error {
      override readonly name = 'PayloadError';

      constructor(readonly payload: unknown) {
        super(JSON.stringify(payload));
      }
    }

    it.each<[string, (event: HankoEvent) => unknown]>([
      ['whose message repeats it', (event) => new Error(JSON.stringify(event))],
      [
        'whose message repeats it on many lines',
        (event) => new Error(JSON.stringify(event, null, 4)),
      ],
      ['of a class that keeps it', (event) => new PayloadError(event.data)],
      [
        'whose cause repeats it',
        (event) => new Error('no', { cause: new Error(JSON.stringify(event)) }),
      ],
      [
        'that gathers errors which repeat it',
        (event) => new AggregateError([new Error(JSON.stringify(event))], JSON.stringify(event)),
      ],
      [
        'whose name repeats it',
        (event) => Object.assign(new Error('no'), { name: JSON.stringify(event) }),
      ],
      ['that is the event itself', (event) => event],
      ['that is the text', (event) => JSON.stringify(event)],
      [
        'whose stack is nothing but the event',
        (event) => Object.assign(new Error('no'), { stack: JSON.stringify(event, null, 2) }),
      ],
    ])('by an error of a handler %s', async (_what, error) => {
      const rejecting = throwing((event) => Promise.reject(error(event)));
      const throwingOne = throwing((event) => {
        throw error(event);
      });
      expectSecret(await everythingTold([rejecting]));
      expectSecret(
        await everythingTold([throwingOne], { webhooks: { respond: 'beforeHandlers' } }),
      );
    });

    it('by an error of a handler whose message has lines like those of a stack', async () => {
      expectSecret(
        await everythingTold([
          throwing((event) => {
            const { body_plain: text = '' } = event.data as Partial<typeof mail>;
            throw new Error(`cannot send: ${text}`);
          }),
        ]),
      );
    });

    it('by a handler that hangs', async () => {
      expectSecret(
        await everythingTold([throwing(() => new Promise(() => undefined))], {
          webhooks: { handlerTimeoutMs: 1 },
        }),
      );
    });

    it('but where a handler failed: class, method, event and stack', async () => {
      await using app = await start({
        providers: [
          throwing(() => {
            throw new RangeError('a message');
          }),
        ],
      });
      expectFailed(await app.deliver('email.send', mail));

      const [line = ''] = app.log.messages('error', 'HankoWebhooks');
      expect(line).toMatch(/^Indiscreet\.fail failed for email\.send: RangeError/);
      expect(line).toContain('hostile-floods.test.ts');
      expect(line).not.toContain('a message');
    });
  });
});
