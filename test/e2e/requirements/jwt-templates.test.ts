import { Controller, Get } from '@nestjs/common';
import { type } from 'arktype';
import {
  CurrentUser,
  HankoAuthGuard,
  type HankoClaimsSchema,
  HankoModule,
  type HankoUser,
  type HankoUserKey,
  RequireAuth,
  type RequireAuthOptions,
} from 'nestjs-hanko';
import { FakeHanko, type TokenShape } from 'fake-hanko';
import * as v from 'valibot';
import { APP_GUARD } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import '../../support/to-be-refused.js';
import { bearer, PLATFORMS, type RunningApp, startApp } from '../../support/app.js';
import { SessionSpy, VALIDATE } from '../../support/session-spy.js';

/** Claims of these tests are declared by nobody. */
const Demand = (claims: unknown): MethodDecorator => RequireAuth({ claims } as RequireAuthOptions);
const Claim = (path: string): ParameterDecorator => CurrentUser(`claims.${path}` as HankoUserKey);

/** How a claim is told, so that absence and types can be seen. */
const told = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value));

@Controller()
class TrapsController {
  @Get('seats')
  seats(@Claim('seats') seats: unknown): string {
    return told(seats);
  }

  @Demand({ seats: 42 })
  @Get('seats/number')
  seatsNumber(): string {
    return 'in';
  }

  @Demand({ seats: '42' })
  @Get('seats/text')
  seatsText(): string {
    return 'in';
  }

  @Get('beta')
  beta(@Claim('beta') beta: unknown): string {
    return told(beta);
  }

  @Demand({ beta: true })
  @Get('beta/true')
  betaTrue(): string {
    return 'in';
  }

  @Demand({ beta: 'true' })
  @Get('beta/text')
  betaText(): string {
    return 'in';
  }

  @Get('role')
  role(@Claim('role') role: unknown): string {
    return told(role);
  }

  @Demand({ role: 'admin' })
  @Get('role/admin')
  roleAdmin(): string {
    return 'in';
  }

  @Demand({ role: { includes: 'admin' } })
  @Get('role/includes')
  roleIncludes(): string {
    return 'in';
  }

  @Demand({ role: '' })
  @Get('role/empty')
  roleEmpty(): string {
    return 'in';
  }

  @Demand({ role: (role: unknown) => Boolean(role) })
  @Get('role/some')
  roleSome(): string {
    return 'in';
  }

  @Get('email')
  email(@CurrentUser() { email }: HankoUser, @Claim('email') claim: unknown): string {
    return `${told(email)} ${told(claim)}`;
  }

  @RequireAuth({ verifiedEmail: true })
  @Get('email/verified')
  emailVerified(): string {
    return 'in';
  }

  @Get('subject')
  subject(@CurrentUser('id') id: string, @Claim('subject') subject: unknown): string {
    return `${id} ${told(subject)}`;
  }

  @Get('amr')
  amr(@CurrentUser('amr') amr: readonly string[]): string {
    return told(amr);
  }

  @RequireAuth({ mfa: true })
  @Get('amr/mfa')
  mfa(): string {
    return 'in';
  }
}

/** The same claims in the words of three libraries: seats a number, beta a boolean, role one of two. */
const SCHEMAS: readonly { library: string; schema: HankoClaimsSchema }[] = [
  {
    library: 'zod',
    schema: z.object({
      seats: z.coerce.number().int().min(0).optional(),
      beta: z.union([z.boolean(), z.literal('').transform(() => false)]).catch(false),
      role: z.enum(['admin', 'user']).catch('user'),
    }),
  },
  {
    library: 'valibot',
    schema: v.object({
      seats: v.optional(
        v.pipe(
          v.union([v.number(), v.pipe(v.string(), v.nonEmpty())]),
          v.transform(Number),
          v.integer(),
        ),
      ),
      beta: v.fallback(v.boolean(), false),
      role: v.fallback(v.picklist(['admin', 'user']), 'user'),
    }),
  },
  {
    library: 'arktype',
    schema: type({
      'seats?': type('number.integer').or('string.integer.parse'),
      'beta?': type('unknown').pipe((beta) => beta === true),
      'role?': type('unknown').pipe((role) => (role === 'admin' ? 'admin' : 'user')),
    }),
  },
];

let hanko: FakeHanko;
beforeAll(async () => {
  hanko = await FakeHanko.start({ sessionLimit: 1_000 });
});
afterAll(() => hanko.stop());

let names = 0;
/** A user who has no address, so that a template can supply one. */
const withoutEmail = (claims: Readonly<Record<string, unknown>>): TokenShape => ({
  username: `una${(names += 1)}`,
  claims,
});

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = (schema?: HankoClaimsSchema): Promise<RunningApp> =>
    startApp(platform, {
      imports: [
        HankoModule.forRoot({
          apiUrl: hanko.url,
          audience: 'localhost',
          ...(schema && { claimsSchema: schema }),
        }),
      ],
      controllers: [TrapsController],
      providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
    });

  /** What each path answers: the text, or the status of a refusal. */
  async function answers(
    app: RunningApp,
    shape: TokenShape,
    ...paths: readonly string[]
  ): Promise<unknown[]> {
    const headers = bearer(await hanko.token(shape));
    const found: unknown[] = [];
    for (const path of paths) {
      const { status, text } = await app.get(path, headers);
      found.push(status === 200 ? text : status);
    }
    return found;
  }

  describe('without a schema', () => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await start();
    });
    afterAll(() => app[Symbol.asyncDispose]());

    it('a number of metadata is text, and meets a demand of that text alone', async () => {
      const paths = ['/seats', '/seats/number', '/seats/text'];

      expect(await answers(app, { claims: { seats: '42' } }, ...paths)).toEqual([
        '"42"',
        403,
        'in',
      ]);
      expect(await answers(app, { claims: { seats: 42 } }, ...paths)).toEqual(['42', 'in', 403]);
    });

    it('the text "true" is a boolean, and meets a demand of that boolean alone', async () => {
      const paths = ['/beta', '/beta/true', '/beta/text'];

      expect(await answers(app, { claims: { beta: true } }, ...paths)).toEqual(['true', 'in', 403]);
    });

    it('a user who calls himself true or [] has a role that is no text, and meets no demand of one', async () => {
      const paths = ['/role', '/role/admin', '/role/includes'];

      for (const role of [true, [], {}, ['user'], { admin: true }]) {
        expect(await answers(app, { claims: { role } }, ...paths)).toEqual([
          JSON.stringify(role),
          403,
          403,
        ]);
      }
    });

    it('text that looks like JSON is what it looks like: a list a user wrote includes what he likes', async () => {
      const paths = ['/role', '/role/admin', '/role/includes'];

      expect(await answers(app, { claims: { role: ['admin'] } }, ...paths)).toEqual([
        '["admin"]',
        403,
        'in',
      ]);
    });

    it('a path that does not exist is empty text, and meets nothing but a demand of it', async () => {
      const paths = ['/role', '/role/admin', '/role/some', '/role/empty'];

      expect(await answers(app, { claims: { role: '' } }, ...paths)).toEqual([
        '""',
        403,
        403,
        'in',
      ]);
    });

    it('a template that failed leaves the claim out, and the token is good', async () => {
      const paths = ['/role', '/role/admin', '/role/includes', '/role/some', '/role/empty'];

      expect(await answers(app, {}, ...paths)).toEqual(['absent', 403, 403, 403, 403]);
    });

    it('an email that a template made text is a claim, and no address', async () => {
      const shape = withoutEmail({ email: 'ada@example.test' });

      expect(await answers(app, shape, '/email', '/email/verified')).toEqual([
        'absent "ada@example.test"',
        403,
      ]);
    });

    it('an email of Hanko’s own shape that a template made is believed: it must not be the user’s', async () => {
      const email = { address: 'boss@example.test', is_primary: true, is_verified: true };

      expect(await answers(app, withoutEmail({ email }), '/email/verified')).toEqual(['in']);
    });

    it('a claim called subject, or as any other of Hanko’s answers, says nothing of who is calling', async () => {
      const user = hanko.createUser();
      const claims = {
        subject: 'hijacked',
        expiration: '1970-01-01T00:00:00Z',
        issued_at: '1970-01-01T00:00:00Z',
        audience: ['other'],
        issuer: 'other',
      };

      expect(await answers(app, { user, claims }, '/subject')).toEqual([`${user.id} "hijacked"`]);
    });

    it('amr of a template counts where Hanko has none: for sessions of the Admin API', async () => {
      const claims = { amr: ['passkey'] };

      expect(await answers(app, { amr: null, claims }, '/amr/mfa')).toEqual(['in']);
      expect(await answers(app, { amr: ['pwd'], claims }, '/amr', '/amr/mfa')).toEqual([
        '["pwd"]',
        401,
      ]);
      expect(await answers(app, { amr: null, claims: { amr: 'passkey' } }, '/amr/mfa')).toEqual([
        401,
      ]);
    });
  });

  it('a claim called subject says nothing of who is calling under an online policy either', async () => {
    await using spy = await SessionSpy.start(hanko.url);
    await using app = await startApp(platform, {
      imports: [HankoModule.forRoot({ apiUrl: spy.url, audience: 'localhost', session: 'online' })],
      controllers: [TrapsController],
      providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
    });
    const user = hanko.createUser();
    const answered: unknown[] = [];
    spy.change = (answer) => {
      answered.push((answer.body as { claims: { subject: unknown } }).claims.subject);
      return answer;
    };
    const shape = { user, claims: { subject: 'hijacked' } };

    expect(await answers(app, shape, '/subject')).toEqual([`${user.id} "hijacked"`]);
    expect(spy.questions.map(({ url }) => url)).toEqual([VALIDATE]);
    expect(answered).toEqual(['hijacked']);
  });

  it('a path that does not exist is the number 0 to z.coerce.number(), as JavaScript has it', async () => {
    await using app = await start(z.object({ seats: z.coerce.number().optional() }));

    expect(await answers(app, { claims: { seats: '' } }, '/seats')).toEqual(['0']);
    expect(await answers(app, {}, '/seats')).toEqual(['absent']);
  });

  describe.each(SCHEMAS)('with a schema of $library', ({ library, schema }) => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await start(schema);
    });
    afterAll(() => app[Symbol.asyncDispose]());

    it('a number of metadata is a number', async () => {
      const paths = ['/seats', '/seats/number', '/seats/text'];

      expect(await answers(app, { claims: { seats: '42' } }, ...paths)).toEqual(['42', 'in', 403]);
      expect(await answers(app, { claims: { seats: 42 } }, ...paths)).toEqual(['42', 'in', 403]);
    });

    it('what is no number is refused, named to operators and by no value to anyone', async () => {
      await using own = await start(schema);
      const answer = await own.get(
        '/seats',
        bearer(await hanko.token({ claims: { seats: 'secret\u001b[31m' } })),
      );
      await own.get('/seats', bearer(await hanko.token({ claims: { seats: 'secret-too' } })));

      expect(answer).toBeRefused('token_claims_invalid');
      expect(own.log.messages('warn', 'HankoClaims')).toEqual([
        'The option claimsSchema refuses seats: such tokens get 401',
      ]);
      expect(own.log.messages('debug', 'HankoAuth')[0]).toBe(
        'token_claims_invalid at TrapsController.seats: The option claimsSchema refuses seats',
      );
      for (const { text } of own.log.lines) {
        expect(text).not.toContain('secret');
        expect(text).not.toContain('\u001b[31m');
      }
    });

    it('beta is a boolean, whatever comes', async () => {
      for (const beta of [true, false, '', ...(library === 'arktype' ? [] : [undefined])]) {
        expect(await answers(app, { claims: { beta } }, '/beta')).toEqual([String(beta === true)]);
      }
    });

    it('a role is one of two, whatever a user calls himself', async () => {
      for (const role of [true, [], {}, ['admin'], '', 'owner', 4711]) {
        expect(await answers(app, { claims: { role } }, '/role', '/role/includes')).toEqual([
          '"user"',
          403,
        ]);
      }
      expect(await answers(app, { claims: { role: 'admin' } }, '/role/admin')).toEqual(['in']);
    });

    it('Hanko’s own claims, and those that it does not know, are as they were sent', async () => {
      const user = hanko.createUser({ email: `${library}-${platform}@example.test`.toLowerCase() });
      const shape = { user, claims: { subject: 'hijacked' } };
      const address = `${library}-${platform}@example.test`.toLowerCase();

      expect(await answers(app, shape, '/subject', '/email/verified', '/email')).toEqual([
        `${user.id} "hijacked"`,
        'in',
        `{"address":"${address}","isPrimary":true,"isVerified":true} ` +
          `{"address":"${address}","is_primary":true,"is_verified":true}`,
      ]);
    });
  });
});
