import { Controller, Get, Req, UseGuards } from '@nestjs/common';
import { Query, Resolver } from '@nestjs/graphql';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoAuthService,
  HankoConfigurationError,
  HankoTenantError,
  type HankoTenantsOptions,
  type HankoUser,
} from 'nestjs-hanko';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, cookie, type RunningApp, startApp } from '../../support/app.js';
import { DRIVERS, startGraphqlApp } from '../../support/graphql-app.js';
import { post } from '../../support/graphql-client.js';
import { hanko } from '../../support/tenants.js';
import {
  ACME,
  acme,
  apiUrl,
  codeIn,
  GLOBEX,
  tenantsModule,
  useTenants,
  who,
  whoIn,
} from '../../support/tenants-apart.js';

useTenants();

const SECRET = 'c2VjcmV0LW9mLXRoZS1hcHA';

/** What the resolver of the app does, one after the other; the last one for good. */
let answers: (() => unknown)[] = [];
let asked = 0;
const resolve = (): never => {
  const answer = answers[Math.min(asked, answers.length - 1)];
  asked += 1;
  return answer?.() as never;
};
const say = (...values: readonly unknown[]): void => {
  answers = values.map((value) => () => value);
};

beforeEach(() => {
  asked = 0;
});

@Controller()
class WhoController {
  constructor(private readonly service: HankoAuthService) {}

  @UseGuards(HankoAuthGuard)
  @Get('who')
  who(@CurrentUser() user: HankoUser, @CurrentUser('tenantId') tenantId: string): string {
    return `${who(user)} ${tenantId}`;
  }

  /** It asks once more by itself. */
  @UseGuards(HankoAuthGuard)
  @Get('twice')
  async twice(
    @CurrentUser() user: HankoUser,
    @Req() request: { readonly headers: Record<string, string> },
  ): Promise<string> {
    const again = await this.service.authenticate(request).catch((error: unknown) => error);
    const found = codeIn(again) === '{}' ? 'none' : Object(again);
    return `${who(user)} then ${found.tenantId ?? found.code}`;
  }
}
Reflect.defineMetadata('design:paramtypes', [HankoAuthService], WhoController);

describe('a resolver', () => {
  let app: RunningApp;
  let token: string;
  beforeAll(async () => {
    app = await startApp('Express', {
      imports: [tenantsModule({ tenants: { resolve } })],
      controllers: [WhoController],
    });
    token = await acme.token();
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const get = (path: string, headers = bearer(token)) => app.get(path, headers);

  it('that names another tenant each time is asked once: guard and parameters agree', async () => {
    say(ACME, GLOBEX, null);
    for (const headers of [bearer(token), cookie(token)]) {
      asked = 0;
      expect((await get('/who', headers)).text).toBe(`${whoIn(ACME, token)} ${ACME}`);
      expect(asked).toBe(1);
    }
    asked = 0;
    say(GLOBEX, ACME);
    expect(codeIn((await get('/who')).body)).toBe('token_key_unknown');
  });

  it('is asked again by code of the app, and then what it says now counts', async () => {
    say(ACME, GLOBEX);
    expect((await get('/twice')).text).toBe(`${whoIn(ACME, token)} then token_key_unknown`);
    asked = 0;
    say(ACME, null);
    expect((await get('/twice')).text).toBe(`${whoIn(ACME, token)} then tenant_unknown`);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error(SECRET);
      },
    ],
    [
      'throws no error',
      () => {
        throw SECRET as unknown as Error;
      },
    ],
    ['returns a promise', async () => ACME],
    [
      'returns a promise that fails',
      async () => {
        throw new Error(SECRET);
      },
    ],
    ['returns a list', () => [ACME]],
    ['returns an object that is a text by and by', () => ({ toString: () => ACME })],
    ['returns a number', () => 7],
  ])('that %s is the fault of the app: 500, and callers learn nothing', async (_, answer) => {
    answers = [answer];
    const { status, body } = await get('/who');
    expect({ status, body }).toEqual({
      status: 500,
      body: { statusCode: 500, message: 'Internal server error' },
    });
    const { lines } = app.log;
    expect(lines.map(({ text }) => text).join('\n')).not.toContain(SECRET);
    expect(app.log.messages('error').join('\n')).toContain('tenants.resolve()');
  });

  it('may refuse by itself, and names what no tenant can be', async () => {
    answers = [
      () => {
        throw new HankoTenantError(SECRET);
      },
    ];
    const { status, body } = await get('/who');
    expect([status, codeIn(body)]).toEqual([404, 'tenant_unknown']);
    expect(JSON.stringify(body)).not.toContain(SECRET);
    for (const id of ['__proto__', 'constructor', 'toString', '.', '..', 'x'.repeat(10_000)]) {
      say(id);
      expect(codeIn((await get('/who')).body)).toBe('tenant_unknown');
    }
  });
});

it('a resolver that is async is refused when the app starts', async () => {
  const tenants = { resolve: async () => ACME } as unknown as HankoTenantsOptions;
  await expect(startApp('Express', { imports: [tenantsModule({ tenants })] })).rejects.toThrow(
    HankoConfigurationError,
  );
});

@Resolver()
class FieldsResolver {
  @Query()
  first(@CurrentUser() user: HankoUser): string {
    return String(user.tenantId);
  }

  @Query()
  second(@CurrentUser() user: HankoUser): string {
    return String(user.tenantId);
  }
}

it.each(DRIVERS)(
  'while one field of a request is admitted, another one is not taken for it: $name',
  async (driver) => {
    // Two names of one Hanko, so that its tokens are good at both.
    await using app = await startGraphqlApp(driver, {
      resolver: FieldsResolver,
      graphql: { typeDefs: 'type Query { first: String, second: String }' },
      hanko: { apiUrl, tenants: { resolve, trust: () => ({ apiUrl: acme.url }) } },
    });
    const token = await acme.token();
    say('second');
    await post(app, '{ second }', bearer(token));

    // The one is known without its keys, which take a while.
    say('first');
    await post(app, '{ first }');
    await hanko.fault('slow', { path: '/.well-known/jwks.json', times: 1 });
    asked = 0;
    say('first', 'second', 'first');
    expect(await post(app, '{ first second }', bearer(token))).toMatchObject({
      data: { first: 'first', second: 'second' },
    });
    expect(asked).toBe(3);
  },
);
