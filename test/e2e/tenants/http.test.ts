import { Agent } from 'node:http';
import { Controller, Get, type INestApplication, Req, UseGuards } from '@nestjs/common';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoAuthService,
  hankoMiddleware,
  type HankoUser,
  OptionalAuth,
  Public,
} from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, cookie, PLATFORMS, type RunningApp, send, startApp } from '../../support/app.js';
import { hanko, madeUp } from '../../support/tenants.js';
import {
  ACME,
  acme,
  at,
  codeIn,
  GLOBEX,
  globex,
  keepsTenantsApart,
  tenantsModule,
  useTenants,
  who,
  whoIn,
} from '../../support/tenants-apart.js';

useTenants();

@Controller('guard')
@UseGuards(HankoAuthGuard)
class GuardedController {
  @Get()
  who(@CurrentUser() user: HankoUser): string {
    return who(user);
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser() user: HankoUser | null): string {
    return who(user);
  }

  @Public()
  @Get('public')
  open(): string {
    return 'open';
  }
}

/** No guard: the parameter authenticates, or the service. */
@Controller()
class OpenController {
  constructor(private readonly service: HankoAuthService) {}

  @Get('parameter')
  parameter(@CurrentUser() user: HankoUser): string {
    return who(user);
  }

  @Get('service')
  async service_(@Req() request: { readonly headers: Record<string, string> }): Promise<string> {
    return who(await this.service.authenticate(request));
  }

  @Get('middleware/who')
  middleware(@Req() request: { readonly user?: HankoUser; readonly raw?: { user?: HankoUser } }) {
    return who(request.user ?? request.raw?.user ?? null);
  }
}
Reflect.defineMetadata('design:paramtypes', [HankoAuthService], OpenController);

const configure = (app: INestApplication): unknown => app.use('/middleware', hankoMiddleware(app));

const CREDENTIALS = { header: bearer, cookie } as const;

describe.each(PLATFORMS)('on %s', (platform) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp(
      platform,
      { imports: [tenantsModule()], controllers: [GuardedController, OpenController] },
      { configure },
    );
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const get = async (path: string, headers: Record<string, string>): Promise<string> => {
    const { status, text, body } = await app.get(path, headers);
    return status === 200 ? text : codeIn(body);
  };

  describe.each(['/guard', '/parameter', '/service', '/middleware/who', '/guard/optional'])(
    'at %s',
    (path) => {
      describe.each(['header', 'cookie'] as const)('by %s', (by) => {
        keepsTenantsApart(
          (tenant, token) => get(path, { ...at(tenant), ...CREDENTIALS[by](token) }),
          () => app.app,
          // A cookie that is good for nothing does not lock anybody out there.
          { isForgiven: path === '/guard/optional' && by === 'cookie' },
        );
      });
    },
  );

  it('a browser that has cookies of both is each of them at its own tenant', async () => {
    const [ofAcme, ofGlobex] = [await acme.token(), await globex.token()];
    for (const fields of [cookie(ofAcme, ofGlobex), cookie(ofGlobex, ofAcme)]) {
      expect(await get('/guard', { ...at(ACME), ...fields })).toBe(whoIn(ACME, ofAcme));
      expect(await get('/guard', { ...at(GLOBEX), ...fields })).toBe(whoIn(GLOBEX, ofGlobex));
    }
  });

  it('no tenant is 404 with a body that says nothing of others, and public routes do not ask', async () => {
    const { status, body, headers } = await app.get('/guard', bearer(await acme.token()));
    expect({ status, body }).toEqual({
      status: 404,
      body: { statusCode: 404, code: 'tenant_unknown', message: expect.any(String) },
    });
    expect(headers['www-authenticate']).toBeUndefined();
    expect(JSON.stringify(body)).not.toMatch(/acme|globex|[\da-f]{8}-/);
    expect(await get('/guard/public', {})).toBe('open');
    expect(await get('/guard/optional', {})).toBe('tenant_unknown');
    expect(await get('/guard/optional', at(ACME))).toBe('nobody');
  });

  it('a tenant named twice is none', async () => {
    const token = await acme.token();
    const fields = [
      ['x-tenant', ACME],
      ['x-tenant', GLOBEX],
      ...Object.entries(bearer(token)),
    ] as const;
    const { body } = await app.get('/guard', fields);
    expect(codeIn(body)).toBe('tenant_unknown');
  });

  it('one tenant that is down is 503 there alone', async () => {
    const [down = ''] = madeUp(1);
    const tenant = await hanko.createTenant(down);
    const tokens = [await tenant.token(), await acme.token()];
    await hanko.fault('error', { path: `/${down}/.well-known/jwks.json` });
    try {
      expect(await get('/guard', { ...at(down), ...bearer(tokens[0] as string) })).toBe(
        'hanko_unavailable',
      );
      expect(await get('/guard', { ...at(ACME), ...bearer(tokens[1] as string) })).toBe(
        whoIn(ACME, tokens[1] as string),
      );
    } finally {
      await hanko.recover();
      hanko.deleteTenant(down);
    }
  });

  it('of 400 requests of random tenants at once nobody is another one', async () => {
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? acme : globex).token()),
    );
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const asked = Array.from({ length: 400 }, (_, n) => ({
      id: (n * 7) % 3 === 0 ? ACME : GLOBEX,
      by: (n * 13) % 20,
      fields: CREDENTIALS[n % 5 === 0 ? 'cookie' : 'header'],
    }));
    const answers = await Promise.all(
      asked.map(async ({ id, by, fields }) => {
        const headers = { ...at(id), ...fields(tokens[by] as string) };
        const { status, text, body } = await send(`${app.url}/guard`, headers, { agent });
        return status === 200 ? text : codeIn(body);
      }),
    );
    agent.destroy();
    expect(answers).toEqual(
      asked.map(({ id, by }) =>
        (id === ACME) === (by % 2 === 0) ? whoIn(id, tokens[by] as string) : 'token_key_unknown',
      ),
    );
  });

  it('a flood of made-up tenants makes few fetches, and slows nobody who is known', async () => {
    const token = await acme.token();
    expect(await get('/guard', { ...at(ACME), ...bearer(token) })).toBe(whoIn(ACME, token));
    hanko.clearRequests();
    const startedAt = performance.now();
    const flood = madeUp(200).map((id) => get('/guard', { ...at(id), ...bearer(token) }));
    const known = Array.from({ length: 20 }, () =>
      get('/guard', { ...at(ACME), ...bearer(token) }),
    );
    expect(new Set(await Promise.all(known))).toEqual(new Set([whoIn(ACME, token)]));
    expect(new Set(await Promise.all(flood))).toEqual(
      new Set(['tenant_unknown', 'hanko_unavailable']),
    );
    const seconds = (performance.now() - startedAt) / 1000;
    expect(hanko.countRequests()).toBeLessThanOrEqual(50 + 10 * seconds + 1);
  });

  it('the log has no token', async () => {
    const token = await acme.token();
    await get('/guard', { ...at(GLOBEX), ...bearer(token) });
    await get('/guard', { ...at(token), ...bearer(token) });
    const texts = app.log.lines.map(({ text }) => text).join('\n');
    expect(texts).not.toContain(token.slice(-40));
  });
});

describe.each(PLATFORMS)('a tenant by the host on %s', (platform) => {
  it('is the one of the host, whatever else the request says', async () => {
    const ids = new Map([
      ['acme.example', ACME],
      ['globex.example', GLOBEX],
    ]);
    await using app = await startApp(platform, {
      imports: [
        tenantsModule({ tenants: { resolve: ({ hostname = '' }) => ids.get(hostname) ?? null } }),
      ],
      controllers: [GuardedController],
    });
    const token = await acme.token();
    const get = (host: string, more: Record<string, string> = {}) =>
      app.get('/guard', { Host: host, ...bearer(token), ...more });
    expect((await get('acme.example:8080')).text).toBe(whoIn(ACME, token));
    for (const more of [
      {},
      { 'X-Forwarded-Host': 'acme.example' },
      { Forwarded: 'host=acme.example' },
      { Origin: 'https://acme.example' },
      { 'X-Tenant': ACME },
    ]) {
      expect(codeIn((await get('globex.example', more)).body)).toBe('token_key_unknown');
    }
    expect(codeIn((await get('initech.example')).body)).toBe('tenant_unknown');
  });
});
