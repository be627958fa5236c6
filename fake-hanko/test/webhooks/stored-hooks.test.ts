import { FakeHanko } from 'fake-hanko';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendJson } from '../support/raw-http.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

interface Hook {
  readonly id: string;
  readonly enabled: boolean;
  readonly failures: number;
  readonly expires_at: string;
}

const DAY_MS = 24 * 3_600_000;

describe('a webhook that the Admin API has stored', () => {
  let now = Date.parse('2026-01-01T00:00:00Z');
  let hanko: FakeHanko;
  let receiver: WebhookReceiver;

  const ask = async (method: string, path: string, body: unknown = ''): Promise<unknown> =>
    (await sendJson(method, hanko.adminUrl + path, body)).body;
  const subscribe = (callback: string, ...events: readonly string[]): Promise<Hook> =>
    ask('POST', '/webhooks', { callback, events }) as Promise<Hook>;
  const look = ({ id }: Hook): Promise<Hook> => ask('GET', `/webhooks/${id}`) as Promise<Hook>;
  const happen = async (): Promise<void> => {
    hanko.createUser();
    await hanko.webhooksSettled();
  };

  const respond = (status: number): void => {
    receiver.answer = (_request, response) => response.writeHead(status).end();
  };

  beforeEach(async () => {
    receiver = await new WebhookReceiver().listen();
    hanko = await FakeHanko.start({
      now: () => now,
      config: { webhooks: { allow_time_expiration: true } },
    });
  });
  afterEach(() => Promise.all([hanko.stop(), receiver[Symbol.asyncDispose]()]));

  it('is told from then on, of the events whose names begin with its own, until it is deleted', async () => {
    await happen();
    const hook = await subscribe(receiver.url, 'user.create', 'session.delete');
    await happen();
    hanko.revoke(await hanko.token());
    await hanko.webhooksSettled();
    await ask('DELETE', `/webhooks/${hook.id}`);
    await happen();
    // The token was for a new user.
    expect(receiver.events).toEqual(['session.delete.admin.revoke', 'user.create', 'user.create']);
  });

  it('is disabled after the sixth failure in a row, and put right by an update', async () => {
    const hook = await subscribe('http://127.0.0.1:9/hook', 'user');
    for (let i = 0; i < 5; i++) await happen();
    expect(await look(hook)).toMatchObject({ failures: 5, enabled: true });
    await happen();
    expect(await look(hook)).toMatchObject({ failures: 6, enabled: false });
    await happen();
    expect(hanko.webhookDeliveries).toHaveLength(6);
    const good = { callback: receiver.url, events: ['user'], enabled: true };
    await ask('PUT', `/webhooks/${hook.id}`, good);
    expect(await look(hook)).toMatchObject({ failures: 0, enabled: true });
    await happen();
    expect(receiver.received).toHaveLength(1);
  });

  it('has its failures forgotten and its expiry put off by a success', async () => {
    const hook = await subscribe(receiver.url, 'user');
    expect(Date.parse(hook.expires_at)).toBe(now + 30 * DAY_MS);
    respond(500);
    await happen();
    expect(await look(hook)).toMatchObject({ failures: 1, expires_at: hook.expires_at });
    respond(302);
    now += DAY_MS;
    await happen();
    const later = await look(hook);
    expect(later.failures).toBe(0);
    expect(Date.parse(later.expires_at)).toBe(now + 30 * DAY_MS);
  });

  it('is disabled once it has expired, where hooks expire', async () => {
    const hook = await subscribe(receiver.url, 'user');
    now += 31 * DAY_MS;
    await happen();
    expect(receiver.received).toEqual([]);
    expect(await look(hook)).toMatchObject({ enabled: false });
  });

  it('is not told by another machine than this one', async () => {
    await subscribe('http://192.0.2.1/hook', 'user');
    await subscribe('https://localhost/hook', 'user');
    await happen();
    expect(hanko.webhookDeliveries.map(({ url, status, error }) => [url, status, error])).toEqual([
      ['http://192.0.2.1/hook', null, 'it is not on this machine, or not http://'],
      ['https://localhost/hook', null, 'it is not on this machine, or not http://'],
    ]);
  });

  it('is one of at most a hundred', async () => {
    for (let i = 0; i < 100; i++) await subscribe(receiver.url, 'user.login');
    expect(await subscribe(receiver.url, 'user.login')).toMatchObject({ code: 500 });
  });
});
