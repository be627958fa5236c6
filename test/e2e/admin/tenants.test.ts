import { randomUUID } from 'node:crypto';
import { Controller, Get } from '@nestjs/common';
import { FakeHanko, type FakeTenant } from 'fake-hanko';
import { CurrentUser, HankoModule, HankoProfile } from 'nestjs-hanko';
import { HankoAdmin, HankoAdminModule, type HankoAdminTenantOptions } from 'nestjs-hanko/admin';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, type RunningApp, send, startApp } from '../../support/app.js';
import { claimsIn, sessionIdIn } from '../../support/claims-in.js';
import { APP_GUARD_PROVIDER } from '../../support/guarded-app.js';
import { ACME, byHeader, GLOBEX, TENANT } from '../../support/tenants.js';

@Controller()
class NotesController {
  @Get('notes')
  notes(@CurrentUser('id') id: string): string {
    return id;
  }
}

let hanko: FakeHanko;
let acme: FakeTenant;
let globex: FakeTenant;
let running: RunningApp;
let admin: HankoAdmin;
let profile: HankoProfile;

/** The address without a tenant. */
const without = (url: string): string => url.slice(0, url.lastIndexOf('/'));

const appWith = (imports: NonNullable<Parameters<typeof startApp>[1]['imports']>) =>
  startApp('Express', {
    imports,
    controllers: [NotesController],
    providers: [APP_GUARD_PROVIDER],
  });

beforeAll(async () => {
  hanko = await FakeHanko.start({ tenantId: ACME });
  acme = hanko;
  globex = await hanko.createTenant(GLOBEX);
  running = await appWith([
    HankoModule.forRoot({
      apiUrl: without(hanko.url),
      audience: null,
      tenants: {
        resolve: byHeader,
        trust: (id) => {
          if (id === 'acme') return { apiUrl: acme.url };
          return [ACME, GLOBEX].includes(id) ? {} : null;
        },
      },
    }),
    HankoAdminModule.forRoot({ url: without(hanko.adminUrl) }),
  ]);
  admin = running.app.get(HankoAdmin);
  profile = running.app.get(HankoProfile);
});
afterAll(async () => {
  await running.app.close();
  await hanko.stop();
});

const statusAt = async (tenant: string, token: string): Promise<number> => {
  const { status } = await send(`${running.url}/notes`, { ...bearer(token), [TENANT]: tenant });
  return status;
};

/** The same ids at both tenants, as after an import. */
async function twins(): Promise<{ id: string; sessionId: string; ours: string; theirs: string }> {
  const id = randomUUID();
  for (const tenant of [acme, globex]) tenant.createUser({ id });
  await globex.token({ user: id });
  const ours = await acme.token({ user: id });
  const theirs = await globex.sign({ payload: { ...claimsIn(ours) } });
  return { id, sessionId: sessionIdIn(ours), ours, theirs };
}

describe('admin.tenant(id)', () => {
  it('calls the Admin API of that tenant, and ends its sessions alone, at once', async () => {
    const { id, ours, theirs } = await twins();
    expect([await statusAt(ACME, ours), await statusAt(GLOBEX, theirs)]).toEqual([200, 200]);

    expect(await admin.tenant(ACME).users.revokeSessions(id)).toBeGreaterThan(0);
    expect([await statusAt(ACME, ours), await statusAt(GLOBEX, theirs)]).toEqual([401, 200]);
    expect(acme.sessions(id)).toEqual([]);
    expect(globex.sessions(id)).not.toEqual([]);
  });

  it('reads an id in any case, as Hanko does', async () => {
    const { id, sessionId, ours, theirs } = await twins();
    await admin.tenant(ACME.toUpperCase()).sessions.revoke(id, sessionId);
    expect([await statusAt(ACME, ours), await statusAt(GLOBEX, theirs)]).toEqual([401, 200]);
  });

  it('takes the address of a tenant whose id is no UUID', async () => {
    const { id, ours, theirs } = await twins();
    const token = await acme.token({ user: id });
    expect(await statusAt('acme', token)).toBe(200);
    await admin.tenant('acme', { url: acme.adminUrl }).users.delete(id);
    expect(await statusAt('acme', ours)).toBe(401);
    expect(await statusAt('acme', token)).toBe(401);
    // Another tenant of the app, whatever its address is.
    expect(await statusAt(ACME, token)).toBe(200);
    expect(await statusAt(GLOBEX, theirs)).toBe(200);
    globex.deleteUser(id);
  });

  it('refuses to end sessions of nobody knows whom', async () => {
    const { id, ours } = await twins();
    const refused = {
      code: 'configuration_invalid',
      message: expect.stringContaining('write admin.tenant(user.tenantId)') as string,
    };
    await expect(admin.users.revokeSessions(id)).rejects.toMatchObject(refused);
    const root = new HankoAdmin({ url: acme.adminUrl });
    expect((await root.users.get(id)).id).toBe(id);
    expect(await statusAt(ACME, ours)).toBe(200);
  });

  it.each([
    ['acme', {}, 'HankoAdmin.tenant().url: is missing'],
    [ACME, { url: 'x' }, 'HankoAdmin.tenant().url: must be an absolute URL'],
    [ACME, { key: 'x' }, 'HankoAdmin.tenant().key: is not an option'],
    [ACME, { url: 'http://hanko.example.com', apiKey: 'secret' }, 'must begin with https://'],
  ])('says what is wrong: %j, %j', (id, options: object, said) => {
    expect(() => admin.tenant(id, options as HankoAdminTenantOptions)).toThrow(said);
  });

  it('takes ids only, and is called once', () => {
    expect(() => admin.tenant('../users')).toThrow('HankoAdmin.tenant().url: is missing');
    expect(() => admin.tenant('')).toThrow(TypeError);
    expect(() => admin.tenant(ACME).tenant(GLOBEX)).toThrow('was called on what it returned');
    const named = new HankoAdmin({ url: acme.adminUrl });
    expect(() => named.tenant(GLOBEX)).toThrow('names another tenant');
    expect(named.tenant(ACME)).toBeInstanceOf(HankoAdmin);
  });

  it('sends the key of one address to no other', async () => {
    const sent: [string, string | null][] = [];
    const fetch: typeof globalThis.fetch = async (url, init) => {
      sent.push([url as string, new Headers(init?.headers).get('authorization')]);
      return Response.json({ id: ACME, emails: [] });
    };
    const keyed = new HankoAdmin({ url: 'https://admin.test', apiKey: 'key-1', fetch });
    const elsewhere = keyed.tenant('acme', { url: 'http://hanko:8001' });
    const own = keyed.tenant('acme', { url: 'https://own.test', apiKey: 'key-2' });
    for (const one of [keyed.tenant(ACME), elsewhere, own]) {
      // oxlint-disable-next-line no-await-in-loop
      await one.users.get(ACME).catch(() => undefined);
    }
    expect(sent).toEqual([
      [`https://admin.test/${ACME}/users/${ACME}`, 'Bearer key-1'],
      [`http://hanko:8001/users/${ACME}`, null],
      [`https://own.test/users/${ACME}`, 'Bearer key-2'],
    ]);
  });

  it('ends with the app', async () => {
    const { app } = await appWith([
      HankoModule.forRoot({ apiUrl: acme.url, audience: null }),
      HankoAdminModule.forRoot({ url: without(hanko.adminUrl) }),
    ]);
    const ours = app.get(HankoAdmin).tenant(ACME);
    await app.close();
    await expect(ours.users.get(ACME)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('admin.tenant(id) in an app with one Hanko', () => {
  it('ends sessions of that tenant at once, and those of another only at Hanko', async () => {
    const { id, ours } = await twins();
    const single = await appWith([
      HankoModule.forRoot({ apiUrl: acme.url, audience: null }),
      HankoAdminModule.forRoot({ url: without(hanko.adminUrl) }),
    ]);
    const status = async (): Promise<number> =>
      (await send(`${single.url}/notes`, bearer(ours))).status;
    const { app } = single;
    await app.get(HankoAdmin).tenant(GLOBEX).users.revokeSessions(id);
    expect(globex.sessions(id)).toEqual([]);
    expect(await status()).toBe(200);
    await app.get(HankoAdmin).tenant(ACME).users.revokeSessions(id);
    expect(await status()).toBe(401);
    await app.close();
  });
});

describe('HankoProfile with tenants', () => {
  it('reads the profile at the tenant that the app names', async () => {
    const { id } = await twins();
    const theirs = await globex.token({ user: id });
    expect((await profile.get(theirs, { tenant: GLOBEX })).id).toBe(id);
    await expect(profile.get(theirs, { tenant: ACME })).rejects.toMatchObject({
      code: 'token_key_unknown',
    });
    await expect(profile.get(theirs, { tenant: randomUUID() })).rejects.toMatchObject({
      code: 'tenant_unknown',
    });
    await expect(profile.get(theirs)).rejects.toMatchObject({ code: 'configuration_invalid' });
    await expect(profile.logout(theirs)).rejects.toMatchObject({ code: 'configuration_invalid' });
  });

  it('logs out at that tenant alone, at once', async () => {
    const { id, ours } = await twins();
    const theirs = await globex.token({ user: id });
    await profile.logout(theirs, { tenant: GLOBEX });
    expect([await statusAt(ACME, ours), await statusAt(GLOBEX, theirs)]).toEqual([200, 401]);
    expect(globex.sessions(id).map((session) => session.id)).not.toContain(
      claimsIn(theirs)['session_id'],
    );
  });

  it('does not take a tenant where there are none', async () => {
    const { ours } = await twins();
    const { app } = await appWith([HankoModule.forRoot({ apiUrl: acme.url, audience: null })]);
    const own = app.get(HankoProfile);
    await expect(own.get(ours, { tenant: ACME })).rejects.toMatchObject({
      code: 'configuration_invalid',
    });
    await app.close();
  });
});
