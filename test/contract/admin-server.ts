import { HankoAdmin, type HankoAuditLogFilter } from 'nestjs-hanko/admin';
import { describe, expect, it } from 'vitest';
import { type HankoClient, unique, UNKNOWN_ID } from '../../fake-hanko/test/contract/client.js';
import { adminOf, newAddress, newUser, refusal } from './admin-of.js';

const date = (): unknown => expect.any(Date);
const notFound = refusal('not_found', 404);
/** Nobody is told of it: nothing listens there. */
const callback = 'http://127.0.0.1:9/hook';

/** Webhooks, the audit log and the health of a server, by the client. */
export function adminServer(hanko: HankoClient): void {
  const admin = adminOf(hanko);
  const raw = async (method: string, path: string, body?: unknown) => {
    const reply = await hanko.admin(method, path, { body });
    return { status: reply.status, body: reply.body };
  };

  describe('admin.webhooks', () => {
    it('stores, shows, replaces and deletes', async () => {
      const { webhooks } = admin();
      const events = ['email.send', 'user.update.username'];
      const times = { expiresAt: date(), createdAt: date(), updatedAt: date() };
      const made = await webhooks.create({ callback, events });
      const sorted = (hook: typeof made) => ({ ...hook, events: hook.events.toSorted() });
      const expected = {
        id: made.id,
        callback,
        isEnabled: true,
        failures: 0,
        events,
        // The database rounds them.
        ...times,
      };
      expect(sorted(made)).toEqual(expected);
      expect(sorted(await webhooks.get(made.id))).toEqual(expected);
      const { stored, configured } = await webhooks.list();
      expect(stored.map(sorted)).toContainEqual(expected);
      expect(configured).toEqual([]);
      const changed = await webhooks.update(made.id, {
        callback: `${callback}/2`,
        events: ['user.delete'],
        isEnabled: false,
      });
      const replaced = {
        ...expected,
        callback: `${callback}/2`,
        events: ['user.delete'],
        isEnabled: false,
      };
      expect(changed).toEqual(replaced);
      expect(await webhooks.get(made.id)).toEqual(replaced);
      await webhooks.delete(made.id);
      await expect(webhooks.get(made.id)).rejects.toMatchObject(notFound);
      await expect(webhooks.delete(made.id)).rejects.toMatchObject(notFound);
      await expect(
        webhooks.update(UNKNOWN_ID, { callback, events, isEnabled: true }),
      ).rejects.toMatchObject(notFound);
    });

    it('refuses an event that this Hanko does not have, and what is no address', async () => {
      const { webhooks } = admin();
      await expect(webhooks.create({ callback, events: ['nothing'] })).rejects.toMatchObject(
        refusal('invalid', 400, /^nothing in events\[0\] is not a valid webhook event/),
      );
      await expect(webhooks.create({ callback: 'x', events: ['user'] })).rejects.toMatchObject(
        refusal('invalid', 400, /^callback must be/),
      );
    });

    it('takes events of sessions where this Hanko does: v3.0.4 and older do not', async () => {
      const { webhooks } = admin();
      const events = ['session.delete'];
      const { status, body } = await raw('POST', '/webhooks', { callback, events });
      if (status === 201) await webhooks.delete((body as { id: string }).id);
      const outcome = webhooks.create({ callback, events }).then(
        async (made) => {
          await webhooks.delete(made.id);
          return { events: made.events };
        },
        (error: unknown) => error,
      );
      expect(await outcome).toMatchObject(
        status === 201
          ? { events }
          : refusal('invalid', 400, /^session.delete in events\[0\] is not a valid webhook event/),
      );
    });
  });

  describe('admin.auditLogs', () => {
    it('lists what the server stores, by what is asked for', async () => {
      const { auditLogs } = admin();
      // Hanko masks all but the first letters.
      const address = `a_b${newAddress()}`;
      const emails = [{ address, isPrimary: true, isVerified: true }];
      const user = hanko.adopt(await admin().users.create({ emails }));
      await admin().sessions.create({ userId: user.id });
      const { body, status } = await raw('GET', `/audit_logs?actor_user_id=${user.id}`);
      expect(status).toBe(200);
      const [stored] = body as readonly Readonly<Record<string, string>>[];
      const [entry] = await auditLogs.list({ actorUserId: user.id }).all();
      expect(entry).toEqual(
        stored && {
          id: stored.id,
          type: 'login_success',
          requestId: stored.meta_http_request_id,
          sourceIp: stored.meta_source_ip,
          userAgent: stored.meta_user_agent,
          actorUserId: user.id,
          actorEmail: stored.actor_email,
          details: { api: 'admin' },
          tenantId: stored.TenantID,
          createdAt: new Date(stored.created_at ?? ''),
          updatedAt: new Date(stored.updated_at ?? ''),
        },
      );

      const expected = stored === undefined ? [] : [stored.id];
      const found = async (filter: HankoAuditLogFilter) =>
        (await auditLogs.list({ actorUserId: user.id, ...filter }).all()).map((one) => one.id);
      const at = Date.parse(stored?.created_at ?? new Date().toISOString());
      for (const filter of [
        {},
        { types: ['login_success'] },
        { types: ['login_failure', 'login_success'] },
        { from: new Date(at - 1000), to: new Date(at + 1000) },
        { contains: user.id.slice(0, 13) },
        { sourceIpContains: stored?.meta_source_ip ?? '127.0.0.1' },
        { actorEmailContains: 'a_b' },
        { perPage: 1 },
      ]) {
        expect(await found(filter)).toEqual(expected);
      }
      for (const filter of [
        { types: ['login_failure'] },
        { from: new Date(at + 1000) },
        { to: new Date(at - 1000) },
        { contains: unique() },
        { sourceIpContains: '203.0.113.9' },
        { actorEmailContains: newAddress() },
        { actorEmailContains: '%' },
        { actorEmailContains: 'a\\_b' },
        { contains: '___' },
      ]) {
        expect(await found(filter)).toEqual([]);
      }
      const page = await auditLogs.list({ actorUserId: user.id, perPage: 1 }).page();
      expect(page).toMatchObject({ page: 1, perPage: 1, total: expected.length });
    });
  });

  describe('admin.health', () => {
    it('is well, by name of the tenant or not', async () => {
      expect(await admin().health.alive()).toBeUndefined();
      expect(await admin().health.ready()).toBeUndefined();
    });
  });

  it("works with an app's own fetch as well", async () => {
    const own = new HankoAdmin({ url: hanko.adminUrl, fetch: globalThis.fetch });
    const user = await newUser(hanko, own);
    const added = await own.emails.create(user.id, { address: newAddress() });
    await own.emails.setPrimary(user.id, added.id);
    expect(await own.metadata.get(user.id)).toMatchObject({ publicMetadata: {} });
    await own.emails.delete(user.id, user.emails[0]?.id ?? '');
    expect(await own.emails.list(user.id)).toEqual([{ ...added, isPrimary: true }]);
    await expect(own.otp.get(user.id)).rejects.toMatchObject(notFound);
  });
}
