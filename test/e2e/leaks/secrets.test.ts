import { inspect } from 'node:util';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type ArgumentsHost,
  Catch,
  Controller,
  Delete,
  Get,
  Injectable,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter } from '@nestjs/core';
import {
  bearerTokenExtractor,
  cookieTokenExtractor,
  CurrentUser,
  HANKO_CHANNELS,
  HankoAuthGuard,
  HankoConfigurationError,
  HankoModule,
  type HankoModuleOptions,
  HankoRevocation,
  OptionalAuth,
  RequireAuth,
  type RequireAuthOptions,
} from 'nestjs-hanko';
import { HankoWebhooksModule, OnHankoEvent } from 'nestjs-hanko/webhooks';
import { FakeHanko } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  bearer,
  type HeaderFields,
  PLATFORMS,
  type Platform,
  recordChannel,
  type RunningApp,
  send,
  startApp,
} from '../../support/app.js';
import { CapturedLog } from '../../support/log.js';

/** Short, so that no rule for long texts hides it, and nowhere else. */
const SECRET = 'hunter2Zq';

/** As it stands, and as any encoding of header fields, bodies and tokens has it. */
const FORMS = [
  SECRET,
  Buffer.from(SECRET).toString('base64url'),
  Buffer.from(` ${SECRET}`).toString('base64url').slice(2),
  Buffer.from(`  ${SECRET}`).toString('base64url').slice(3),
  SECRET.toUpperCase(),
  SECRET.toLowerCase(),
];

/** What errors of the app looked like from outside. */
let thrown: unknown[] = [];

@Catch()
class RecordingFilter extends BaseExceptionFilter {
  override catch(error: unknown, host: ArgumentsHost): void {
    thrown.push(error);
    // oxlint-disable-next-line promise/no-promise-in-callback, promise/valid-params -- no promise
    super.catch(error, host);
  }
}

/** Claims of this file alone. */
const Demand = (options: unknown): ClassDecorator & MethodDecorator =>
  RequireAuth(options as RequireAuthOptions);

@UseGuards(HankoAuthGuard)
@Controller()
class RoutesController {
  @Get('plain')
  plain(@CurrentUser('id') id: string): string {
    return id;
  }

  @Delete('plain')
  remove(): string {
    return 'removed';
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser('id') id: string | null): string {
    return id ?? 'nobody';
  }

  @RequireAuth({ session: 'online' })
  @Get('online')
  online(@CurrentUser('id') id: string): string {
    return id;
  }

  @Demand({
    claims: {
      plan: (): boolean => {
        throw new Error(SECRET);
      },
    },
  })
  @Get('function')
  function(): string {
    return 'never';
  }

  @Demand({ claims: { plan: ['pro'] }, mfa: true, maxAgeSeconds: 1, verifiedEmail: true })
  @Get('demands')
  demands(): string {
    return 'never';
  }
}

@Injectable()
class FailingHandler {
  @OnHankoEvent()
  async fail(): Promise<void> {
    await Promise.resolve();
    throw Object.assign(new Error(SECRET, { cause: SECRET }), { detail: SECRET });
  }
}

let hanko: FakeHanko;
const channels = Object.values(HANKO_CHANNELS).map(recordChannel);
beforeAll(async () => {
  hanko = await FakeHanko.start();
});
afterEach(() => {
  thrown = [];
  for (const { messages } of channels) messages.length = 0;
});
afterAll(async () => {
  for (const channel of channels) channel[Symbol.dispose]();
  await hanko.stop();
});

const start = (
  platform: Platform,
  options: HankoModuleOptions = {},
  log = new CapturedLog(),
): Promise<RunningApp> =>
  startApp(
    platform,
    {
      imports: [
        HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', ...options }),
        HankoWebhooksModule.forRoot({ path: 'hooks' }),
      ],
      controllers: [RoutesController],
      providers: [FailingHandler, { provide: APP_FILTER, useClass: RecordingFilter }],
    },
    { log },
  );

/** Everything that somebody may read. */
function readable(log: CapturedLog, answers: readonly unknown[] = []): string[] {
  return [
    ...log.lines.map(({ text }) => text),
    ...channels.flatMap(({ messages }) => messages.map((message) => inspect(message))),
    ...thrown.flatMap((error) => [
      inspect(error, { depth: 10, showHidden: true }),
      JSON.stringify(error) ?? '',
      String((error as Error).stack),
    ]),
    ...answers.map((answer) => inspect(answer, { depth: 10 })),
  ];
}

const leaksIn = (texts: readonly string[]): string[] =>
  texts.filter((text) => FORMS.some((form) => text.includes(form)));

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

const forged = (header: object, payload: unknown = {}): string =>
  [part({ alg: 'RS256', kid: 'a', typ: 'JWT', ...header }), part(payload), part(SECRET)].join('.');

const HEADERS: readonly HeaderFields[] = [
  ...[
    SECRET,
    `Bearer ${SECRET}`,
    `Bearer Bearer ${SECRET}`,
    `Bearer "${SECRET}"`,
    `bearer  ${SECRET} `,
    `Basic ${SECRET}`,
    `Basic ${part(`ada:${SECRET}`)}`,
    `${SECRET} abc`,
    `${SECRET}:abc`,
    `Digest username="${SECRET}"`,
    `Bearer ${SECRET}.${SECRET}.${SECRET}`,
    `Bearer ${part({ alg: SECRET })}.${part({})}.${SECRET}`,
    `Bearer ${forged({ kid: SECRET })}`,
    `Bearer ${forged({ typ: SECRET, crit: [SECRET], jku: `https://u:${SECRET}@x.test` })}`,
    `Bearer ${forged({}, SECRET)}`,
    `Bearer ${forged({}, { sub: SECRET, session_id: SECRET, exp: SECRET, iat: SECRET })}`,
    `Bearer ${'a'.repeat(9_000)}${SECRET}`,
  ].map((Authorization) => ({ Authorization })),
  [
    ['Authorization', `Bearer ${SECRET}`],
    ['Authorization', `Bearer ${SECRET}x`],
  ],
  ...[
    SECRET,
    `${SECRET}=`,
    `${SECRET}==`,
    `=${SECRET}`,
    `hanko=${SECRET}`,
    `hanko="${SECRET}"`,
    `hanko=${encodeURIComponent(`{"t":"${SECRET}"}`)}`,
    `other=${SECRET}; another="${SECRET}"`,
    Array.from({ length: 12 }, (_, n) => `hanko=${SECRET}${n}`).join('; '),
  ].map((Cookie) => ({ Cookie })),
  { 'X-Api-Key': SECRET, Referer: `https://u:${SECRET}@x.test/?token=${SECRET}` },
];

describe.each(PLATFORMS)('on %s, no log line, response, message or error holds', (platform) => {
  it('what a caller sent in Authorization, cookies, other header fields or the address', async () => {
    await using app = await start(platform);
    const answers: unknown[] = [];
    for (const headers of HEADERS) {
      for (const [method, path] of [
        ['GET', '/plain'],
        ['GET', '/optional'],
        ['GET', '/online'],
        ['DELETE', '/plain'],
      ] as const) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const { status, headers: fields, text } = await app.request(method, path, headers);
        answers.push({ status, fields, text });
      }
    }
    answers.push(await app.get(`/plain?token=${SECRET}&access_token=${SECRET}`));

    expect(app.log.messages('debug', 'HankoAuth').length).toBeGreaterThan(0);
    expect(thrown.length).toBeGreaterThan(HEADERS.length);
    expect(leaksIn(readable(app.log, answers))).toEqual([]);
  });

  it('claims of a signed token, whatever is done with them', async () => {
    const claims = {
      plan: SECRET,
      username: SECRET,
      email: { address: `${SECRET}@x.test`, is_verified: false, is_primary: true },
      amr: [SECRET],
      [SECRET]: SECRET,
    };
    const validate = [
      (): never => {
        throw Object.assign(new Error(SECRET), { value: SECRET });
      },
      () => Promise.reject(new Error(SECRET)),
      () => ({ issues: [{ message: SECRET, path: ['plan'] }] }),
      (value: unknown) => ({ value }),
    ];
    for (const check of validate) {
      const schema = { '~standard': { version: 1, vendor: 'test', validate: check } };
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await using app = await start(platform, { claimsSchema: schema as never });
      const answers: unknown[] = [];
      for (const path of ['/plain', '/function', '/demands']) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const answer = await app.get(path, bearer(await hanko.token({ claims })));
        answers.push(answer.status === 200 ? answer.status : answer);
      }
      expect(leaksIn(readable(app.log, answers))).toEqual([]);
    }
  });

  it('what the app’s own extractor, store or keys threw', async () => {
    const failing = (): never => {
      throw Object.assign(new Error(`no key '${SECRET}'`, { cause: SECRET }), { key: SECRET });
    };
    const options: HankoModuleOptions[] = [
      { extractors: [{ name: 'own', extract: () => JSON.parse(SECRET) as never }] },
      {
        extractors: [
          { name: 'own', extract: () => ({ tokens: [{ SECRET }] }) as never },
          bearerTokenExtractor(),
          cookieTokenExtractor(),
        ],
      },
      { revocation: { store: { getMany: failing, set: failing, subscribe: failing } } },
      {
        revocation: {
          store: {
            getMany: (keys) => Promise.resolve(keys.map(() => ({ until: SECRET }))),
            set: () => Promise.reject(new Error(SECRET)),
          },
        },
      },
      { jwks: { getKey: failing } },
      { fetch: () => Promise.reject(Object.assign(new Error(SECRET), { code: SECRET })) },
      {
        apiUrl: hanko.url,
        fetch: () => Promise.resolve(new Response(`{"${SECRET}"`, { headers: { a: SECRET } })),
      },
    ];
    for (const option of options) {
      const keys = 'jwks' in option ? { apiUrl: hanko.url } : {};
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await using app = await start(platform, { ...keys, ...option });
      const revocation = app.app.get(HankoRevocation);
      revocation.revoked$.subscribe(failing);
      const user = hanko.createUser().id;
      const answers = [
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await app.get('/plain', bearer(await hanko.token())),
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await revocation.revokeUser(user).catch((error: unknown) => error),
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await revocation.revoke(SECRET).catch((error: unknown) => error),
      ];

      expect(leaksIn(readable(app.log, answers))).toEqual([]);
    }
  });

  it('what is in a webhook, or what its handler threw', async () => {
    await using app = await start(platform);
    // What is not JSON is given to nobody else to parse: the parser of Express repeats it.
    const post = (body: unknown): Promise<unknown> =>
      send(
        `${app.url}/hooks`,
        { 'Content-Type': typeof body === 'string' ? 'text/plain' : 'application/json' },
        { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) },
      );
    const signed = async (event: string, data: unknown): Promise<unknown> =>
      post({ token: await hanko.webhookToken(event, data), event });
    const answers = [
      await post({ token: SECRET, event: SECRET }),
      await post({ token: forged({}, { evt: SECRET, sub: 'hanko webhooks' }), event: SECRET }),
      await post({ token: await hanko.webhookToken('user.create', {}), event: SECRET }),
      await post({ [SECRET]: SECRET }),
      await post(`{"${SECRET}`),
      await post(SECRET),
      await signed('email.send', { body_plain: SECRET, to_email_address: SECRET }),
      await signed('session.delete', { id: SECRET }),
      await signed('user.delete', { id: SECRET, [SECRET]: SECRET }),
      await signed('user.create', SECRET),
    ];

    expect(app.log.messages('error', 'HankoWebhooks').length).toBeGreaterThan(0);
    expect(leaksIn(readable(app.log, answers))).toEqual([]);
  });

  it('what Hanko, or what stands before it, replied', async () => {
    const replies: ((response: ServerResponse) => void)[] = [
      (response) => response.writeHead(302, { location: `https://u:${SECRET}@x.test` }).end(),
      (response) => response.writeHead(500, SECRET).end(SECRET),
      (response) => response.end(`<html>${SECRET}`),
      (response) => response.end(JSON.stringify({ keys: [{ kid: SECRET, kty: SECRET }] })),
      (response) => response.writeHead(200, { 'content-encoding': SECRET }).end(SECRET),
      (response) => response.socket?.end(`HTTP/1.1 ${SECRET}\r\n\r\n`),
    ];
    for (const reply of replies) {
      const server = createServer((_request, response) => reply(response));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await using app = await start(platform, { apiUrl: `http://127.0.0.1:${port}` });
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const answer = await app.get('/online', bearer(await hanko.token()));
      server.close();

      expect(answer.status).toBe(503);
      expect(leaksIn(readable(app.log, [answer]))).toEqual([]);
    }
  });
});

describe('a start-up error', () => {
  it.each<[string, unknown]>([
    ['apiUrl', `https://u:${SECRET}@x.test`],
    ['apiUrl', `https://x.test?key=${SECRET}`],
    ['apiUrl', SECRET],
    ['audience', ` "${SECRET}"`],
    ['issuer', `["${SECRET}"]`],
    ['cookieName', `a b ${SECRET}`],
    ['trustedOrigins', [`https://x.test/${SECRET}`]],
    ['extractors', [SECRET]],
    ['jwks', { keys: [{ kty: SECRET, kid: SECRET }] }],
    ['session', SECRET],
    ['session', { [SECRET]: 1 }],
    ['revocation', { store: SECRET }],
    ['claimsSchema', SECRET],
    ['onUnavailable', SECRET],
    ['clockToleranceSeconds', SECRET],
    ['signatureCache', { maxEntries: SECRET }],
  ])('for %s repeats no value: %j', async (name, value) => {
    const log = new CapturedLog();
    const error: unknown = await start('Express', { [name]: value }, log).catch(
      (reason: unknown) => reason,
    );

    expect(error).toBeInstanceOf(HankoConfigurationError);
    const isName = typeof value === 'object' && SECRET in (value as object);
    // A name that is no option has to be told.
    expect(leaksIn([inspect(error, { depth: 10, showHidden: true })])).toHaveLength(isName ? 1 : 0);
  });
});
