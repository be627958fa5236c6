import type { NestExpressApplication } from '@nestjs/platform-express';
import { json, type NextFunction, type Request, type Response } from 'express';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  expectDone,
  type ReceiverApp,
  type ReceiverSetup,
  startReceiver,
} from '../../support/webhooks.js';

let hanko: FakeHanko;
beforeAll(async () => {
  hanko = await FakeHanko.start();
});
afterAll(() => hanko.stop());

const start = (platform: 'Express' | 'Fastify', setup: Partial<ReceiverSetup> = {}) =>
  startReceiver(platform, { hanko, ...setup });

const warnings = (app: ReceiverApp): string[] => app.log.messages('warn', 'HankoWebhooks');

/** More than the default limit of Express, less than ours. */
const large = { text: 'x'.repeat(120_000) };

describe('a body parser in front, on Express', () => {
  it('that refuses what the receiver takes is told of when the app starts, once, with the cure', async () => {
    await using app = await start('Express');

    expect((await app.deliver('user.create', large)).status).toBe(413);
    expectDone(await app.deliver('user.create', {}));
    expect(warnings(app)).toEqual([
      expect.stringMatching(/answers 413 .* app\.useBodyParser\('json', \{ limit: 262144 \}\)/),
    ]);
  });

  it.each<[string, Partial<ReceiverSetup>]>([
    [
      'with the limit that the warning names',
      {
        configure: (nest) =>
          (nest as NestExpressApplication).useBodyParser('json', { limit: 262_144 }),
      },
    ],
    ['switched off', { application: { bodyParser: false } }],
    [
      'of Express itself, with a larger limit',
      { application: { bodyParser: false }, configure: (nest) => nest.use(json({ limit: '1mb' })) },
    ],
  ])('%s is not told of, and large deliveries arrive', async (_, setup) => {
    await using app = await start('Express', setup);

    expectDone(await app.deliver('user.create', large));
    expect(warnings(app)).toEqual([]);
  });

  it('is not told of where the receiver takes no more than it does', async () => {
    await using app = await start('Express', { webhooks: { maxBodyBytes: 102_400 } });

    expect(warnings(app)).toEqual([]);
  });

  it('that nobody knows is told of at the first delivery that it has read, once', async () => {
    const parse = json({ limit: '1mb' });
    const own = (request: Request, response: Response, next: NextFunction): void =>
      parse(request, response, next);
    await using app = await start('Express', {
      application: { bodyParser: false },
      configure: (nest) => nest.use(own),
    });
    expect(warnings(app)).toEqual([]);
    for (let n = 0; n < 2; n += 1) expectDone(await app.deliver('user.create', { n }));

    expect(warnings(app)).toEqual([
      expect.stringContaining('A body parser reads webhooks before HankoWebhooksModule does'),
    ]);
  });
});

describe('the body parser of Fastify', () => {
  it('comes after the receiver: its bodyLimit does not count', async () => {
    await using app = await start('Fastify', { bodyLimit: 1_000 });

    expectDone(await app.deliver('user.create', large));
    expect(warnings(app)).toEqual([]);
  });
});
