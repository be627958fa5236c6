import { Controller, type MessageEvent, Sse, UseGuards } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoLiveSessions,
  hankoSockets,
  HankoRevocation,
  type HankoTrustedTenant,
  type HankoUser,
  SessionSignal,
} from 'nestjs-hanko';
import { WsAdapter } from '@nestjs/platform-ws';
import { map, type Observable } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, type Platform, PLATFORMS, type RunningApp, startApp } from '../../support/app.js';
import { claimsIn } from '../../support/claims-in.js';
import { connect, type Frame } from '../../support/gateways.js';
import { KeepAliveClient } from '../../support/keep-alive-client.js';
import { eventually, expectNothingHeld, expectSeen, Source } from '../../support/live-streams.js';
import { byHeader, hanko, madeUp } from '../../support/tenants.js';
import {
  ACME,
  acme,
  at,
  GLOBEX,
  globex,
  tenantsModule,
  twinOf,
  useTenants,
  who,
  whoIn,
} from '../../support/tenants-apart.js';

useTenants();

const source = new Source();
/** Of calls that go on. */
const signals: AbortSignal[] = [];

@Controller()
class EventsController {
  @UseGuards(HankoAuthGuard)
  @Sse('events')
  events(
    @CurrentUser() user: HankoUser,
    @SessionSignal() signal: AbortSignal,
  ): Observable<MessageEvent> {
    signals.push(signal);
    return source.observe(who(user)).pipe(map((data) => ({ data, retry: 1 })));
  }
}

@WebSocketGateway()
class WhoGateway {
  @UseGuards(HankoAuthGuard)
  @SubscribeMessage('who')
  who(@CurrentUser() user: HankoUser): Frame {
    return { event: 'reply', data: who(user) };
  }
}

const start = (
  platform: Platform,
  trust?: (id: string) => HankoTrustedTenant | null,
): Promise<RunningApp> =>
  startApp(
    platform,
    {
      imports: [tenantsModule({ tenants: { resolve: byHeader, ...(trust && { trust }) } })],
      controllers: [EventsController],
      providers: [WhoGateway],
    },
    { configure: (app) => void app.useWebSocketAdapter(hankoSockets(app, new WsAdapter(app))) },
  );

describe.each(PLATFORMS)('on %s', (platform) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await start(platform);
  });
  afterAll(async () => {
    await expectNothingHeld(app.app, source);
    await app[Symbol.asyncDispose]();
  });

  const open = async (tenant: string, token: string) => {
    const headers = { ...at(tenant), ...bearer(token) };
    const socket = await connect('ws', app.url, { headers });
    const events = new KeepAliveClient(app.url, headers);
    events.open('/events');
    await expectSeen(events, '200', whoIn(tenant, token));
    let isClosed = false;
    void socket.closed.then(() => (isClosed = true));
    return {
      socket,
      events,
      signal: signals.at(-1) as AbortSignal,
      isClosed: () => isClosed,
      async [Symbol.asyncDispose]() {
        events[Symbol.dispose]();
        await socket[Symbol.asyncDispose]();
      },
    };
  };

  it('a revocation at one tenant ends nothing at another one that has the same ids', async () => {
    const token = await acme.token();
    const twin = await twinOf(token);
    const { sub, session_id: sessionId } = claimsIn(token);
    await using ofAcme = await open(ACME, token);
    await using ofGlobex = await open(GLOBEX, twin);
    expect(app.app.get(HankoLiveSessions).size).toBeGreaterThanOrEqual(4);
    const revocation = app.app.get(HankoRevocation);

    await revocation.tenant(ACME).revoke(sessionId);
    expect(await ofAcme.socket.closed).toBe('4401 session_revoked');
    await expectSeen(ofAcme.events, '200', whoIn(ACME, token), 'end');
    expect(ofAcme.signal.aborted).toBe(true);
    await revocation.tenant(ACME).revokeUser(sub);
    expect(await ofGlobex.socket.ask('who')).toEqual({
      event: 'reply',
      data: whoIn(GLOBEX, twin),
    });
    expect(ofGlobex.signal.aborted).toBe(false);

    await revocation.tenant(GLOBEX).revokeUser(sub);
    expect(await ofGlobex.socket.closed).toBe('4401 session_revoked');
    await expectSeen(ofGlobex.events, '200', whoIn(GLOBEX, twin), 'end');
  });

  it('a tenant that is deleted takes its connections along, and nobody else', async () => {
    const [id = ''] = madeUp(1);
    const tenant = await hanko.createTenant(id);
    const token = await tenant.token();
    const other = await acme.token();
    await using gone = await open(id, token);
    await using stays = await open(ACME, other);

    hanko.deleteTenant(id);
    // A key that is not known makes the app ask for the keys.
    await app.get('/events', { ...at(id), ...bearer(await globex.token()) });
    expect(await gone.socket.closed).toBe('4401 tenant_unknown');
    await expectSeen(gone.events, '200', whoIn(id, token), 'end');
    expect(gone.signal.reason).toMatchObject({ code: 'tenant_unknown' });
    expect(await stays.socket.ask('who')).toMatchObject({ data: whoIn(ACME, other) });
    expect(stays.isClosed()).toBe(false);
    expect((await app.get('/events', { ...at(id), ...bearer(token) })).status).toBe(404);
  });

  it('a tenant of another id is told from one in upper case by nobody: it is the same', async () => {
    const token = await acme.token();
    await using client = await connect('ws', app.url, {
      headers: { ...at(ACME.toUpperCase()), ...bearer(token) },
    });
    await app.app
      .get(HankoRevocation)
      .tenant(ACME.toUpperCase())
      .revoke(claimsIn(token).session_id);
    expect(await client.closed).toBe('4401 session_revoked');
  });
});

it('only the id of a tenant as users have it is watched', async () => {
  await using app = await start('Express');
  const live = app.app.get(HankoLiveSessions);
  const user = {
    id: ACME,
    sessionId: GLOBEX,
    authenticatedAt: new Date(),
    expiresAt: new Date(Date.now() + 60_000),
  };
  for (const tenantId of [undefined, '', ' ', 42, ACME.toUpperCase()]) {
    expect(() => live.signal({ ...user, tenantId: tenantId as string })).toThrow(TypeError);
  }
  expect(live.signal({ ...user, tenantId: ACME }).aborted).toBe(false);
  await eventually(() => expect(live.size).toBe(1));
});
