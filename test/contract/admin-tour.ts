import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { HankoAdmin } from 'nestjs-hanko/admin';
import { describe, expect, it } from 'vitest';
import { type HankoClient, unique } from '../../fake-hanko/test/contract/client.js';
import { adminOf, newAddress, signedIn, tenantConfig } from './admin-of.js';
import { ADMIN_ROUTES, callsOf, MANAGEMENT_ROUTES } from './routes.js';

/** Notes which routes each method of a client calls, as they go over the wire. One call after the other. */
class Tour implements AsyncDisposable {
  readonly routes = new Map<string, Set<string>>();
  private readonly origins: readonly string[];
  private method = '';

  constructor(...bases: readonly (string | undefined)[]) {
    this.origins = bases.flatMap((base) => (base === undefined ? [] : new URL(base).host));
    subscribe('http.client.request.start', this.note);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    unsubscribe('http.client.request.start', this.note);
  }

  /** A resource whose calls are noted. */
  watch<Resource extends object>(name: string, resource: Resource): Resource {
    return new Proxy(resource, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return (...given: readonly unknown[]): unknown => {
          this.method = `${name}.${String(key)}`;
          return Reflect.apply(value, target, given);
        };
      },
    });
  }

  private readonly note = (message: unknown): void => {
    const { request } = message as { readonly request: ClientRequest };
    const host = String(request.getHeader('host'));
    if (!this.origins.includes(host)) return;
    const route = `${request.method} ${routeOf(request.path)}`;
    this.routes.set(route, (this.routes.get(route) ?? new Set()).add(this.method));
  };
}

/** Without the tenant, ids and the query. */
const routeOf = (path: string): string =>
  path
    .replace(/\?.*/, '')
    .replace(/^\/[0-9a-f-]{36}(?=\/)/, '')
    .replaceAll(/\/[0-9a-f-]{36}(?=\/|$)/g, '/:id')
    .replace(/(\/webauthn_credentials)\/.+/, '$1/:id');

/** Calls every method once, in an order in which it can. */
async function callAll(admin: HankoAdmin, tour: Tour, hanko: HankoClient): Promise<void> {
  const watched = Object.entries(admin).map(([name, resource]) => [
    name,
    tour.watch(name, resource as object),
  ]);
  const all = Object.fromEntries(watched) as Omit<HankoAdmin, 'management' | 'onModuleDestroy'>;
  const { users, emails, passwords, otp, credentials, metadata, sessions } = all;
  const email = { address: newAddress(), isPrimary: true, isVerified: true };
  const user = hanko.adopt(await users.create({ emails: [email], username: unique() }));
  const { id: userId, username = '' } = user;
  await users.list({ ids: [userId] }).page();
  await users.get(userId);
  await users.findByEmail(email.address);
  await users.findByUsername(username);
  await users.update(userId, { name: 'Ada' });

  const second = await emails.create(userId, { address: newAddress() });
  await emails.list(userId);
  await emails.get(userId, second.id);
  await emails.setPrimary(userId, second.id);
  await emails.delete(userId, user.emails[0]?.id ?? '');

  const { key } = await signedIn(hanko, await sessions.create({ userId }));
  await otp.get(userId);
  await otp.delete(userId);
  await credentials.list(userId);
  await credentials.get(userId, key.id);
  await credentials.delete(userId, key.id);

  await metadata.update(userId, { publicMetadata: { role: 'admin' } });
  await metadata.get(userId);
  await metadata.getStored(userId);
  await metadata.clear(userId);

  await passwords.create(userId, 'difference engine');
  await passwords.get(userId);
  await sessions.list(userId);
  await passwords.update(userId, 'analytical engine');
  await sessions.create({ userId });
  await passwords.delete(userId);
  await sessions.create({ userId });
  await users.revokeSessions(userId);
  await sessions.create({ userId });
  await sessions.revokeAll(userId);
  await sessions.create({ userId });
  // What is looked up between the calls is noted as theirs.
  const [session] = await sessions.list(userId);
  await sessions.revoke(userId, session?.id ?? '');
  await users.delete(userId);

  const { webhooks, auditLogs, health } = all;
  const hook = { callback: 'http://127.0.0.1:9/hook', events: ['user.delete'], isEnabled: false };
  const { id } = await webhooks.create({ callback: hook.callback, events: hook.events });
  await webhooks.list();
  await webhooks.get(id);
  await webhooks.update(id, hook);
  await webhooks.delete(id);
  await auditLogs.list().page();
  await health.alive();
  await health.ready();
}

/** The same for the management API. SAML is off: all that is asked for is refused. */
async function manageAll(admin: HankoAdmin, tour: Tour): Promise<void> {
  const tenants = tour.watch('management.tenants', admin.management.tenants);
  const saml = tour.watch('management.samlProviders', admin.management.samlProviders);
  const config = tenantConfig();
  const { id } = await tenants.create({ id: crypto.randomUUID(), config });
  await tenants.list().page();
  await tenants.get(id);
  await tenants.update(id, config);
  const provider = {
    name: 'Company',
    metadataUrl: 'http://127.0.0.1:9/metadata',
    domain: 'company.test',
    isEnabled: true,
    skipsEmailVerification: false,
  };
  await expect(saml.create(id, provider)).rejects.toMatchObject({ status: 403 });
  await expect(saml.list(id)).rejects.toMatchObject({ status: 403 });
  await expect(saml.get(id, id)).rejects.toMatchObject({ status: 403 });
  await expect(saml.update(id, id, provider)).rejects.toMatchObject({ status: 403 });
  await expect(saml.delete(id, id)).rejects.toMatchObject({ status: 403 });
  await tenants.delete(id);
}

/** Every method of the client, and every route: which calls which. */
export function adminTour(hanko: HankoClient): void {
  const admin = adminOf(hanko);

  describe('HankoAdmin', () => {
    it('calls every route, each by the methods of the table', async () => {
      const { adminUrl, managementUrl } = hanko;
      await using tour = new Tour(adminUrl, managementUrl);
      await callAll(admin(), tour, hanko);
      if (managementUrl !== undefined) await manageAll(admin(), tour);
      const expected = {
        ...callsOf(ADMIN_ROUTES),
        ...(managementUrl !== undefined && callsOf(MANAGEMENT_ROUTES)),
      };

      const called = [...tour.routes].map(([route, by]) => [route, [...by].toSorted()]);
      expect(Object.fromEntries(called)).toEqual(expected);
    });
  });
}
