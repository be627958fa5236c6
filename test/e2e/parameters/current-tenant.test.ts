import { Controller, Get, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  CurrentTenant,
  CurrentUser,
  HankoModule,
  type HankoUser,
  OptionalAuth,
  Public,
  RequireAuth,
} from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, PLATFORMS, type RunningApp, send, startApp } from '../../support/app.js';
import {
  acme,
  ACME,
  apiUrl,
  byHeader,
  globex,
  GLOBEX,
  TENANT,
  useTenants,
} from '../../support/tenants.js';

interface Seen {
  readonly tenant: string;
  readonly of: string | undefined;
}

const seen = (tenant: string, user: HankoUser | null): Seen => ({ tenant, of: user?.tenantId });

/** No guard anywhere: the parameters do it alone. */
@Controller()
class ParametersController {
  @Get('closed')
  closed(@CurrentTenant() tenant: string, @CurrentUser() user: HankoUser): Seen {
    return seen(tenant, user);
  }

  @RequireAuth()
  @Get('guarded')
  guarded(@CurrentTenant() tenant: string, @CurrentUser() user: HankoUser): Seen {
    return seen(tenant, user);
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentTenant() tenant: string, @CurrentUser() user: HankoUser | null): Seen {
    return seen(tenant, user);
  }

  @Public()
  @Get('public')
  public(@CurrentTenant() tenant: string): string {
    return tenant;
  }

  @Public()
  @Get('without')
  without(): string {
    return 'open';
  }
}

useTenants();

const UNKNOWN = '7d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33';

describe.each(PLATFORMS)('@CurrentTenant() on %s', (platform) => {
  let running: RunningApp;
  /** What the app says to each question about one request. */
  let lies: string[] = [];

  beforeAll(async () => {
    running = await startApp(platform, {
      imports: [
        HankoModule.forRoot({
          apiUrl,
          audience: null,
          tenants: {
            resolve: (request) => lies.shift() ?? byHeader(request),
            trust: async (id) => (id === UNKNOWN ? null : {}),
          },
        }),
      ],
      controllers: [ParametersController],
    });
  });
  afterAll(() => running.app.close());

  const get = (path: string, fields: Readonly<Record<string, string>>) =>
    send(`${running.url}/${path}`, fields);

  it('is the tenant whose keys verified the token', async () => {
    for (const [id, tenant] of [
      [ACME, acme],
      [GLOBEX, globex],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop
      const fields = { ...bearer(await tenant.token()), [TENANT]: id.toUpperCase() };
      // oxlint-disable-next-line no-await-in-loop
      expect((await get('closed', fields)).body).toEqual({ tenant: id, of: id });
      // oxlint-disable-next-line no-await-in-loop
      expect((await get('optional', fields)).body).toEqual({ tenant: id, of: id });
    }
  });

  it('is there for anonymous callers, and on public routes', async () => {
    expect((await get('optional', { [TENANT]: GLOBEX })).body).toEqual({ tenant: GLOBEX });
    expect((await get('public', { [TENANT]: GLOBEX })).text).toBe(GLOBEX);
    // A public route names no tenant unless it asks for one.
    expect((await get('without', {})).text).toBe('open');
  });

  it.each(['closed', 'optional', 'public'])('is 404 without a tenant: %s', async (path) => {
    expect(await get(path, {})).toBeRefused('tenant_unknown');
    expect(await get(path, { [TENANT]: UNKNOWN })).toBeRefused('tenant_unknown');
  });

  it('refuses whom @CurrentUser() refuses', async () => {
    const token = await acme.token();
    const fields = { ...bearer(token), [TENANT]: GLOBEX };
    expect(await get('closed', fields)).toBeRefused('token_key_unknown');
    expect(await get('closed', { [TENANT]: ACME })).toBeRefused('credentials_missing');
  });

  it('agrees with the guard, whatever the app says when it is asked again', async () => {
    lies = [ACME, GLOBEX, GLOBEX, GLOBEX];
    const fields = bearer(await acme.token());
    expect((await get('guarded', fields)).body).toEqual({ tenant: ACME, of: ACME });
    lies = [];
  });
});

it('needs the option tenants, when the app starts', async () => {
  @Module({
    imports: [HankoModule.forRoot({ apiUrl: acme.url, audience: null })],
    controllers: [ParametersController],
  })
  class AppModule {}
  const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
  await expect(module.init()).rejects.toMatchObject({
    code: 'configuration_invalid',
    message: expect.stringContaining('@CurrentTenant(): needs the option tenants') as string,
  });
});
