import { connect } from 'node:http2';
import { All, Controller, UseGuards } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoModule,
  HankoUser,
  OptionalAuth,
  Public,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import {
  bearer,
  cookie,
  type HeaderFields,
  PLATFORMS,
  type RunningApp,
  startApp,
} from '../../support/app.js';
import { CapturedLog } from '../../support/log.js';

@Controller()
class NotesController {
  @UseGuards(HankoAuthGuard)
  @All('guard')
  guarded(): string {
    return 'in';
  }

  @All('parameter')
  byParameter(@CurrentUser() user: HankoUser): string {
    return user.id && 'in';
  }

  @OptionalAuth()
  @UseGuards(HankoAuthGuard)
  @All('optional')
  optional(@CurrentUser() user: HankoUser | null): string {
    return user === null ? 'nobody' : 'in';
  }

  @Public()
  @UseGuards(HankoAuthGuard)
  @All('public')
  open(): string {
    return 'in';
  }
}

const TRUSTED = 'https://app.example.org';

let hanko: FakeHanko;
let token: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  token = await hanko.token();
});
afterAll(() => hanko.stop());

const hankoModule = () =>
  HankoModule.forRoot({
    apiUrl: hanko.url,
    audience: 'localhost',
    trustedOrigins: [TRUSTED, 'http://localhost:4200'],
  });

const UNSAFE = ['POST', 'PUT', 'PATCH', 'DELETE'];
const CROSS_SITE = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.test' };

interface Row {
  readonly what: string;
  readonly headers: HeaderFields;
}

const fields = (...list: [string, string][]): HeaderFields => list;

/** With the cookie, on an unsafe method. */
const FOREIGN: readonly Row[] = [
  { what: 'Sec-Fetch-Site: cross-site', headers: CROSS_SITE },
  {
    what: 'Sec-Fetch-Site: cross-site without Origin',
    headers: { 'Sec-Fetch-Site': 'cross-site' },
  },
  {
    what: 'Sec-Fetch-Site: cross-site, whatever Origin says',
    headers: {
      'Sec-Fetch-Site': 'cross-site',
      Origin: 'https://api.example.test',
      Host: 'api.example.test',
    },
  },
  {
    what: 'a Sec-Fetch-Site of no known value',
    headers: { 'Sec-Fetch-Site': 'same-planet' },
  },
  {
    what: 'Sec-Fetch-Site twice, with different values',
    headers: fields(['Sec-Fetch-Site', 'same-origin'], ['Sec-Fetch-Site', 'cross-site']),
  },
  {
    what: 'a foreign Origin',
    headers: { Host: 'api.example.test', Origin: 'https://evil.test' },
  },
  { what: 'Origin: null', headers: { Host: 'api.example.test', Origin: 'null' } },
  { what: 'Origin: null at the host "null"', headers: { Host: 'null', Origin: 'null' } },
  {
    what: 'an Origin of another port',
    headers: { Host: 'api.example.test:8443', Origin: 'https://api.example.test' },
  },
  {
    what: 'an Origin with a port that Host has not',
    headers: { Host: 'api.example.test', Origin: 'https://api.example.test:8443' },
  },
  {
    what: "an Origin of a parent domain's other host",
    headers: { Host: 'api.example.test', Origin: 'https://app.example.test' },
  },
  {
    what: 'an Origin that only begins with the host',
    headers: { Host: 'api.example.test', Origin: 'https://api.example.test.evil.test' },
  },
  {
    what: 'an Origin with the host as its user name',
    headers: { Host: 'api.example.test', Origin: 'https://api.example.test@evil.test' },
  },
  {
    what: 'an Origin that only begins with a trusted one',
    headers: { Origin: `${TRUSTED}.evil.test` },
  },
  { what: 'a trusted host by plain http', headers: { Origin: 'http://app.example.org' } },
  { what: 'a trusted host at another port', headers: { Origin: `${TRUSTED}:8443` } },
  {
    what: 'an extension of the browser',
    headers: { Origin: 'chrome-extension://abcdefghijklmnop' },
  },
  {
    what: 'two Origins, the first trusted',
    headers: fields(['Origin', TRUSTED], ['Origin', 'https://evil.test']),
  },
  {
    what: 'X-Forwarded-Host, which is not read',
    headers: {
      Host: 'internal',
      'X-Forwarded-Host': 'api.example.test',
      Origin: 'https://api.example.test',
    },
  },
];

const OWN: readonly Row[] = [
  { what: 'neither header, so no browser', headers: {} },
  { what: 'Sec-Fetch-Site: same-origin', headers: { 'Sec-Fetch-Site': 'same-origin' } },
  {
    what: 'Sec-Fetch-Site: same-site, with the Origin of the other host',
    headers: {
      'Sec-Fetch-Site': 'same-site',
      Host: 'api.example.test',
      Origin: 'https://app.example.test',
    },
  },
  { what: 'Sec-Fetch-Site: none', headers: { 'Sec-Fetch-Site': 'none' } },
  {
    what: 'a trusted Origin from a foreign site',
    headers: { 'Sec-Fetch-Site': 'cross-site', Origin: TRUSTED },
  },
  { what: 'a trusted Origin alone', headers: { Origin: TRUSTED } },
  { what: 'a trusted Origin with a port', headers: { Origin: 'http://localhost:4200' } },
  {
    what: 'our own Origin',
    headers: { Host: 'api.example.test', Origin: 'https://api.example.test' },
  },
  {
    what: 'our own Origin with a port',
    headers: { Host: 'api.example.test:8443', Origin: 'https://api.example.test:8443' },
  },
  {
    what: 'our own Origin, whose default port Host names',
    headers: { Host: 'api.example.test:443', Origin: 'https://api.example.test' },
  },
  {
    what: 'our own Origin, with Host in capitals',
    headers: { Host: 'API.Example.Test', Origin: 'https://api.example.test' },
  },
  {
    what: 'our own Origin, an IPv6 address',
    headers: { Host: '[::1]:3000', Origin: 'http://[::1]:3000' },
  },
];

const withCookie = (headers: HeaderFields): HeaderFields => [
  ...(Array.isArray(headers) ? (headers as [string, string][]) : Object.entries(headers)),
  ['Cookie', `hanko=${token}`],
];

describe.each(PLATFORMS)('on %s', (platform) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp(platform, { imports: [hankoModule()], controllers: [NotesController] });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it.each(FOREIGN)('refuses the cookie with $what', async ({ headers }) => {
    for (const path of ['/guard', '/parameter', '/optional']) {
      expect(await app.request('POST', path, withCookie(headers))).toBeRefused(
        'cross_site_request',
      );
    }
  });

  it.each(OWN)('accepts the cookie with $what', async ({ headers }) => {
    for (const path of ['/guard', '/parameter', '/optional']) {
      expect((await app.request('POST', path, withCookie(headers))).text).toBe('in');
    }
  });

  it.each(UNSAFE)('refuses the cookie of a foreign site on %s', async (method) => {
    expect(await app.request(method, '/guard', { ...CROSS_SITE, ...cookie(token) })).toBeRefused(
      'cross_site_request',
    );
  });

  it.each(['GET', 'HEAD', 'OPTIONS'])(
    'lets the cookie of a foreign site pass on %s',
    async (method) => {
      const answer = await app.request(method, '/guard', { ...CROSS_SITE, ...cookie(token) });

      expect(answer.status).toBe(200);
    },
  );

  it.each(FOREIGN)('leaves a bearer untouched with $what', async ({ headers }) => {
    const list = withCookie(headers) as [string, string][];
    const answer = await app.request('POST', '/guard', [...list, ...Object.entries(bearer(token))]);

    expect(answer.text).toBe('in');
  });

  it('refuses before it looks at the token', async () => {
    for (const bad of ['garbage', await hanko.expiredToken()]) {
      expect(await app.request('POST', '/optional', { ...CROSS_SITE, ...cookie(bad) })).toBeRefused(
        'cross_site_request',
      );
    }
  });

  it('asks nothing of a request without a cookie', async () => {
    expect((await app.request('POST', '/optional', CROSS_SITE)).text).toBe('nobody');
    expect(await app.request('POST', '/guard', CROSS_SITE)).toBeRefused('credentials_missing');
  });

  it('asks nothing on public routes', async () => {
    const answer = await app.request('POST', '/public', { ...CROSS_SITE, ...cookie(token) });

    expect(answer.text).toBe('in');
  });
});

it('takes :authority for the host where HTTP/2 has no Host header', async () => {
  const testing = await Test.createTestingModule({
    imports: [hankoModule()],
    controllers: [NotesController],
  })
    .setLogger(new CapturedLog())
    .compile();
  const app = testing.createNestApplication(new FastifyAdapter({ http2: true } as object));
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  const session = connect(`http://127.0.0.1:${port}`);
  const post = (origin: string): Promise<number> =>
    new Promise((resolve, reject) => {
      session
        .request({
          ':method': 'POST',
          ':path': '/guard',
          ':authority': 'api.example.test',
          origin,
          cookie: `hanko=${token}`,
          'content-length': '0',
        })
        .once('error', reject)
        .once('response', (headers) => resolve(headers[':status'] ?? 0))
        .end();
    });
  try {
    expect(await post('https://evil.test')).toBe(403);
    expect(await post(TRUSTED)).toBe(200);
    expect(await post('https://api.example.test')).toBe(200);
  } finally {
    session.destroy();
    await app.close();
  }
});
