import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FlowClient } from '../support/flow-client.js';
import { sendJson } from '../support/raw-http.js';

interface Entry {
  readonly type: string;
  readonly error?: string;
  readonly actor_user_id?: string;
  readonly actor_email?: string;
  readonly details: Readonly<Record<string, unknown>> | null;
  readonly created_at: string;
}

const LOGGED = {
  config: { audit_log: { storage: { enabled: true } }, username: { enabled: true } },
};

describe('the audit log', () => {
  let now = Date.parse('2026-01-01T00:00:00Z');
  let url: string;
  let adminUrl: string;
  let hanko: FakeHanko | undefined;
  beforeAll(async () => {
    hanko = await FakeHanko.start({ ...LOGGED, now: () => now });
    ({ url, adminUrl } = hanko);
  });
  afterAll(() => hanko?.stop());

  const ask = async (path: string): Promise<readonly Entry[]> =>
    (await sendJson('GET', `${adminUrl}/audit_logs?per_page=100&${path}`, '')).body as Entry[];
  /** Newest last, as things happened. */
  const typesOf = async (userId: string): Promise<readonly string[]> =>
    (await ask(`actor_user_id=${userId}`)).map(({ type }) => type).toReversed();
  const createUser = async (): Promise<{ readonly id: string; readonly email: string }> => {
    const email = `ada-${crypto.randomUUID()}@example.test`;
    const emails = [{ address: email, is_primary: true, is_verified: true }];
    const { body } = await sendJson('POST', `${adminUrl}/users`, { emails });
    const { id } = body as { id: string };
    await sendJson('POST', `${adminUrl}/users/${id}/password`, { password: 'correct horse' });
    return { id, email };
  };

  it('notes who signed in, failed to, changed something and signed out', async () => {
    const { id, email } = await createUser();
    const client = new FlowClient(url);
    await client.signIn(email, 'wrong horse');
    expect(await client.signIn(email, 'correct horse')).toBe('success');
    const headers = { authorization: `Bearer ${client.token}` };
    await client.start('profile');
    await client.act('password_update', { password: 'better horse' });
    await client.act('username_create', { username: 'ada_1' });
    await client.act('username_delete', {});
    await fetch(`${url}/logout`, { method: 'POST', headers });
    await sendJson('POST', `${adminUrl}/sessions`, { user_id: id });
    expect(await typesOf(id)).toEqual([
      'login_failure',
      'login_success',
      'security_notification_sent',
      'password_changed',
      'username_changed',
      'username_deleted',
      'user_logged_out',
      'login_success',
    ]);
    const [api, out, , name, password, mail, success, failure] = await ask(`actor_user_id=${id}`);
    expect(api?.details).toEqual({ api: 'admin' });
    expect(out?.details).toEqual({});
    expect(mail?.details).toMatchObject({ template: 'password_update', email_address: email });
    expect(name?.details).toMatchObject({ username: 'a***1' });
    expect(password?.details).toMatchObject({ context: 'profile' });
    expect(success?.details).toMatchObject({ login_method: 'password' });
    expect(failure).toMatchObject({
      details: { login_method: 'password' },
      error: 'password invalid',
      meta_http_request_id: expect.stringMatching(/^\w{32}$/) as unknown,
      meta_source_ip: '127.0.0.1',
      TenantID: '00000000-0000-0000-0000-000000000001',
    });
    // Who it was is hidden, but for the first letters.
    expect(out?.actor_email).toMatch(/^ada\*+@example\.test$/);
  });

  it('is filtered by time, kind and text', async () => {
    const { id } = await createUser();
    await sendJson('POST', `${adminUrl}/sessions`, { user_id: id });
    now += 60_000;
    await sendJson('POST', `${adminUrl}/sessions`, { user_id: id });
    const count = async (query: string): Promise<number> =>
      (await ask(`actor_user_id=${id}&${query}`)).length;
    expect(await count('')).toBe(2);
    expect(await count('start_time=2026-01-01T00:00:30Z')).toBe(1);
    expect(await count('end_time=2026-01-01T01:00:30%2B01:00')).toBe(1);
    expect(await count('type=login_success&type=nope')).toBe(2);
    expect(await count('type=nope')).toBe(0);
    expect(await count('q=127.0.0')).toBe(2);
    expect(await count('q=nowhere')).toBe(0);
    expect(await count('meta_source_ip=10.')).toBe(0);
    expect(await count('actor_email=ada*')).toBe(2);
  });

  it('shows addresses and names, where audit_log.mask is false', async () => {
    const config = { audit_log: { storage: { enabled: true }, mask: false } };
    await using open = await FakeHanko.start({ config });
    const { id } = open.createUser({ email: 'ada@example.test' });
    await sendJson('POST', `${open.adminUrl}/sessions`, { user_id: id });
    const { body } = await sendJson('GET', `${open.adminUrl}/audit_logs`, '');
    expect(body).toMatchObject([{ actor_email: 'ada@example.test', actor_user_id: id }]);
  });

  it('is empty unless audit_log.storage.enabled', async () => {
    await using silent = await FakeHanko.start();
    const { id } = silent.createUser({ email: 'ada@example.test' });
    await sendJson('POST', `${silent.adminUrl}/sessions`, { user_id: id });
    const { body } = await sendJson('GET', `${silent.adminUrl}/audit_logs`, '');
    expect(body).toEqual([]);
  });
});
