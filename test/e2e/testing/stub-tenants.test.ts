import { Controller, Get } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  CurrentTenant,
  CurrentUser,
  HankoModule,
  type HankoTenantsOptions,
  type HankoUser,
  OptionalAuth,
  RequireAuth,
} from 'nestjs-hanko';
import { HankoStub, hankoUser } from 'nestjs-hanko/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, type RunningApp, send, startApp } from '../../support/app.js';
import { connect, useLibrary } from '../../support/gateways.js';
import { ACME, byHeader, GLOBEX, TENANT } from '../../support/tenants.js';

@Controller()
class NotesController {
  @RequireAuth()
  @Get('notes')
  notes(@CurrentUser() user: HankoUser): string | undefined {
    return user.tenantId;
  }

  @OptionalAuth()
  @Get('feed')
  feed(@CurrentTenant() tenant: string): string {
    return tenant;
  }
}

@RequireAuth()
@WebSocketGateway()
class NotesGateway {
  @SubscribeMessage('tenant')
  tenant(@CurrentTenant() tenant: string, @CurrentUser('tenantId') own: string): object {
    return { event: 'answer', data: [tenant, own] };
  }
}

@Controller()
class MeController {
  @RequireAuth()
  @Get('me')
  me(@CurrentUser('id') id: string): string {
    return id;
  }
}

const hanko = new HankoStub();

const startWith = (tenants?: HankoTenantsOptions): Promise<RunningApp> =>
  startApp(
    'Express',
    {
      imports: [HankoModule.forRoot(tenants === undefined ? {} : { tenants })],
      controllers: [NotesController],
      providers: [NotesGateway],
    },
    { override: (builder) => hanko.override(builder), configure: useLibrary('socket.io') },
  );

beforeEach(() => hanko.signOut());

describe('HankoStub in an app with tenants', () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startWith({ resolve: byHeader });
  });
  afterAll(() => app.app.close());

  const at = (tenant: string | null, token?: string, path = 'notes') =>
    send(`${app.url}/${path}`, {
      ...(tenant !== null && { [TENANT]: tenant }),
      ...(token !== undefined && bearer(token)),
    });

  it('signs a user of one tenant in, whom the others refuse', async () => {
    const user = hanko.signIn({ tenantId: ACME.toUpperCase() });
    expect(user.tenantId).toBe(ACME);
    expect((await at(ACME)).text).toBe(ACME);
    expect(await at(GLOBEX)).toBeRefused('token_key_unknown');
    expect(await at(null)).toBeRefused('tenant_unknown');
    // As in production: without trust() tenants are UUIDs.
    expect(await at('acme')).toBeRefused('tenant_unknown');
  });

  it('takes a user without a tenant for one of whatever tenant is asked', async () => {
    expect(hanko.signIn().tenantId).toBeUndefined();
    expect((await at(ACME)).text).toBe(ACME);
    expect((await at(GLOBEX)).text).toBe(GLOBEX);
  });

  it('makes tokens of a tenant, and takes users from hankoUser()', async () => {
    const token = hanko.token(hankoUser({ tenantId: GLOBEX }));
    expect((await at(GLOBEX, token)).text).toBe(GLOBEX);
    expect(await at(ACME, token)).toBeRefused('token_key_unknown');
  });

  it('knows the tenant of anonymous callers, and of connections', async () => {
    expect((await at(GLOBEX, undefined, 'feed')).text).toBe(GLOBEX);
    await using client = await connect('socket.io', app.url, {
      headers: { [TENANT]: ACME },
      auth: { token: hanko.token({ tenantId: ACME }) },
    });
    expect(await client.ask('tenant')).toMatchObject({ data: [ACME, ACME] });
    await using other = await connect('socket.io', app.url, {
      headers: { [TENANT]: GLOBEX },
      auth: { token: hanko.token({ tenantId: ACME }) },
    });
    expect(await other.ask('tenant')).toMatchObject({ data: { code: 'token_key_unknown' } });
  });

  it.each(['', 'a b', 7, null])('does not take for a tenant: %j', (tenantId) => {
    expect(() => hanko.signIn({ tenantId: tenantId as string })).toThrow(
      'user.tenantId: must be a text without white space',
    );
  });
});

it('asks the trust() of the app which tenants there are, and says what is wrong with its answers', async () => {
  const answers: Readonly<Record<string, unknown>> = {
    acme: { apiUrl: 'https://acme.test', cookieName: 'acme' },
    wrong: { audiences: ['x'] },
    junk: true,
  };
  const trust = (id: string) => (answers[id] as object | undefined) ?? null;
  const { app, url } = await startWith({ resolve: byHeader, trust });
  hanko.signIn();
  const at = (tenant: string) => send(`${url}/notes`, { [TENANT]: tenant });
  expect((await at('acme')).text).toBe('acme');
  expect(await at('globex')).toBeRefused('tenant_unknown');
  expect((await at('wrong')).status).toBe(500);
  expect((await at('junk')).status).toBe(500);
  await app.close();
});

it('does not sign in a user of a tenant where there are none', async () => {
  const { app, url } = await startApp(
    'Express',
    { imports: [HankoModule.forRoot()], controllers: [MeController] },
    { override: (builder) => hanko.override(builder) },
  );
  hanko.signIn({ tenantId: ACME });
  expect((await send(`${url}/me`)).status).toBe(500);
  await app.close();
});
