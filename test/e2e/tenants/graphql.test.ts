import { Query, Resolver, Subscription } from '@nestjs/graphql';
import { CurrentUser, type HankoUser } from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, cookie, type RunningApp } from '../../support/app.js';
import { DRIVERS, startGraphqlApp } from '../../support/graphql-app.js';
import {
  codesOf,
  type GraphqlResult,
  over,
  overSocket,
  post,
  socketTo,
} from '../../support/graphql-client.js';
import { byHeader } from '../../support/tenants.js';
import {
  ACME,
  acme,
  apiUrl,
  at,
  GLOBEX,
  keepsTenantsApart,
  useTenants,
  who,
  whoIn,
} from '../../support/tenants-apart.js';

useTenants();

const typeDefs = `type Query { who: String, again: String } type Subscription { ticks: String }`;

@Resolver()
class WhoResolver {
  @Query()
  who(@CurrentUser() user: HankoUser, @CurrentUser('tenantId') tenantId: string): string {
    return user.tenantId === tenantId ? who(user) : 'two tenants';
  }

  @Query()
  again(@CurrentUser() user: HankoUser): string {
    return who(user);
  }

  @Subscription()
  async *ticks(@CurrentUser() user: HankoUser): AsyncGenerator<{ readonly ticks: string }> {
    yield { ticks: who(user) };
  }
}

const answerIn = (result: GraphqlResult): string => {
  const codes = codesOf(result);
  const { who: found, ticks } = Object(result.data) as Record<string, unknown>;
  return String(codes[0] ?? found ?? ticks);
};

describe.each(DRIVERS)('with $name', (driver) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startGraphqlApp(driver, {
      resolver: WhoResolver,
      graphql: { typeDefs },
      hanko: { apiUrl, tenants: { resolve: byHeader } },
    });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  describe('over HTTP, by header', () => {
    keepsTenantsApart(
      async (tenant, token) =>
        answerIn(await post(app, '{ who }', { ...at(tenant), ...bearer(token) })),
      () => app.app,
    );
  });

  describe('over HTTP, by cookie', () => {
    keepsTenantsApart(
      async (tenant, token) =>
        answerIn(await post(app, '{ who }', { ...at(tenant), ...cookie(token), Origin: app.url })),
      () => app.app,
    );
  });

  describe.each(['{ who }', 'subscription { ticks }'])('over a socket: %s', (query) => {
    keepsTenantsApart(
      async (tenant, token) =>
        answerIn(await overSocket(app, query, { headers: at(tenant), params: { token } })),
      () => app.app,
    );
  });

  it('what a client says when it opens a socket names no tenant', async () => {
    const token = await acme.token();
    const params = { token, ['x-tenant']: ACME, headers: { 'x-tenant': ACME }, tenant: ACME };
    expect(answerIn(await overSocket(app, '{ who }', { headers: at(GLOBEX), params }))).toBe(
      'token_key_unknown',
    );
    expect(answerIn(await overSocket(app, '{ who }', { params }))).toBe('tenant_unknown');
  });

  it('a socket of one tenant stays one of it', async () => {
    const token = await acme.token();
    const client = socketTo(app, { headers: at(ACME), params: { token } });
    try {
      for (let n = 0; n < 3; n += 1) {
        expect(await over(client, '{ who again }')).toMatchObject([
          { data: { who: whoIn(ACME, token), again: whoIn(ACME, token) } },
        ]);
      }
    } finally {
      await client.dispose();
    }
  });
});
