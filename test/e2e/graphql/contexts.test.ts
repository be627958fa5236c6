import { Agent, type ClientRequest, request } from 'node:http';
import { Context, Query, Resolver, Subscription } from '@nestjs/graphql';
import { CurrentUser, type HankoUser, OptionalAuth, Public } from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, cookie, type RunningApp, send } from '../../support/app.js';
import { type Driver, DRIVERS, startGraphqlApp } from '../../support/graphql-app.js';
import { codesOf, overSocket, post } from '../../support/graphql-client.js';
import { hanko, token, userId, useGuardedHanko } from '../../support/guarded-app.js';
import { IS_NEST_11 } from '../../support/message-app.js';

useGuardedHanko();

let otherId: string;
let otherToken: string;
beforeAll(async () => {
  const other = hanko.createUser({ email: 'bob@example.test' });
  otherId = other.id;
  otherToken = await hanko.token({ user: other });
});

const typeDefs = `
  type Query { whoAmI: String, optional: String, open: String, mine: String, never: String }
  type Subscription { ticks: String }
`;

let hasArrived: (arrived?: unknown) => void = () => undefined;

@Resolver()
class ContextResolver {
  @Query()
  whoAmI(@CurrentUser() user: HankoUser): string {
    return user.id;
  }

  @OptionalAuth()
  @Query()
  optional(@CurrentUser() user: HankoUser | null): string {
    return user?.id ?? 'nobody';
  }

  @Public()
  @Query()
  open(): string {
    return 'open';
  }

  @Query()
  never(): Promise<string> {
    hasArrived();
    return new Promise(() => undefined);
  }

  @Query()
  mine(@Context('mine') mine: string): string {
    return mine;
  }

  @Subscription()
  async *ticks(@CurrentUser('id') id: string): AsyncGenerator<{ ticks: string }> {
    yield { ticks: id };
  }
}

/** An app whose own `context` is this one, over HTTP and sockets. */
const start = (driver: Driver, context: unknown): Promise<RunningApp> =>
  startGraphqlApp(driver, {
    resolver: ContextResolver,
    graphql: {
      typeDefs,
      context,
      ...(driver.name === 'Mercurius' && {
        subscription: {
          fullWsTransport: true,
          ...(typeof context === 'function' && { context }),
        },
      }),
    },
  });

/** Which lines tell operators what to change about the context. */
const advice = ({ log }: RunningApp): string[] =>
  log.messages('error', 'HankoAuth').filter((line) => line.includes('GraphQL context'));

describe.each(DRIVERS)('$name, with a context function of the app', (driver) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await start(driver, () => ({ mine: 'mine', extra: { mine: 1 }, connectionParams: {} }));
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it('knows callers over HTTP', async () => {
    expect(await post(app, '{ whoAmI mine }', bearer(token))).toMatchObject({
      data: { whoAmI: userId, mine: 'mine' },
    });
    expect(await post(app, '{ whoAmI }', bearer(otherToken))).toMatchObject({
      data: { whoAmI: otherId },
    });
    expect(codesOf(await post(app, '{ whoAmI }'))).toEqual(['credentials_missing']);
  });

  it('knows callers over sockets by the cookie of the handshake', async () => {
    for (const [name, id] of [
      [token, userId],
      [otherToken, otherId],
    ] as const) {
      expect(await overSocket(app, '{ whoAmI }', { headers: cookie(name) })).toMatchObject({
        data: { whoAmI: id },
      });
    }
    const evil = { headers: { ...cookie(token), Origin: 'https://evil.example' } };
    expect(codesOf(await overSocket(app, 'subscription { ticks }', evil))).toEqual([
      'cross_site_request',
    ]);
  });
});

describe.each(DRIVERS)('$name, with a context that holds a request of the app', (driver) => {
  /** One object for all, as nobody should write it: whoever calls last stands in it. */
  const shared: { headers: Record<string, unknown> } = { headers: {} };
  let app: RunningApp;
  beforeAll(async () => {
    app = await start(driver, (first: Record<string, never>, second?: Record<string, never>) => {
      const { headers } = [first, first['req'], second].find((from) => from?.['headers']) ?? {
        headers: {},
      };
      shared.headers = { ...headers };
      return { req: shared };
    });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it('remembers nobody for the next one', async () => {
    for (const [name, id] of [
      [token, userId],
      [otherToken, otherId],
      [token, userId],
    ] as const) {
      expect(await post(app, '{ whoAmI }', bearer(name))).toMatchObject({ data: { whoAmI: id } });
    }
    expect(codesOf(await post(app, '{ whoAmI }'))).toEqual(['credentials_missing']);
    expect(codesOf(await post(app, '{ whoAmI }', bearer('garbage')))).toEqual(['token_malformed']);
  });

  it('refuses a cookie there, with a line that says what to change', async () => {
    if (driver.name.startsWith('Yoga')) return;
    const result = await post(app, '{ whoAmI optional open }', cookie(token));

    expect(codesOf(result)).toEqual(['context_unsupported', 'context_unsupported']);
    expect(result.data).toEqual({ whoAmI: null, optional: null, open: 'open' });
    expect(advice(app)).toEqual([
      expect.stringMatching(
        /^ContextResolver\.whoAmI: its GraphQL context shows no request .*no "req" of its own/,
      ),
      expect.stringMatching(/^ContextResolver\.optional: /),
    ]);
  });
});

/** Drivers that leave the first request in an object which all requests share. */
const sharesContexts = ({ name }: Driver): boolean =>
  name === 'Mercurius' || (IS_NEST_11 && name.startsWith('Apollo'));

describe('with one context object for all', () => {
  it.each(DRIVERS.filter(sharesContexts))('$name does not start', async (driver) => {
    await expect(start(driver, { mine: 'mine' })).rejects.toMatchObject({
      code: 'configuration_invalid',
      faults: [{ path: 'GraphQLModule.forRoot(), context' }],
    });
  });

  it.each(DRIVERS.filter((driver) => !sharesContexts(driver)))(
    '$name answers each caller as itself',
    async (driver) => {
      await using app = await start(driver, { mine: 'mine' });
      for (const [name, id] of [
        [token, userId],
        [otherToken, otherId],
      ] as const) {
        expect(await post(app, '{ whoAmI mine }', bearer(name))).toMatchObject({
          data: { whoAmI: id, mine: 'mine' },
        });
        expect(await overSocket(app, '{ whoAmI }', { params: { token: name } })).toMatchObject({
          data: { whoAmI: id },
        });
      }
      expect(codesOf(await post(app, '{ whoAmI }'))).toEqual(['credentials_missing']);
    },
  );

  it.each(DRIVERS)(
    '$name answers each caller as itself where a function returns it, whoever came first',
    async (driver) => {
      for (const isSocketFirst of [false, true]) {
        const shared = { mine: 'mine' };
        await using app = await start(driver, () => shared);
        await using busy = new BusyConnection(app);
        if (isSocketFirst) await overSocket(app, '{ whoAmI }', { params: { token } });
        else await busy.ask();

        expect(await post(app, '{ whoAmI mine }', bearer(otherToken))).toMatchObject({
          data: { whoAmI: otherId, mine: 'mine' },
        });
        expect(
          await overSocket(app, '{ whoAmI }', { params: { token: otherToken } }),
        ).toMatchObject({ data: { whoAmI: otherId } });
        for (const ask of [post, overSocket]) {
          const { data } = await ask(app, '{ whoAmI optional }');
          expect(data).toEqual({ whoAmI: null, optional: 'nobody' });
        }
      }
    },
  );
});

/** A client that always waits for another answer on the connection of its first request. */
class BusyConnection implements AsyncDisposable {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });
  private waiting: ClientRequest | undefined;

  constructor(private readonly app: RunningApp) {}

  async ask(): Promise<void> {
    await send(`${this.app.url}/graphql`, this.fields, {
      method: 'POST',
      body: JSON.stringify({ query: '{ whoAmI }' }),
      agent: this.agent,
    });
    const arrived = new Promise((resolve) => (hasArrived = resolve));
    this.waiting = request(`${this.app.url}/graphql`, {
      method: 'POST',
      headers: this.fields,
      agent: this.agent,
    }).on('error', () => undefined);
    this.waiting.end(JSON.stringify({ query: '{ never }' }));
    await arrived;
  }

  private readonly fields = { 'Content-Type': 'application/json', ...bearer(token) };

  async [Symbol.asyncDispose](): Promise<void> {
    this.waiting?.destroy();
    this.agent.destroy();
  }
}

describe.each(DRIVERS.filter(({ name }) => name.startsWith('Apollo')))(
  '$name, with the handshake as the request of its context, and connectionParams in its header fields,',
  (driver) => {
    type Handshake = { headers: object };
    type Given = { req?: object; extra?: { request: Handshake }; connectionParams?: object };
    const RECIPES: Readonly<Record<string, (handshake: Handshake, said: object) => object>> = {
      'written into them': (handshake, said) => {
        Object.assign(handshake.headers, said);
        return handshake;
      },
      'in a copy': (handshake, said) => ({
        ...handshake,
        headers: { ...handshake.headers, ...said },
      }),
      'in an heir': (handshake, said) =>
        Object.create(handshake, {
          headers: { value: { ...handshake.headers, ...said } },
        }) as object,
      'in a wrapper': (handshake, said) => ({
        raw: handshake,
        headers: { ...handshake.headers, ...said },
      }),
    };

    it.each(Object.keys(RECIPES))('refuses cookies of foreign pages: %s', async (recipe) => {
      await using app = await start(driver, ({ req, extra, connectionParams }: Given) =>
        extra ? { req: RECIPES[recipe]?.(extra.request, { ...connectionParams }) } : { req },
      );
      const own = await overSocket(app, '{ whoAmI }', { headers: cookie(token) });
      expect(own).toMatchObject({ data: { whoAmI: userId } });
      for (const query of ['{ whoAmI }', 'subscription { ticks }']) {
        for (const upgrade of ['', null, [], 'h2c', undefined]) {
          const lies = { upgrade, 'sec-fetch-site': 'same-origin', origin: app.url };
          const evil = { headers: { ...cookie(token), Origin: 'https://evil.example' } };
          expect(codesOf(await overSocket(app, query, { ...evil, params: lies }))).toEqual([
            'cross_site_request',
          ]);
        }
      }
    });
  },
);
