import fastifyCookie from '@fastify/cookie';
import { Controller, Get, type INestApplication, Post, Req, UseGuards } from '@nestjs/common';
import cookieParser from 'cookie-parser';
import { FakeHanko } from 'fake-hanko';
import { CurrentUser, HankoAuthGuard, HankoModule, OptionalAuth } from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import {
  bearer,
  cookie,
  type HeaderFields,
  type Platform,
  PLATFORMS,
  type RunningApp,
  startApp,
} from '../../support/app.js';

interface NodeRequest {
  method: string;
  headers: Record<string, string | string[] | undefined>;
  [property: string]: unknown;
}

@Controller()
@UseGuards(HankoAuthGuard)
class WhoController {
  @Get('who')
  who(@CurrentUser('id') id: string): string {
    return id;
  }

  @Post('who')
  postWho(@CurrentUser('id') id: string): string {
    return id;
  }

  @OptionalAuth()
  @Get('maybe')
  maybe(@CurrentUser('id') id: string | null): string {
    return id ?? 'nobody';
  }

  @Get('request-user')
  requestUser(@Req() request: { user?: { id?: string } }): string {
    return request.user?.id ?? 'none';
  }
}

let hanko: FakeHanko;
let ada: { id: string; token: string };
let bob: { id: string; token: string };

beforeAll(async () => {
  hanko = await FakeHanko.start();
  const [adaId, bobId] = [hanko.createUser().id, hanko.createUser().id];
  ada = { id: adaId, token: await hanko.token({ user: adaId }) };
  bob = { id: bobId, token: await hanko.token({ user: bobId }) };
});
afterAll(() => hanko.stop());

/** An app whose first middleware changes Node's request, on both platforms. */
const startWith = (
  platform: Platform,
  change: (request: NodeRequest) => void,
  configure: (app: INestApplication) => unknown = () => undefined,
): Promise<RunningApp> =>
  startApp(
    platform,
    {
      imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' })],
      controllers: [WhoController],
    },
    {
      configure: async (app) => {
        await configure(app);
        app.use((request: NodeRequest, _response: unknown, next: () => void) => {
          change(request);
          next();
        });
      },
    },
  );

describe.each(PLATFORMS)('on %s, what middleware did to the header fields counts:', (platform) => {
  it.each<{ what: string; change: (request: NodeRequest) => void; sent: () => HeaderFields }>([
    {
      what: 'a bearer that it swapped',
      change: ({ headers }) => (headers.authorization = `Bearer ${bob.token}`),
      sent: () => bearer(ada.token),
    },
    {
      what: 'an opaque token that it swapped for a session token',
      change: ({ headers }) => (headers.authorization = `bearer ${bob.token}`),
      sent: () => bearer('opaque'),
    },
    {
      what: 'a bearer that it swapped although two were sent',
      change: ({ headers }) => (headers.authorization = `Bearer ${bob.token}`),
      sent: () => [
        ['Authorization', `Bearer ${ada.token}`],
        ['Authorization', 'Bearer other'],
      ],
    },
    {
      what: 'a cookie that it decrypted',
      change: ({ headers }) => (headers.cookie = `hanko=${bob.token}`),
      sent: () => cookie('encrypted'),
    },
    {
      what: 'cookies of which it left one',
      change: ({ headers }) => (headers.cookie = `hanko=${bob.token}`),
      sent: () => [
        ['Cookie', `hanko=${ada.token}`],
        ['Cookie', `hanko=${bob.token}`],
      ],
    },
    {
      what: 'a bearer that it put there',
      change: ({ headers }) => (headers.authorization = `Bearer ${bob.token}`),
      sent: () => ({}),
    },
    {
      what: 'a list that it put there',
      change: ({ headers }) => (headers.authorization = [`Bearer ${bob.token}`]),
      sent: () => bearer(ada.token),
    },
    {
      what: 'a bearer that it removed beside a cookie',
      change: ({ headers }) => delete headers.authorization,
      sent: () => ({ ...bearer(ada.token), ...cookie(bob.token) }),
    },
    {
      what: 'a bearer that it set to undefined beside a cookie',
      change: ({ headers }) => (headers.authorization = undefined),
      sent: () => ({ ...bearer(ada.token), ...cookie(bob.token) }),
    },
  ])('$what', async ({ change, sent }) => {
    await using app = await startWith(platform, change);

    expect((await app.get('/who', sent())).text).toBe(bob.id);
  });

  it.each(['authorization', 'cookie'])('a removed %s lets nobody in', async (name) => {
    await using app = await startWith(platform, ({ headers }) => delete headers[name]);
    const sent = name === 'cookie' ? cookie(ada.token) : bearer(ada.token);

    expect(await app.get('/who', sent)).toBeRefused('credentials_missing');
    expect((await app.get('/maybe', sent)).text).toBe('nobody');
    // Nor with a header field that makes other code look at the wire.
    const upgrade = { ...sent, Upgrade: 'websocket', Connection: 'upgrade' };
    expect(await app.get('/who', upgrade)).toBeRefused('credentials_missing');
  });

  it('a removed cookie lets nobody in by what a parser made of it before', async () => {
    await using app = await startWith(
      platform,
      ({ headers }) => delete headers.cookie,
      (nest) =>
        platform === 'Express'
          ? nest.use(cookieParser())
          : (nest as unknown as { register(plugin: unknown): unknown }).register(fastifyCookie),
    );

    for (const value of [ada.token, `"${ada.token}"`, `%65${ada.token.slice(1)}`]) {
      expect(await app.get('/who', cookie(value))).toBeRefused('credentials_missing');
      expect((await app.get('/maybe', cookie(value))).text).toBe('nobody');
    }
  });

  it('an untouched second bearer is still seen', async () => {
    await using app = await startWith(platform, () => undefined);

    expect(
      await app.get('/who', [
        ['Authorization', `Bearer ${ada.token}`],
        ['Authorization', `Bearer ${bob.token}`],
      ]),
    ).toBeRefused('credentials_ambiguous');
  });

  it('the host that it set of a trusted proxy is our own', async () => {
    await using app = await startWith(platform, ({ headers }) => {
      headers.host = 'api.example.test';
    });
    const post = (origin: string) =>
      app.request('POST', '/who', { ...cookie(ada.token), Origin: origin, Host: 'internal:3000' });

    expect((await post('https://api.example.test')).text).toBe(ada.id);
    expect(await post('http://internal:3000')).toBeRefused('cross_site_request');
  });
});

describe.each(PLATFORMS)('on %s, foreign properties of a request', (platform) => {
  const shared = { headers: { authorization: 'Bearer x' }, shared: true };

  it.each<{ what: string; raw: () => unknown }>([
    { what: 'an object that requests share', raw: () => shared },
    { what: 'a text', raw: () => 'raw body' },
    { what: 'bytes', raw: () => Buffer.from('raw body') },
    { what: 'null', raw: () => null },
    { what: 'a frozen object', raw: () => Object.freeze({}) },
  ])('`raw` makes nobody another user: $what', async ({ raw }) => {
    await using app = await startWith(platform, (request) => {
      request.raw = raw();
    });

    expect((await app.get('/who', bearer(ada.token))).text).toBe(ada.id);
    expect((await app.get('/who', bearer(bob.token))).text).toBe(bob.id);
    expect(await app.get('/who')).toBeRefused('credentials_missing');
  });

  it.each<{ what: string; change: (request: NodeRequest) => void }>([
    {
      what: 'a getter alone',
      change: (request) => Object.defineProperty(request, 'user', { get: () => undefined }),
    },
    {
      what: 'a getter that throws',
      change: (request) =>
        Object.defineProperty(request, 'user', {
          get: () => {
            throw new Error('deprecated');
          },
        }),
    },
    {
      what: 'read only',
      change: (request) => Object.defineProperty(request, 'user', { value: 'guest' }),
    },
  ])('`user` that cannot be written does no harm: $what', async ({ change }) => {
    const onFastify = (app: INestApplication): void => {
      if (platform !== 'Fastify') return;
      const fastify = app.getHttpAdapter().getInstance() as {
        addHook(name: string, hook: (request: NodeRequest) => Promise<void>): void;
      };
      fastify.addHook('onRequest', async (request) => change(request));
    };
    await using app = await startWith(
      platform,
      (request) => {
        if (platform === 'Express') change(request);
      },
      onFastify,
    );

    expect((await app.get('/who', bearer(ada.token))).text).toBe(ada.id);
    expect(await app.get('/who', bearer('garbage'))).toBeRefused('token_malformed');
  });
});
