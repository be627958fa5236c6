import type { IncomingMessage, ServerResponse } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { FakeHanko } from 'fake-hanko';
import { HankoModule, hankoMiddleware, HankoUser } from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import {
  bearer,
  type Platform,
  PLATFORMS,
  PlainController,
  type RunningApp,
  startApp,
} from '../../support/app.js';

// What docs/outside-handlers.md says of things that hang on the adapter.

let hanko: FakeHanko;
let userId: string;
let token: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  userId = hanko.createUser().id;
  token = await hanko.token({ user: userId });
});
afterAll(() => hanko.stop());

const start = (
  platform: Platform,
  configure: (app: INestApplication) => unknown,
): Promise<RunningApp> =>
  startApp(
    platform,
    {
      imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' })],
      controllers: [PlainController],
    },
    { configure },
  );

const dashboard = (_request: IncomingMessage, response: ServerResponse): void => {
  response.end('dashboard');
};

/** Ways to write a path that a router may take for `/queues`. */
const SPELLINGS = [
  '/queues',
  '/queues/',
  '/queues?a=b',
  '/queues#x',
  '//queues',
  '/queues//',
  '/QUEUES',
  '/Queues/jobs',
  '/%71ueues',
  '/%71ueues/jobs',
  '/queue%73',
  '/queues%2Fjobs',
  '/queues%2f',
  '/queues;a=b',
  '/./queues',
  '/x/../queues',
  '/queues/../queues',
  '/queues%00',
  '/queues%20',
  '\\queues',
];

/** Those that let somebody in who is nobody. */
async function openSpellings(app: RunningApp): Promise<string[]> {
  const answers = await Promise.all(
    SPELLINGS.map(async (path) => ({ path, text: (await app.get(path)).text })),
  );
  return answers.filter(({ text }) => text.includes('dashboard')).map(({ path }) => path);
}

describe('mounted on Express in one call', () => {
  it('is closed however its path is written', async () => {
    await using app = await start('Express', (nest) => {
      nest.use('/queues', hankoMiddleware(nest), dashboard);
    });

    expect(await openSpellings(app)).toEqual([]);
    expect((await app.get('/Queues/jobs', bearer(token))).text).toBe('dashboard');
    expect(await app.get('/Queues/jobs')).toBeRefused('credentials_missing');
    expect((await app.get('/plain')).text).toBe('plain');
  });
});

interface Fastify {
  register(plugin: (scope: Fastify) => Promise<void>): Promise<void>;
  addHook(name: string, hook: unknown): void;
  get(path: string, handler: (request: { user?: unknown }) => Promise<unknown>): void;
}

const instanceOf = (app: INestApplication): Fastify =>
  app.getHttpAdapter().getInstance() as Fastify;

const route = async ({ user }: { user?: unknown }): Promise<unknown> => ({
  dashboard: user instanceof HankoUser ? user.id : 'for nobody',
});

describe.each(['onRequest', 'preHandler'])('as %s hook of a scope of Fastify', (hook) => {
  const startScope = () =>
    start('Fastify', (app) =>
      instanceOf(app).register(async (scope) => {
        scope.addHook(hook, hankoMiddleware(app));
        scope.get('/queues', route);
        scope.get('/queues/*', route);
      }),
    );

  it('closes its routes, however the path is written, and no other', async () => {
    await using app = await startScope();

    expect(await openSpellings(app)).toEqual([]);
    for (const path of ['/queues', '/queues/jobs', '/%71ueues']) {
      expect(await app.get(path)).toBeRefused('credentials_missing');
      expect((await app.get(path, bearer(token))).body).toEqual({ dashboard: userId });
    }
    expect(await app.get('/queues', bearer('garbage'))).toBeRefused('token_malformed');
    expect((await app.get('/plain')).text).toBe('plain');
  });
});

describe('app.use() before routes of Fastify', () => {
  it('closes them, however the path is written', async () => {
    await using app = await start('Fastify', (nest) => {
      nest.use('/queues', hankoMiddleware(nest));
      instanceOf(nest).get('/queues', route);
      instanceOf(nest).get('/queues/*', route);
    });

    expect(await openSpellings(app)).toEqual([]);
    expect((await app.get('/queues/jobs', bearer(token))).status).toBe(200);
  });
});

describe.each(PLATFORMS)('the document of OpenAPI on %s', (platform) => {
  it('is closed at each of its paths', async () => {
    await using app = await start(platform, (nest) => {
      for (const path of ['/api', '/api-json', '/api-yaml']) nest.use(path, hankoMiddleware(nest));
      const document = SwaggerModule.createDocument(nest, new DocumentBuilder().build());
      SwaggerModule.setup('api', nest, document, { ui: false });
    });

    for (const path of ['/api-json', '/api-yaml']) {
      expect(await app.get(path)).toBeRefused('credentials_missing');
      expect((await app.get(path, bearer(token))).text).toContain('/plain');
    }
    expect((await app.get('/plain')).text).toBe('plain');
  });
});
