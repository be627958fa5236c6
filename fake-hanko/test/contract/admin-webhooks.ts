import { describe, expect, it } from 'vitest';
import { adminAsker, DELETED } from './asking.js';
import { type HankoClient, problem, text, time, unique, UNKNOWN_ID, uuid } from './client.js';

/** Stored webhooks and the audit log (docs/hanko.md, The Admin API). */
export function adminWebhooks(hanko: HankoClient): void {
  const ask = adminAsker(hanko);
  // Nobody is told of it: nothing listens there.
  const callback = 'http://127.0.0.1:9/hook';
  const hook = (...events: readonly string[]) => ({
    id: uuid(),
    callback,
    enabled: true,
    failures: 0,
    expires_at: time(),
    // In whatever order the database returns them.
    events: expect.arrayContaining(events.map((event) => ({ id: uuid(), event }))) as unknown,
    created_at: time(),
    updated_at: time(),
  });

  describe('/webhooks', () => {
    it('stores, shows, replaces and deletes', async () => {
      const events = ['user.update.username', 'email.send'];
      const made = await ask('POST', '/webhooks', { callback, events });
      expect(made).toEqual({ status: 201, body: hook(...events) });
      const path = `/webhooks/${(made.body as { id: string }).id}`;
      expect(await ask('GET', path)).toEqual({ status: 200, body: hook(...events) });
      const { status, body } = await ask('GET', '/webhooks');
      expect(status).toBe(200);
      expect(body).toEqual({
        database: expect.arrayContaining([hook(...events)]) as unknown,
        config: null,
      });
      expect(await ask('PUT', path, { callback, events: ['user.delete'], enabled: false })).toEqual(
        { status: 200, body: { ...hook('user.delete'), enabled: false } },
      );
      expect(await ask('DELETE', path)).toEqual(DELETED);
      expect(await ask('GET', path)).toEqual(problem(404));
      expect(await ask('DELETE', path)).toEqual(problem(404));
    });

    it('400 for what is no hook, 404 for an unknown one', async () => {
      for (const body of [
        undefined,
        '{',
        {},
        { callback },
        { callback, events: [] },
        { callback, events: 'user' },
        { callback, events: [1] },
        { callback, events: ['nope'] },
        { callback: 'x', events: ['user'] },
        { callback: 1, events: ['user'] },
      ]) {
        expect(await ask('POST', '/webhooks', body)).toEqual(problem(400));
      }
      const good = { callback, events: ['user'], enabled: true };
      const path = `/webhooks/${UNKNOWN_ID}`;
      for (const body of [{}, { callback, events: ['user'] }, { ...good, enabled: 'true' }]) {
        expect(await ask('PUT', path, body)).toEqual(problem(400));
      }
      expect(await ask('PUT', path, good)).toEqual(problem(404));
      for (const method of ['GET', 'DELETE']) {
        expect(await ask(method, '/webhooks/x')).toEqual(problem(400));
        expect(await ask(method, path)).toEqual(problem(404));
      }
    });
  });

  it('/audit_logs: a list with pages, empty by default; 400 for a query it cannot read', async () => {
    await hanko.login();
    const { status, headers, body } = await hanko.admin('GET', `/audit_logs?q=${unique()}`);
    expect({ status, body, total: headers['x-total-count'], link: headers.link }).toEqual({
      status: 200,
      body: [],
      total: '0',
      link: text(),
    });
    for (const query of ['page=x', 'per_page=x', 'start_time=x', 'end_time=2020-01-01']) {
      expect(await ask('GET', `/audit_logs?${query}`)).toEqual(problem(400));
    }
  });
}
