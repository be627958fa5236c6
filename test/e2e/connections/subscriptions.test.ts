import { Query, Resolver, Subscription } from '@nestjs/graphql';
import {
  CurrentUser,
  HankoLiveSessions,
  HankoRevocation,
  type HankoUser,
  OptionalAuth,
  Public,
  RequireAuth,
} from 'nestjs-hanko';
import { type Client, createClient } from 'graphql-ws';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { bearer, type RunningApp } from '../../support/app.js';
import { claimsIn, sessionIdIn } from '../../support/claims-in.js';
import { type Driver, DRIVERS, startGraphqlApp } from '../../support/graphql-app.js';
import { codesOf, type GraphqlResult } from '../../support/graphql-client.js';
import { KeepAliveClient } from '../../support/keep-alive-client.js';
import {
  ENDINGS,
  eventually,
  expectSeen,
  hanko,
  liveOptions,
  passSeconds,
  Source,
  useLiveApp,
  useLiveHanko,
} from '../../support/live-streams.js';

useLiveHanko();

const typeDefs = `
  type Query { whoAmI: String }
  type Subscription { ticks: String, asked: String, optional: String, open: String }
`;

const source = new Source();
const ticks = (field: string, user: HankoUser | null) =>
  source.iterate(user?.id ?? 'nobody', (event) => ({ [field]: event }));

@Resolver()
class TicksResolver {
  @Query()
  whoAmI(@CurrentUser('id') id: string): string {
    return id;
  }

  @Subscription()
  ticks(@CurrentUser() user: HankoUser): unknown {
    return ticks('ticks', user);
  }

  @RequireAuth({ session: 'online' })
  @Subscription()
  asked(@CurrentUser() user: HankoUser): unknown {
    return ticks('asked', user);
  }

  @OptionalAuth()
  @Subscription()
  optional(@CurrentUser() user: HankoUser | null): unknown {
    return ticks('optional', user);
  }

  @Public()
  @Subscription()
  open(): unknown {
    return ticks('open', null);
  }
}

const useTicksApp = (driver: Driver): RunningApp =>
  useLiveApp(
    () =>
      startGraphqlApp(driver, {
        resolver: TicksResolver,
        graphql: { typeDefs },
        hanko: liveOptions(),
      }),
    source,
  );

/** A front end, as the readme of graphql-ws has it, that writes down what it sees. */
class FrontEnd {
  readonly seen: string[] = [];
  readonly client: Client;

  /** @param login what `connectionParams` asks for each time. */
  constructor({ url }: RunningApp, login: () => Promise<string | undefined>) {
    this.client = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: async () => ({ token: await login() }),
      // By default it waits for a second and more.
      retryWait: async () => undefined,
      on: {
        connected: () => void this.seen.push('connected'),
        closed: (event) => {
          const { code, reason } = event as { code: number; reason: string };
          this.seen.push(`closed ${code} ${reason}`);
        },
      },
    });
  }

  subscribe(field: string): void {
    const refused = (errors: unknown): void =>
      void this.seen.push(codesOf({ errors } as GraphqlResult).join());
    this.client.subscribe<Record<string, string>>(
      { query: `subscription { ${field} }` },
      {
        next: ({ data, errors }) =>
          void (errors ? refused(errors) : this.seen.push(data?.[field] as string)),
        // Drivers send a refusal as a result and then this, or in place of it.
        complete: () => undefined,
        error: refused,
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.dispose();
  }
}

const DAYS = 24 * 3600;

describe.each(DRIVERS)('a subscription of $name over a WebSocket', (driver) => {
  const app = useTicksApp(driver);

  const closed = (code: string): string =>
    `closed ${code === 'hanko_unavailable' ? 1013 : 4403} ${code}`;

  it.each(ENDINGS)(
    'ends when its session $title: the client asks again once, is refused, and stops',
    async ({ code, isAsked = false, end }) => {
      const user = hanko.createUser();
      const token = await hanko.token({ user: user.id });
      await using front = new FrontEnd(app, async () => token);
      front.subscribe(isAsked ? 'asked' : 'ticks');
      await expectSeen(front, 'connected', user.id);

      await end(app.app, token, () => front.seen.length > 2);
      // It has nothing to do any more.
      const stopped = 'closed 1000 Normal Closure';
      await expectSeen(front, 'connected', user.id, closed(code), 'connected', code, stopped);
    },
  );

  it.each(ENDINGS.filter(({ code }) => code !== 'hanko_unavailable'))(
    'goes on by itself with a new login when its session $title, and others go on in any case',
    async ({ code, isAsked = false, end }) => {
      const user = hanko.createUser();
      const login = (): Promise<string> => hanko.token({ user: user.id });
      let token = '';
      await using front = new FrontEnd(app, async () => (token = await login()));
      front.subscribe(isAsked ? 'asked' : 'ticks');
      await expectSeen(front, 'connected', user.id);
      const [first] = [token];
      const otherToken = await hanko.token({ lifespanSeconds: 7 * DAYS });
      await using other = new FrontEnd(app, async () => otherToken);
      other.subscribe('ticks');
      await expectSeen(other, 'connected', sub(otherToken));

      await end(app.app, first, () => front.seen.length > 2);
      await expectSeen(front, 'connected', user.id, closed(code), 'connected', user.id);
      source.tell('more');
      await expectSeen(front, 'connected', user.id, closed(code), 'connected', user.id, 'more');
      await expectSeen(other, 'connected', sub(otherToken), 'more');
      expect(app.app.get(HankoLiveSessions).size).toBe(2);
    },
  );

  it('ends with the connection that any operation of the session came by', async () => {
    const token = await hanko.token();
    await using front = new FrontEnd(app, async () => token);
    front.subscribe('open');
    await expectSeen(front, 'connected', 'nobody');
    expect(app.app.get(HankoLiveSessions).size).toBe(0);
    front.subscribe('optional');
    front.subscribe('ticks');
    await expectSeen(front, 'connected', 'nobody', sub(token), sub(token));
    expect([app.app.get(HankoLiveSessions).size, source.size]).toEqual([1, 3]);

    await app.app.get(HankoRevocation).revoke(sessionIdIn(token));
    await eventually(() => expect(front.seen[4]).toBe('closed 4403 session_revoked'));
    // Its client asks again for all of them: the public one is there, and the others are refused.
    const again = ['connected', 'nobody', 'session_revoked', 'session_revoked'];
    await eventually(() => expect(front.seen.slice(5).toSorted()).toEqual(again));
    expect([app.app.get(HankoLiveSessions).size, source.size]).toEqual([0, 1]);
  });

  it('goes on where an anonymous caller may have it', async () => {
    await using front = new FrontEnd(app, async () => undefined);
    front.subscribe('optional');
    await expectSeen(front, 'connected', 'nobody');
    await passSeconds(app.app, 7 * DAYS);
    source.tell('more');
    await expectSeen(front, 'connected', 'nobody', 'more');
    expect(app.app.get(HankoLiveSessions).size).toBe(0);
  });
});

describe.each(DRIVERS.filter(({ name }) => name.startsWith('Yoga')))(
  'a subscription of $name over server-sent events',
  (driver) => {
    const app = useTicksApp(driver);

    it.each(ENDINGS)(
      'ends when its session $title, on a connection that is kept alive',
      async ({ isAsked = false, end }) => {
        const token = await hanko.token();
        const field = isAsked ? 'asked' : 'ticks';
        const query = encodeURIComponent(`subscription { ${field} }`);
        const headers = { accept: 'text/event-stream', ...bearer(token) };
        using client = new KeepAliveClient(app.url, headers);
        client.open(`/graphql?query=${query}`);
        const event = JSON.stringify({ data: { [field]: sub(token) } });
        await expectSeen(client, '200', event);

        await end(app.app, token, () => client.seen.length > 2);
        await expectSeen(client, '200', event, 'end');
      },
    );
  },
);

const sub = (token: string): string => claimsIn(token).sub;
