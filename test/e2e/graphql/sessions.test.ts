import { ResolveField, Resolver, Query, Subscription } from '@nestjs/graphql';
import { CurrentUser, HankoRevocation, type HankoUser, Public } from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, FakeClock, type RunningApp } from '../../support/app.js';
import { sessionIdIn } from '../../support/claims-in.js';
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

  it('refuses what comes after its token has expired, before the connection ends', async () => {
    const user = hanko.createUser();
    const token = await hanko.token({ user: user.id });
    const client = socketTo(app, { params: { token } });
    const events: GraphqlResult[] = [];
    try {
      expect(await over(client, '{ whoAmI }')).toMatchObject([{ data: { whoAmI: user.id } }]);
      const subscription = client.iterate({ query: 'subscription { notes { owner } }' });
      events.push((await subscription.next()).value as GraphqlResult);

      // The timer that ends the connection goes by real time.
      clock.advanceSeconds(DAY);
      goOn();
      events.push((await subscription.next()).value as GraphqlResult);
      expect(events[0]).toMatchObject({ data: { notes: { owner: user.id } } });
      expect(events[1]?.data).toEqual({ notes: { owner: null } });
      expect(codesOf(events[1] ?? {})).toEqual(['token_expired']);
      expect((await over(client, '{ whoAmI }')).map(codesOf)).toEqual([['token_expired']]);
      expect(codesOf(await post(app, '{ whoAmI }', bearer(token)))).toEqual(['token_expired']);
    } finally {
      clock.advanceSeconds(-DAY);
      await client.dispose();
    }
  });

  it('ends it when its session is revoked, and refuses the next one', async () => {
    const user = hanko.createUser();
    const token = await hanko.token({ user: user.id });
    const client = socketTo(app, { params: { token } });
    try {
      const subscription = client.iterate({ query: 'subscription { notes { owner } }' });
      expect((await subscription.next()).value).toMatchObject({
        data: { notes: { owner: user.id } },
      });

      await app.app.get(HankoRevocation).revoke(sessionIdIn(token));
      await expect(subscription.next()).rejects.toMatchObject({
        code: 4403,
        reason: 'session_revoked',
      });
      expect((await over(client, '{ whoAmI }')).map(codesOf)).toEqual([['session_revoked']]);
      expect(codesOf(await post(app, '{ whoAmI }', bearer(token)))).toEqual(['session_revoked']);
    } finally {
      await client.dispose();
    }
  });
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
