import { Controller, Get, type INestApplication, Module, UseGuards } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CurrentUser, HankoAuthGuard, HankoModule, HankoUser, RequireAuth } from 'nestjs-hanko';
import { HankoAdmin } from 'nestjs-hanko/admin';
import { HankoWebhooksModule, OnHankoEvent } from 'nestjs-hanko/webhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bearer,
  cookie,
  type HankoClient,
  sessionIdOf,
  unique,
} from '../../fake-hanko/test/contract/client.js';
import { decodeJws, send } from '../../fake-hanko/test/support/raw-http.js';
import { newAddress, refusal, tenantConfig } from './admin-of.js';

@Controller()
@UseGuards(HankoAuthGuard)
class WhoController {
  @Get('who')
  who(@CurrentUser() user: HankoUser): HankoUser {
    return user;
  }

  @RequireAuth({ session: 'online' })
  @Get('online')
  online(@CurrentUser('tenantId') tenantId: string): unknown {
    return { tenantId };
  }
}

interface Arrived {
  readonly tenantId: string | undefined;
  readonly id: unknown;
}

/** What two tenants of a server issue, as an app with the option `tenants` sees it. */
export function tenantsApp(hanko: HankoClient): void {
  describe('an app with tenants', () => {
    const [acme, globex] = [crypto.randomUUID(), crypto.randomUUID()];
    const arrived: Arrived[] = [];
    let admin: HankoAdmin;
    let app: INestApplication;
    let appUrl: string;

    class EventsHandler {
      @OnHankoEvent('session.delete')
      onSessionDelete({ tenantId, data }: { tenantId?: string | undefined; data: unknown }): void {
        arrived.push({ tenantId, id: (data as { id?: unknown }).id });
      }
    }

    beforeAll(async () => {
      const module = HankoModule.forRoot({
        apiUrl: new URL(hanko.url).origin,
        audience: 'localhost',
        tenants: { resolve: ({ headers }) => headers['x-tenant'] as string | undefined },
      });
      const webhooks = HankoWebhooksModule.forRoot({ path: 'hooks/:tenant' });
      @Module({
        imports: [module, webhooks],
        controllers: [WhoController],
        providers: [EventsHandler],
      })
      class AppModule {}
      const compiled = await Test.createTestingModule({ imports: [AppModule] }).compile();
      app = compiled.createNestApplication({ logger: false });
      await app.listen(0, '127.0.0.1');
      appUrl = await app.getUrl();
      admin = new HankoAdmin({
        url: new URL(hanko.adminUrl).origin,
        managementUrl: String(hanko.managementUrl),
      });
      for (const id of [acme, globex]) await createTenant(id);
    });
    afterAll(async () => {
      await app?.close();
      for (const id of [acme, globex]) await admin.management.tenants.delete(id);
    });

    function createTenant(id: string): Promise<unknown> {
      const hooks = [{ callback: `${appUrl}/hooks/${id}`, events: ['session.delete'] }];
      const config = { ...tenantConfig(), webhooks: { enabled: true, hooks } };
      return admin.management.tenants.create({ id, config });
    }

    /** Somebody of a tenant who signs in. @param id as of an import. */
    async function login(tenant: string, id?: string) {
      const { users, sessions } = admin.tenant(tenant);
      const email = { address: newAddress(), isPrimary: true, isVerified: true };
      const user = await users.create({ emails: [email], ...(id !== undefined && { id }) });
      return { user, token: await sessions.create({ userId: user.id }) };
    }

    async function ask(tenant: string, headers: Readonly<Record<string, string>>, path = '/who') {
      const answer = await send({
        url: appUrl + path,
        headers: { 'x-tenant': tenant, ...headers },
      });
      const { code } = answer.body as { code?: unknown };
      return { status: answer.status, ...(code !== undefined && { code }) };
    }
    const good = { status: 200 };
    const bad = (code: string): object => ({ status: code === 'tenant_unknown' ? 404 : 401, code });

    it('knows the users of each, and nobody of another', async () => {
      const [ofAcme, ofGlobex] = [await login(acme), await login(globex)];
      expect(decodeJws(ofAcme.token).claims.aud).toEqual(decodeJws(ofGlobex.token).claims.aud);
      for (const headers of [bearer, cookie]) {
        expect(await ask(acme, headers(ofAcme.token))).toEqual(good);
        expect(await ask(globex.toUpperCase(), headers(ofGlobex.token))).toEqual(good);
        expect(await ask(globex, headers(ofAcme.token))).toEqual(bad('token_key_unknown'));
        expect(await ask(acme, headers(ofGlobex.token))).toEqual(bad('token_key_unknown'));
      }
      const { body } = await send({
        url: `${appUrl}/who`,
        headers: { 'x-tenant': globex, ...bearer(ofGlobex.token) },
      });
      expect(body).toMatchObject({ id: ofGlobex.user.id, tenantId: globex });
    });

    it('asks the right one whether a session lives', async () => {
      const [ofAcme, ofGlobex] = [await login(acme), await login(globex)];
      expect(await ask(acme, bearer(ofAcme.token), '/online')).toEqual(good);
      expect(await ask(globex, bearer(ofGlobex.token), '/online')).toEqual(good);
      await admin.tenant(acme).sessions.revoke(ofAcme.user.id, sessionIdOf(ofAcme.token));
      expect(await ask(acme, bearer(ofAcme.token), '/online')).toMatchObject({ status: 401 });
      expect(await ask(globex, bearer(ofGlobex.token), '/online')).toEqual(good);
    });

    it('has each id of a user once, and each address once in each tenant', async () => {
      const { user } = await login(acme);
      await expect(login(globex, user.id)).rejects.toMatchObject(refusal('conflict', 409));
      const email = { address: newAddress(), isPrimary: true, isVerified: true };
      const ids = await Promise.all(
        [acme, globex].map(async (tenant) => {
          const { users } = admin.tenant(tenant);
          return (await users.create({ emails: [email], username: unique() })).id;
        }),
      );
      expect(new Set(ids).size).toBe(2);
    });

    it('says 404 for what this Hanko knows no tenant by, with a token or without', async () => {
      const { token } = await login(acme);
      for (const tenant of [crypto.randomUUID(), 'acme', '..', '', `${acme}/x`, `${acme}%2f`]) {
        expect(await ask(tenant, bearer(token))).toEqual(bad('tenant_unknown'));
      }
    });

    it('does not know a deleted one any more, once it has to ask', async () => {
      const id = crypto.randomUUID();
      await createTenant(id);
      const { token } = await login(id);
      expect(await ask(id, bearer(token))).toEqual(good);
      await admin.management.tenants.delete(id);
      expect((await ask(id, bearer(token), '/online')).status).not.toBe(200);
      // A key that it does not know makes it ask for keys: Hanko has none, and no such tenant.
      const { token: other } = await login(acme);
      await ask(id, bearer(other));
      expect(await ask(id, bearer(token))).toEqual(bad('tenant_unknown'));
    });

    it('hears of the end of a session from the tenant that it was of', async () => {
      const [ofAcme, ofGlobex] = [await login(acme), await login(globex)];
      await admin.tenant(globex).sessions.revoke(ofGlobex.user.id, sessionIdOf(ofGlobex.token));
      const ended = { tenantId: globex, id: sessionIdOf(ofGlobex.token) };
      await expect.poll(() => arrived, { timeout: 10_000 }).toContainEqual(ended);
      expect(await ask(globex, bearer(ofGlobex.token))).toEqual(bad('session_revoked'));
      expect(await ask(acme, bearer(ofAcme.token))).toEqual(good);
    });
  });
}
