import { connect } from 'node:net';
import { Controller, type MessageEvent, Sse } from '@nestjs/common';
import {
  CurrentUser,
  HankoLiveSessions,
  HankoModule,
  HankoRevocation,
  type HankoUser,
  OptionalAuth,
  Public,
  RequireAuth,
} from 'nestjs-hanko';
import { map, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { bearer, PLATFORMS, startApp } from '../../support/app.js';
import { claimsIn, sessionIdIn } from '../../support/claims-in.js';
import { APP_GUARD_PROVIDER } from '../../support/guarded-app.js';
import { KeepAliveClient } from '../../support/keep-alive-client.js';
import {
  ENDINGS,
  eventually,
  expectNothingHeld,
  expectSeen,
  hanko,
  liveOptions,
  passSeconds,
  Source,
  useLiveApp,
  useLiveHanko,
} from '../../support/live-streams.js';

useLiveHanko();

const source = new Source();
const events = (user: HankoUser | null): Observable<MessageEvent> =>
  // By default, browsers wait for three seconds before they connect again.
  source.observe(user?.id ?? 'nobody').pipe(map((data) => ({ data, retry: 1 })));

/** Lets a handler go on that has to prepare something. */
let prepared: () => void = () => undefined;

@Controller()
class EventsController {
  @Sse('events')
  events(@CurrentUser() user: HankoUser): Observable<MessageEvent> {
    return events(user);
  }

  @RequireAuth({ session: 'online' })
  @Sse('asked')
  asked(@CurrentUser() user: HankoUser): Observable<MessageEvent> {
    return events(user);
  }

  @OptionalAuth()
  @Sse('optional')
  optional(@CurrentUser() user: HankoUser | null): Observable<MessageEvent> {
    return events(user);
  }

  @Public()
  @Sse('open')
  open(): Observable<MessageEvent> {
    return events(null);
  }

  @Sse('slow')
  async slow(@CurrentUser() user: HankoUser): Promise<Observable<MessageEvent>> {
    await new Promise<void>((resolve) => {
      prepared = resolve;
    });
    return events(user);
  }
}

describe.each(PLATFORMS)('server-sent events on %s', (platform) => {
  const app = useLiveApp(
    () =>
      startApp(platform, {
        imports: [HankoModule.forRoot(liveOptions())],
        controllers: [EventsController],
        providers: [APP_GUARD_PROVIDER],
      }),
    source,
  );

  it.each(ENDINGS)(
    'end cleanly when their session $title, on a connection that is kept alive',
    async ({ isAsked = false, end }) => {
      const token = await hanko.token();
      const id = claimsIn(token).sub;
      using client = new KeepAliveClient(app.url, bearer(token));
      client.open(isAsked ? '/asked' : '/events');
      await expectSeen(client, '200', id);

      await end(app.app, token, () => client.seen.length > 2);
      await expectSeen(client, '200', id, 'end');
      expect(app.log.messages('error')).toEqual([]);
    },
  );

  it('are answered to a client that asks again: 200 with a new login, 401 with the old one', async () => {
    const user = hanko.createUser();
    const token = await hanko.token({ user: user.id });
    const login = await hanko.token({ user: user.id });
    const headers = bearer(token);
    using client = new KeepAliveClient(app.url, headers);
    client.open('/events');
    await expectSeen(client, '200', user.id);

    await app.app.get(HankoRevocation).revoke(sessionIdIn(token));
    await expectSeen(client, '200', user.id, 'end');
    client.open('/events');
    await expectSeen(client, '200', user.id, 'end', '401', 'end');
    Object.assign(headers, bearer(login));
    client.open('/events');
    await expectSeen(client, '200', user.id, 'end', '401', 'end', '200', user.id);
  });

  it('hold nothing when the client goes', async () => {
    const token = await hanko.token();
    const client = new KeepAliveClient(app.url, bearer(token));
    client.open('/events');
    await expectSeen(client, '200', claimsIn(token).sub);
    expect(app.app.get(HankoLiveSessions).size).toBe(1);
    client[Symbol.dispose]();
    await expectNothingHeld(app.app, source);
  });

  it.each(['/optional', '/open'])('go on for anonymous callers: %s', async (path) => {
    using client = new KeepAliveClient(app.url);
    client.open(path);
    await expectSeen(client, '200', 'nobody');
    expect(app.app.get(HankoLiveSessions).size).toBe(0);
    await passSeconds(app.app, 7 * 24 * 3600);
    source.tell('more');
    await expectSeen(client, '200', 'nobody', 'more');
  });

  it('end on an optional route for who is signed in', async () => {
    const token = await hanko.token();
    using client = new KeepAliveClient(app.url, bearer(token));
    client.open('/optional');
    await expectSeen(client, '200', claimsIn(token).sub);
    await app.app.get(HankoRevocation).revoke(sessionIdIn(token));
    await expectSeen(client, '200', claimsIn(token).sub, 'end');
  });

  it('do not begin if the session ends while they are prepared: 401', async () => {
    const token = await hanko.token();
    using client = new KeepAliveClient(app.url, bearer(token));
    client.open('/slow');
    await eventually(() => expect(app.app.get(HankoLiveSessions).size).toBe(1));
    await app.app.get(HankoRevocation).revoke(sessionIdIn(token));
    await expectSeen(client, '401', 'end');
    prepared();
    await expectNothingHeld(app.app, source);
    expect(app.log.messages('error')).toEqual([]);
  });

  it('end although the client reads nothing', async () => {
    const token = await hanko.token();
    const { hostname, port } = new URL(app.url);
    const socket = connect(Number(port), hostname).pause();
    socket.on('error', () => undefined);
    socket.write(`GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    try {
      await eventually(() => expect(source.size).toBe(1));
      for (let n = 0; n < 30; n += 1) source.tell('x'.repeat(500_000));
      await app.app.get(HankoRevocation).revoke(sessionIdIn(token));
      await expectNothingHeld(app.app, source);
    } finally {
      socket.destroy();
    }
  });
});
