import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoAuthService,
  HankoConfigurationError,
  HankoHealth,
  HankoLiveSessions,
  type HankoUser,
  RequireAuth,
} from 'nestjs-hanko';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bearer, type RunningApp, startApp } from '../../support/app.js';
import { sessionIdIn } from '../../support/claims-in.js';
import { hanko, madeUp } from '../../support/tenants.js';
import {
  ACME,
  acme,
  at,
  codeIn,
  GLOBEX,
  globex,
  tenantsModule,
  twinOf,
  useTenants,
  who,
  whoIn,
} from '../../support/tenants-apart.js';

useTenants();

@Controller()
@UseGuards(HankoAuthGuard)
class AskedController {
  @RequireAuth({ session: 'online' })
  @Get('online')
  online(@CurrentUser() user: HankoUser): string {
    return who(user);
  }

  @RequireAuth({ session: { refreshSeconds: 600 } })
  @Get('now-and-then')
  nowAndThen(@CurrentUser() user: HankoUser): string {
    return who(user);
  }
}

describe('sessions that Hanko is asked about', () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp('Express', {
      imports: [tenantsModule()],
      controllers: [AskedController],
    });
  });
  afterEach(() => hanko.recover());
  afterAll(() => app[Symbol.asyncDispose]());

  const get = async (path: string, tenant: string, token: string): Promise<string> => {
    const { status, text, body } = await app.get(path, { ...at(tenant), ...bearer(token) });
    return status === 200 ? text : codeIn(body);
  };

  it.each(['/online', '/now-and-then'])(
    'are asked about at their own tenant, and no verdict is used for another one: %s',
    async (path) => {
      const token = await acme.token();
      // Globex has signed it, and knows no such session.
      const twin = await twinOf(token);
      for (let again = 0; again < 2; again += 1) {
        expect(await get(path, ACME, token)).toBe(whoIn(ACME, token));
        expect(await get(path, GLOBEX, twin)).toBe('session_revoked');
      }
      const asked = hanko.requests
        .map((request) => request.path.split('/'))
        .filter((parts) => parts.at(-1) === 'validate');
      expect(new Set(asked.map(([, tenant]) => tenant))).toEqual(new Set([ACME, GLOBEX]));
      acme.revoke(sessionIdIn(token));
      expect(await get('/online', ACME, token)).toBe('session_revoked');
      expect(await get(path, ACME, token)).toBe('session_revoked');
    },
  );

  it('are 503 at the tenant whose Hanko is down, and its circuit is its own', async () => {
    const [tokens, ofGlobex] = [
      await Promise.all(Array.from({ length: 12 }, () => acme.token())),
      await globex.token(),
    ];
    await hanko.fault('error', { path: `/${ACME}/sessions/validate` });
    for (const token of tokens) {
      expect(await get('/online', ACME, token)).toBe('hanko_unavailable');
      expect(await get('/online', GLOBEX, ofGlobex)).toBe(whoIn(GLOBEX, ofGlobex));
    }
    const health = app.app.get(HankoHealth);
    expect(health.tenantReport(ACME)?.status).not.toBe('up');
    expect(health.tenantReport(GLOBEX)?.status).toBe('up');
  });

  it('end with their tenant, though its keys are remembered', async () => {
    const [id = ''] = madeUp(1);
    const tenant = await hanko.createTenant(id);
    const [token, other] = [await tenant.token(), await tenant.token()];
    expect(await get('/online', id, token)).toBe(whoIn(id, token));
    const live = app.app.get(HankoLiveSessions);
    const service = app.app.get(HankoAuthService);
    const signal = live.signal(await service.verifyToken(other, { tenant: id }));
    hanko.deleteTenant(id);
    expect(await get('/online', id, token)).toBe('tenant_unknown');
    expect(signal.reason).toMatchObject({ code: 'tenant_unknown' });
    expect(await get('/online', id, other)).toBe('tenant_unknown');
    expect(app.app.get(HankoHealth).tenantReport(id)).toBeNull();
  });

  it('of code of the app: verifyToken() takes the tenant, and believes no token', async () => {
    const service = app.app.get(HankoAuthService);
    const token = await globex.token();
    expect(who(await service.verifyToken(token, { tenant: GLOBEX }))).toBe(whoIn(GLOBEX, token));
    const refused = async (tenant: unknown): Promise<unknown> =>
      service.verifyToken(token, { tenant: tenant as string }).catch((error: unknown) => error);
    expect(await refused(ACME)).toMatchObject({ code: 'token_key_unknown' });
    expect(await refused(madeUp(1)[0])).toMatchObject({ code: 'tenant_unknown' });
    expect(await refused('globex')).toMatchObject({ code: 'tenant_unknown' });
    for (const tenant of [undefined, null, 7, [GLOBEX]]) {
      expect(await refused(tenant)).toBeInstanceOf(HankoConfigurationError);
    }
  });
});
