import { inspect } from 'node:util';
import { applyDecorators, Controller, Get, type ModuleMetadata } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  CurrentUser,
  HANKO_CHANNELS,
  HankoAuthGuard,
  type HankoModuleOptions,
  HankoModule,
  type HankoUser,
  OptionalAuth,
  Public,
  RequireAuth,
  type RequireAuthOptions,
} from 'nestjs-hanko';
import { FakeHanko, type TokenShape } from 'fake-hanko';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import {
  type Answer,
  bearer,
  cookie,
  FakeClock,
  PLATFORMS,
  recordChannel,
  type RunningApp,
  startApp,
} from '../../support/app.js';
import { expectForbidden, expectStepUp } from '../../support/unmet-answers.js';

/** Claims of these tests are declared by nobody. */
const Demand = (options: unknown): ClassDecorator & MethodDecorator =>
  RequireAuth(options as RequireAuthOptions);

const GoldOnly = () => applyDecorators(Demand({ claims: { tier: 'gold' } }));
const AdminOnly = () => applyDecorators(GoldOnly(), Demand({ mfa: true }), Get('composed'));

@Controller()
class DemandingController {
  @Demand({ mfa: true })
  @Get('mfa')
  mfa(): string {
    return 'in';
  }

  @Demand({ amr: ['passkey', 'ext:google'] })
  @Get('any')
  any(): string {
    return 'in';
  }

  @Demand({ amr: { allOf: ['ext', 'totp'] } })
  @Get('all')
  all(): string {
    return 'in';
  }

  @Demand({ maxAgeSeconds: 300 })
  @Get('age')
  age(): string {
    return 'in';
  }

  @Demand({ verifiedEmail: true })
  @Get('email')
  email(): string {
    return 'in';
  }

  @Demand({ claims: { tier: ['gold', 'silver'], 'org.roles': { includes: 'admin' } } })
  @Get('claims')
  claims(): string {
    return 'in';
  }

  @Demand({ claims: { seats: (seats: unknown, user: HankoUser) => seats === user.amr.length } })
  @Get('function')
  function(): string {
    return 'in';
  }

  @Demand({ mfa: true, maxAgeSeconds: 300, verifiedEmail: true, claims: { tier: 'gold' } })
  @Get('everything')
  everything(): string {
    return 'in';
  }

  @AdminOnly()
  composed(): string {
    return 'in';
  }

  @Demand({ mfa: true })
  @Get('parameter')
  parameter(@CurrentUser('id') id: string): string {
    return id;
  }

  @Demand({ claims: { tier: () => Promise.reject(new Error('nobody waits')) } })
  @Get('promise')
  promise(): string {
    return 'in';
  }
}

@Demand({ mfa: true, claims: { tier: 'gold' } })
@Controller('class')
class DemandingClassController {
  @Get()
  closed(): string {
    return 'in';
  }

  @Public()
  @Get('public')
  open(@CurrentUser('id') id: string | null): string {
    return id ?? 'nobody';
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser('id') id: string | null): string {
    return id ?? 'nobody';
  }

  @Demand({ mfa: null, claims: { tier: null } })
  @Get('taken-back')
  takenBack(): string {
    return 'in';
  }

  @Demand({ maxAgeSeconds: 60 })
  @Get('more')
  more(): string {
    return 'in';
  }
}

@Controller('inherited')
class InheritedController extends DemandingClassController {}

@Public()
@Controller('opened')
class OpenedController extends DemandingClassController {
  @RequireAuth()
  @Get('closed-again')
  closedAgain(): string {
    return 'in';
  }
}

const CONTROLLERS = [
  DemandingController,
  DemandingClassController,
  InheritedController,
  OpenedController,
];

let clock = new FakeClock();
let hanko: FakeHanko;

beforeAll(async () => {
  hanko = await FakeHanko.start({ now: () => clock.now(), sessionLimit: 1_000 });
});
afterAll(() => hanko.stop());
beforeEach(() => {
  clock = new FakeClock();
});

const mfaUnmet = (actual: readonly string[]) => ({ requirement: 'mfa', needed: true, actual });
const TIER_UNMET = { requirement: 'claims', claim: 'tier' };
const EMAIL_UNMET = { requirement: 'verifiedEmail', needed: true, actual: false };

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = (
    metadata: ModuleMetadata = {},
    options: HankoModuleOptions = {},
  ): Promise<RunningApp> =>
    startApp(platform, {
      controllers: CONTROLLERS,
      ...metadata,
      imports: [
        HankoModule.forRoot({
          apiUrl: hanko.url,
          audience: 'localhost',
          now: clock.now,
          ...options,
        }),
      ],
    });

  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp(platform, {
      imports: [
        HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', now: () => clock.now() }),
      ],
      controllers: CONTROLLERS,
    });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const ask = async (path: string, token: TokenShape = {}): Promise<Answer> =>
    app.get(path, bearer(await hanko.token(token)));

  describe('a demand', () => {
    it.each<{ path: string; token: TokenShape }>([
      { path: '/mfa', token: { amr: ['pwd', 'totp'] } },
      { path: '/mfa', token: { amr: ['passkey'] } },
      { path: '/any', token: { amr: ['passkey'] } },
      { path: '/any', token: { amr: ['ext:google', 'totp'] } },
      { path: '/all', token: { amr: ['ext:github', 'totp'] } },
      { path: '/age', token: { ageSeconds: 300 } },
      { path: '/email', token: {} },
      { path: '/claims', token: { claims: { tier: 'silver', org: { roles: ['admin'] } } } },
      { path: '/function', token: { claims: { seats: 1 } } },
      {
        path: '/everything',
        token: { amr: ['passkey'], ageSeconds: 299, claims: { tier: 'gold' } },
      },
      { path: '/composed', token: { amr: ['passkey'], claims: { tier: 'gold' } } },
    ])('that is met lets in, without a challenge: $path, $token', async ({ path, token }) => {
      const answer = await ask(path, token);

      expect([answer.status, answer.text]).toEqual([200, 'in']);
      expect(answer.headers).not.toHaveProperty('www-authenticate');
    });

    it.each<{ path: string; token: TokenShape; unmet: object; maxAge?: string }>([
      { path: '/mfa', token: { amr: ['pwd'] }, unmet: mfaUnmet(['pwd']) },
      { path: '/mfa', token: { amr: ['otp', 'pwd'] }, unmet: mfaUnmet(['otp', 'pwd']) },
      { path: '/mfa', token: { amr: null }, unmet: mfaUnmet([]) },
      {
        path: '/any',
        token: { amr: ['ext:github'] },
        unmet: {
          requirement: 'amr',
          needed: { anyOf: ['passkey', 'ext:google'] },
          actual: ['ext:github'],
        },
      },
      {
        path: '/all',
        token: { amr: ['pwd', 'totp'] },
        unmet: {
          requirement: 'amr',
          needed: { allOf: ['ext', 'totp'] },
          actual: ['pwd', 'totp'],
        },
      },
      {
        path: '/all',
        token: { amr: null },
        unmet: { requirement: 'amr', needed: { allOf: ['ext', 'totp'] }, actual: [] },
      },
      {
        path: '/age',
        token: { ageSeconds: 301 },
        unmet: {
          requirement: 'maxAgeSeconds',
          needed: 300,
          actual: 301,
        },
        maxAge: '300',
      },
    ])('on the login is answered 401: $path, $token', async ({ path, token, unmet, maxAge }) => {
      expectStepUp(await ask(path, token), [unmet], maxAge);
    });

    it.each<{ path: string; token: TokenShape; unmet: readonly object[] }>([
      { path: '/email', token: { username: 'nomail' }, unmet: [EMAIL_UNMET] },
      {
        path: '/email',
        token: { email: 'unverified@example.test', emailVerified: false },
        unmet: [EMAIL_UNMET],
      },
      {
        path: '/email',
        token: { username: 'textmail', claims: { email: 'ada@example.test' } },
        unmet: [EMAIL_UNMET],
      },
      {
        path: '/claims',
        token: { claims: { tier: 'bronze', org: { roles: 'admin' } } },
        unmet: [TIER_UNMET, { requirement: 'claims', claim: 'org.roles' }],
      },
      {
        path: '/claims',
        token: { claims: { tier: 'gold' } },
        unmet: [{ requirement: 'claims', claim: 'org.roles' }],
      },
      {
        path: '/function',
        token: { claims: { seats: '1' } },
        unmet: [{ requirement: 'claims', claim: 'seats' }],
      },
      {
        path: '/everything',
        token: { email: 'all@example.test', emailVerified: false, ageSeconds: 400, amr: null },
        unmet: [
          mfaUnmet([]),
          {
            requirement: 'maxAgeSeconds',
            needed: 300,
            actual: 400,
          },
          EMAIL_UNMET,
          TIER_UNMET,
        ],
      },
      {
        path: '/composed',
        token: { amr: ['pwd'] },
        unmet: [mfaUnmet(['pwd']), TIER_UNMET],
      },
    ])('beyond it is answered 403: $path, $token', async ({ path, token, unmet }) => {
      const isNew = token.email === undefined && token.username === undefined;
      // Both platforms ask one server, where each name is taken once.
      const own = isNew ? token : withOwnName(token, platform);
      expectForbidden(await ask(path, own), unmet);
    });

    it('comes after who is calling: no token or a bad one is answered as ever', async () => {
      expect(await app.get('/everything')).toBeRefused('credentials_missing');
      expect(await app.get('/everything', bearer('garbage'))).toBeRefused('token_malformed');
      expect(await app.get('/everything', bearer(await hanko.expiredToken()))).toBeRefused(
        'token_expired',
      );
    });

    it('holds for a cookie too, beside others', async () => {
      const token = await hanko.token();

      expectStepUp(await app.get('/mfa', cookie(token)), [mfaUnmet(['pwd'])]);
      expectStepUp(await app.get('/mfa', cookie('garbage', token)), [mfaUnmet(['pwd'])]);
    });

    it('that is a function with a promise lets nobody in, and is warned of once', async () => {
      // The log of an app ends when the next app starts.
      await using own = await start();
      const token = bearer(await hanko.token());

      for (let n = 0; n < 2; n += 1) {
        expectForbidden(await own.get('/promise', token), [TIER_UNMET]);
      }
      expect(own.log.messages('warn', 'HankoClaims')).toEqual([
        expect.stringMatching(/^The function in the demand on the claim tier returned an object:/),
      ]);
      expect(own.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
    });

    it('is asked again of a token that is known, as time goes by', async () => {
      const token = bearer(await hanko.token({ ageSeconds: 200 }));
      expect((await app.get('/age', token)).text).toBe('in');
      clock.advanceSeconds(100);
      expect((await app.get('/age', token)).text).toBe('in');
      clock.advanceSeconds(1);
      expectStepUp(
        await app.get('/age', token),
        [{ requirement: 'maxAgeSeconds', needed: 300, actual: 301 }],
        '300',
      );
      // The token itself is as good as ever.
      expect((await app.get('/mfa', bearer(await hanko.token({ amr: ['passkey'] })))).text).toBe(
        'in',
      );
    });
  });

  describe('a handler of a class that demands', () => {
    it.each(['/class', '/inherited'])('has its demands: %s', async (path) => {
      expectForbidden(await ask(path), [mfaUnmet(['pwd']), TIER_UNMET]);
      expectStepUp(await ask(path, { claims: { tier: 'gold' } }), [mfaUnmet(['pwd'])]);
      expect((await ask(path, { amr: ['passkey'], claims: { tier: 'gold' } })).text).toBe('in');
    });

    it('adds its own, and takes back what it names', async () => {
      const old: TokenShape = { ageSeconds: 61, amr: ['passkey'], claims: { tier: 'gold' } };

      expect((await ask('/class/more', old)).status).toBe(401);
      expect((await ask('/class/more', { ...old, ageSeconds: 59 })).text).toBe('in');
      expect((await ask('/class/taken-back')).text).toBe('in');
      expect(await app.get('/class/taken-back')).toBeRefused('credentials_missing');
    });

    it('demands nothing where anonymous callers are let in, and still says who is calling', async () => {
      const user = hanko.createUser();
      const token = bearer(await hanko.token({ user }));

      expect((await app.get('/class/public', token)).text).toBe('nobody');
      expect((await app.get('/class/optional', token)).text).toBe(user.id);
      expect((await app.get('/class/optional')).text).toBe('nobody');
      expect((await app.get('/opened', token)).text).toBe('in');
    });

    it('has those that its class inherits, where it closes an open class', async () => {
      expectForbidden(await ask('/opened/closed-again'), [mfaUnmet(['pwd']), TIER_UNMET]);
    });
  });

  it.each([
    { binding: 'globally', providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }] },
    {
      binding: 'globally, one of its own',
      providers: [{ provide: APP_GUARD, useClass: HankoAuthGuard }],
    },
    { binding: 'by the demand alone', providers: [] },
  ])('the guard bound $binding holds callers against demands', async ({ providers }) => {
    await using bound = await start({ providers });
    const token = bearer(await hanko.token());

    for (const path of ['/mfa', '/parameter']) {
      expectStepUp(await bound.get(path, token), [mfaUnmet(['pwd'])]);
    }
    expect((await bound.get('/age', token)).text).toBe('in');
  });

  it('a refusal is published and logged once, with its reason, and with no value of a claim', async () => {
    using authentications = recordChannel(HANKO_CHANNELS.authentication);
    await using own = await start({
      providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
    });
    const email = `${platform.toLowerCase()}-secret@example.test`;
    const token = await hanko.token({
      email,
      emailVerified: false,
      amr: ['otp'],
      claims: { tier: 'secret-tier', org: { roles: ['secret-role'] } },
    });
    const answers = [
      await own.get('/claims', bearer(token)),
      await own.get('/everything', bearer(token)),
    ];

    const claims =
      'the claim tier does not meet its demand: it is of type string; ' +
      'the claim org.roles does not meet its demand: it is a list';
    const everything =
      'the login used neither a second factor nor a passkey (amr: ["otp"]); ' +
      'the email address is not verified; ' +
      'the claim tier does not meet its demand: it is of type string';
    // One decision each: a caller who is refused was not let in before.
    const refused = {
      outcome: 'refused',
      code: 'requirement_not_met',
      ...decodedIds(token),
    };
    expect(authentications.messages).toEqual([
      {
        ...refused,
        reason: claims,
        handler: 'DemandingController.claims',
      },
      {
        ...refused,
        reason: everything,
        handler: 'DemandingController.everything',
      },
    ]);
    expect(own.log.messages('debug', 'HankoAuth')).toEqual([
      `requirement_not_met at DemandingController.claims: ${claims}`,
      `requirement_not_met at DemandingController.everything: ${everything}`,
    ]);
    const [, payload = ''] = token.split('.');
    const all = [
      ...own.log.lines.map(({ text }) => text),
      ...authentications.messages.map((message) => inspect(message, { depth: 10 })),
      ...answers.map((answer) => `${inspect(answer.headers)} ${answer.text}`),
    ].join('\n');
    for (const secret of ['secret-tier', 'secret-role', email, '127.0.0.1', payload, '    at ']) {
      expect(all).not.toContain(secret);
    }
  });
});

function withOwnName({ email, username, ...token }: TokenShape, prefix: string): TokenShape {
  const own = prefix.toLowerCase();
  return {
    ...token,
    ...(email !== undefined && { email: `${own}-${email}` }),
    ...(username !== undefined && { username: own + username }),
  };
}

/** The ids that a message names, as the token says them. */
function decodedIds(token: string): { readonly userId: string; readonly sessionId: string } {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  const { sub: userId, session_id: sessionId } = JSON.parse(payload) as Record<string, string>;
  return { userId: userId ?? '', sessionId: sessionId ?? '' };
}
