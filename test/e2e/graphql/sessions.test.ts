import { ResolveField, Resolver, Query, Subscription } from '@nestjs/graphql';
import { CurrentUser, HankoRevocation, type HankoUser, Public } from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, FakeClock, type RunningApp } from '../../support/app.js';
import { DRIVERS, startGraphqlApp } from '../../support/graphql-app.js';
import { codesOf, type GraphqlResult, over, post, socketTo } from '../../support/graphql-client.js';
import { hanko, useGuardedHanko } from '../../support/guarded-app.js';

useGuardedHanko();

const typeDefs = `
  type Note { owner: String }
  type Query { whoAmI: String }
  type Subscription { notes: Note }
`;

const DAY = 24 * 3600;

/** Lets the second event of a subscription come. */
let goOn: () => void = () => undefined;

@Resolver('Note')
class LiveResolver {
  @Query()
  whoAmI(@CurrentUser('id') id: string): string {
    return id;
  }

  @Public()
  @Subscription()
  async *notes(): AsyncGenerator<object> {
    const next = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    yield { notes: {} };
    await next;
    yield { notes: {} };
  }

  @ResolveField()
  owner(@CurrentUser() user: HankoUser): string {
    return user.id;
  }
}

/** One object for each connection, as an app may keep it for its loaders. */
const contexts = new WeakMap<object, object>();
const context = (first: object & { extra?: object }): object => {
  const key = first.extra ?? first;
  const known = contexts.get(key) ?? { loaders: {} };
  contexts.set(key, known);
  return known;
};

describe.each(DRIVERS)('$name, on a connection that stays open', (driver) => {
  const clock = new FakeClock();
  let app: RunningApp;
  beforeAll(async () => {
    app = await startGraphqlApp(driver, {
      resolver: LiveResolver,
      hanko: { now: clock.now },
      graphql: { typeDefs, context },
    });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const ends: Readonly<Record<string, readonly [string, (sessionId: string) => unknown]>> = {
    'was revoked': ['session_revoked', (id) => app.app.get(HankoRevocation).revoke(id)],
    'has expired': ['token_expired', () => clock.advanceSeconds(DAY)],
  };

  it.each(Object.entries(ends))(
    'refuses what comes after its session %s',
    async (_, [code, end]) => {
      const user = hanko.createUser();
      const token = await hanko.token({ user: user.id });
      const sessionId = hanko.sessions(user.id)[0]?.id ?? '';
      const client = socketTo(app, { params: { token } });
      const events: GraphqlResult[] = [];
      try {
        expect(await over(client, '{ whoAmI }')).toMatchObject([{ data: { whoAmI: user.id } }]);
        const subscription = client.iterate({ query: 'subscription { notes { owner } }' });
        events.push((await subscription.next()).value as GraphqlResult);

        await end(sessionId);
        goOn();
        events.push((await subscription.next()).value as GraphqlResult);
        expect(events[0]).toMatchObject({ data: { notes: { owner: user.id } } });
        expect(events[1]?.data).toEqual({ notes: { owner: null } });
        expect(codesOf(events[1] ?? {})).toEqual([code]);
        expect((await over(client, '{ whoAmI }')).map(codesOf)).toEqual([[code]]);
        expect(codesOf(await post(app, '{ whoAmI }', bearer(token)))).toEqual([code]);
      } finally {
        if (code === 'token_expired') clock.advanceSeconds(-DAY);
        await client.dispose();
      }
    },
  );
});

describe.each(DRIVERS)('$name, with the policy "online"', (driver) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startGraphqlApp(driver, { hanko: { session: 'online' } });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it('asks Hanko once for all fields of an operation, and again for the next one', async () => {
    const token = await hanko.token();
    const asked = (): number =>
      hanko.requests.filter(({ path }) => path.startsWith('/sessions/validate')).length;
    const client = socketTo(app, { params: { token } });
    try {
      for (const ask of [
        () => over(client, '{ a: whoAmI b: whoAmI optional }'),
        () => post(app, '{ a: whoAmI b: whoAmI optional }', bearer(token)),
      ]) {
        for (let round = 0; round < 2; round += 1) {
          const before = asked();
          await ask();
          expect(asked() - before).toBe(1);
        }
      }
    } finally {
      await client.dispose();
    }
  });
});
