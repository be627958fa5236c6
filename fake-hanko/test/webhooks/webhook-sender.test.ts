import { createLocalJWKSet, jwtVerify } from 'jose';
import { FakeHanko, type FakeHankoOptions } from 'fake-hanko';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeJws, send, sendJson } from '../support/raw-http.js';
import { FlowClient } from '../support/flow-client.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const ADA = 'ada@example.test';
const PASSWORD = 'Correct-Horse-1';

let now: number;
let hanko: FakeHanko;
let receiver: WebhookReceiver;

beforeEach(async () => {
  now = Date.parse('2026-11-23T12:00:00Z');
  receiver = await new WebhookReceiver().listen();
});
afterEach(async () => {
  await hanko.stop();
  await receiver[Symbol.asyncDispose]();
});

async function start(options: FakeHankoOptions = {}): Promise<FlowClient> {
  hanko = await FakeHanko.start({
    now: () => now,
    users: [{ email: ADA, password: PASSWORD }],
    onboarding: 'skipped',
    webhooks: [{ url: receiver.url, events: ['user', 'session'] }],
    ...options,
  });
  return new FlowClient(hanko.url, 'Test/1.0');
}

/** Names of what has come since the last time. */
async function told(): Promise<readonly string[]> {
  await hanko.webhooksSettled();
  return receiver.take();
}

const sessionIdOf = (token: string): string => String(decodeJws(token).claims.session_id);
const adminUser = async (id: string) => (await send({ url: `${hanko.adminUrl}/users/${id}` })).body;

describe('webhooks of sessions', () => {
  const validate = (token: string) =>
    sendJson('POST', `${hanko.url}/sessions/validate`, { session_token: token });

  it('say of a new one what the Admin API lists: made by it, by token() and by a sign-in', async () => {
    const client = await start();
    const [user] = (await send({ url: `${hanko.adminUrl}/users` })).body as { id: string }[];
    const request = { user_id: user?.id, user_agent: 'Fixture/1.0', ip_address: '192.0.2.7' };
    await sendJson('POST', `${hanko.adminUrl}/sessions`, request);
    await hanko.webhooksSettled();
    expect(receiver.data('session.create.admin')).toEqual(hanko.sessions()[0]);
    expect(receiver.data('session.create.admin')).toMatchObject(request);
    expect(await told()).toEqual(['session.create.admin']);

    await hanko.token({ email: ADA });
    expect(await told()).toEqual(['session.create.flow']);
    await hanko.token({ email: ADA, amr: null });
    expect(await told()).toEqual(['session.create.admin']);
    // It is over before anybody could be told.
    await hanko.expiredToken({ email: ADA });
    expect(await told()).toEqual([]);

    now += 1000;
    await client.signIn(ADA, PASSWORD);
    await hanko.webhooksSettled();
    expect(receiver.data('session.create.flow')).toEqual(hanko.sessions().at(-1));
    expect(receiver.data('session.create.flow')).toMatchObject({
      id: sessionIdOf(client.token ?? ''),
      user_agent: 'Test/1.0',
      ip_address: '127.0.0.1',
    });
  });

  it('tell a logout from a revocation, on the profile and by an administrator', async () => {
    const client = await start();
    await client.signIn(ADA, PASSWORD);
    const [first, second, third] = [
      await hanko.token({ email: ADA }),
      await hanko.token({ email: ADA }),
      await hanko.token({ email: ADA }),
    ] as const;
    await told();

    await client.start('profile');
    await client.act('session_delete', { session_id: sessionIdOf(first) });
    await hanko.webhooksSettled();
    expect(receiver.data('session.delete.explicit.revoke')).toMatchObject({
      id: sessionIdOf(first),
    });
    expect(await told()).toEqual(['session.delete.explicit.revoke']);

    hanko.revoke(second);
    expect(await told()).toEqual(['session.delete.admin.revoke']);

    const { sub } = decodeJws(third).claims;
    const path = `/users/${String(sub)}/sessions/${sessionIdOf(third)}`;
    await send({ method: 'DELETE', url: hanko.adminUrl + path });
    await send({ method: 'DELETE', url: hanko.adminUrl + path });
    expect(await told()).toEqual(['session.delete.admin.revoke']);

    now += 5000;
    const headers = { authorization: `Bearer ${client.token}` };
    await send({ method: 'POST', url: `${hanko.url}/logout`, headers });
    await send({ method: 'POST', url: `${hanko.url}/logout`, headers });
    await hanko.webhooksSettled();
    expect(receiver.data('session.delete.explicit.logout')).toMatchObject({
      id: sessionIdOf(client.token ?? ''),
      // A logout is a use of the session.
      last_used: '2026-11-23T12:00:05Z',
    });
    expect(await told()).toEqual(['session.delete.explicit.logout']);
  });

  it('are sent for one over the limit, and for an idle one when somebody asks', async () => {
    await start({ sessionLimit: 1, idleTimeoutSeconds: 60 });
    const first = await hanko.token({ email: ADA });
    await told();
    const second = await hanko.token({ email: ADA });
    await hanko.webhooksSettled();
    expect(receiver.data('session.delete.passive.limit')).toMatchObject({
      id: sessionIdOf(first),
    });
    expect(await told()).toEqual(['session.create.flow', 'session.delete.passive.limit']);

    now += 60_001;
    expect(await told()).toEqual([]);
    await validate(second);
    await validate(second);
    await hanko.webhooksSettled();
    expect(receiver.data('session.delete.passive.expire')).toMatchObject({
      id: sessionIdOf(second),
      last_used: '2026-11-23T12:00:00Z',
    });
    expect(await told()).toEqual(['session.delete.passive.expire']);
  });

  it('are not sent for one that expires, nor for those of a deleted user', async () => {
    await start({ lifespanSeconds: 60, idleTimeoutSeconds: 60 });
    const expiring = await hanko.token();
    await told();
    now += 60_001;
    await validate(expiring);
    expect(await told()).toEqual([]);

    const orphan = await hanko.token();
    await told();
    hanko.deleteUser(String(decodeJws(orphan).claims.sub));
    expect(await told()).toEqual(['user.delete']);
  });

  it("are not sent with sessionEvents: 'off', and cannot be asked for", async () => {
    await start({ sessionEvents: 'off', webhooks: [{ url: receiver.url }] });
    hanko.revoke(await hanko.token());
    expect(await told()).toEqual(['user.create']);
    for (const event of ['session', 'session.delete.admin.revoke']) {
      const webhooks = [{ url: receiver.url, events: ['user', event] }];
      await expect(FakeHanko.start({ sessionEvents: 'off', webhooks })).rejects.toThrow(
        /^FakeHanko: the events of a webhook must be among user, .*user\.delete, email\.send\.$/,
      );
    }
    await expect(FakeHanko.start({ sessionEvents: 'no' as 'off' })).rejects.toThrow(
      'sessionEvents must be on or off',
    );
  });
});

describe('webhooks of users', () => {
  it('say of a new one and of a deleted one what the Admin API says, and nothing of those at start', async () => {
    await start();
    expect(await told()).toEqual([]);
    const { body } = await sendJson('POST', `${hanko.adminUrl}/users`, { username: 'bob' });
    await hanko.webhooksSettled();
    expect(receiver.data('user.create')).toEqual(body);
    expect(await told()).toEqual(['user.create']);

    const { id } = body as { id: string };
    await send({ method: 'DELETE', url: `${hanko.adminUrl}/users/${id}` });
    await hanko.webhooksSettled();
    expect(receiver.data('user.delete')).toEqual(body);
    expect(await told()).toEqual(['user.delete']);

    const user = hanko.createUser();
    await hanko.webhooksSettled();
    expect(receiver.data('user.create')).toEqual(user);
    expect(await told()).toEqual(['user.create']);
    hanko.deleteUser(user.id);
    expect(await told()).toEqual(['user.delete']);
  });

  const origin = { ip_address: '127.0.0.1', user_agent: 'Test/1.0' };

  it('say who registers and who logs in: a registration is no login', async () => {
    const client = await start();
    await client.register(hanko, 'new@example.test', PASSWORD);
    await hanko.webhooksSettled();
    const { sub } = decodeJws(client.token ?? '').claims;
    const user = (await adminUser(String(sub))) as object;
    expect(receiver.data('user.create')).toEqual({ ...user, ...origin });
    expect(await told()).toEqual(['session.create.flow', 'user.create']);

    await client.signIn('new@example.test', PASSWORD);
    await hanko.webhooksSettled();
    expect(receiver.data('user.login')).toEqual({ ...user, ...origin });
    expect(await told()).toEqual(['session.create.flow', 'user.login']);

    // Only the login flow logs in.
    await hanko.token({ email: ADA });
    expect(await told()).toEqual(['session.create.flow']);
  });

  it('say what is changed on the profile, as it is afterwards', async () => {
    const client = await start();
    await client.signIn(ADA, PASSWORD);
    await told();
    const { sub } = decodeJws(client.token ?? '').claims;
    const expectChange = async (event: string): Promise<void> => {
      await hanko.webhooksSettled();
      const user = (await adminUser(String(sub))) as object;
      expect(receiver.data(event)).toEqual({ ...user, ...origin });
      expect(await told()).toEqual([event]);
    };

    await client.start('profile');
    await client.act('password_update', { password: 'Correct-Horse-2' });
    await expectChange('user.update.password.update');

    await client.act('email_create', { email: 'second@example.test' });
    await client.act('verify_passcode', { code: hanko.passcode('second@example.test') });
    await expectChange('user.update.email.create');

    const emailId = (address: string): string | undefined => {
      const { emails } = client.body.payload.user as { emails: { id: string; address: string }[] };
      return emails.find((email) => email.address === address)?.id;
    };
    await client.act('email_set_primary', { email_id: emailId('second@example.test') });
    await expectChange('user.update.email.primary');
    await client.act('email_delete', { email_id: emailId(ADA) });
    await expectChange('user.update.email.delete');
  });
});

describe('subscriptions', () => {
  it('are to the beginning of a name; all by default', async () => {
    const all = await new WebhookReceiver().listen();
    await start({
      webhooks: [
        { url: receiver.url, events: ['session.delete', 'email.send'] },
        { url: all.url },
        { url: receiver.url, events: [] },
      ],
    });
    hanko.revoke(await hanko.token());
    const client = new FlowClient(hanko.url);
    await client.start('login');
    await client.act('continue_with_login_identifier', { email: ADA });
    await client.act('continue_to_passcode_confirmation');
    await hanko.webhooksSettled();
    expect(receiver.events).toEqual(['email.send', 'session.delete.admin.revoke']);
    expect(all.events).toEqual([
      'email.send',
      'session.create.flow',
      'session.delete.admin.revoke',
      'user.create',
    ]);
    await all[Symbol.asyncDispose]();
  });

  it('of one event are served one after another; other events do not wait', async () => {
    const second = await new WebhookReceiver().listen();
    let release = (): void => undefined;
    const events = ['user.delete', 'session'];
    await start({
      webhooks: [
        { url: receiver.url, events },
        { url: second.url, events },
      ],
    });
    const isHeld = new Promise<void>((resolve) => {
      receiver.answer = (_request, response) => {
        if (receiver.received.at(-1)?.event !== 'user.delete') return response.end();
        release = () => response.end();
        return resolve();
      };
    });
    hanko.deleteUser(hanko.createUser().id);
    await isHeld;
    // Two that are told of a session while the first has not answered of the user.
    const other = new Promise<void>((resolve) => {
      second.answer = (_request, response) => {
        response.end();
        resolve();
      };
    });
    await hanko.token();
    await other;
    expect(second.events).toEqual(['session.create.flow']);
    release();
    await hanko.webhooksSettled();
    expect(second.events).toEqual(['session.create.flow', 'user.delete']);
    await second[Symbol.asyncDispose]();
  });
});

describe('webhooksSettled()', () => {
  it('waits also for what a receiver sets off', async () => {
    await start({ webhooks: [{ url: receiver.url, events: ['session'] }] });
    receiver.answer = (_request, response) => {
      const [session] = hanko.sessions();
      if (session !== undefined) hanko.revoke(session.id);
      response.end();
    };
    await hanko.token();
    expect(await told()).toEqual(['session.create.flow', 'session.delete.admin.revoke']);
    // Nothing is under way.
    await hanko.webhooksSettled();
  });

  it('does not mind failures', async () => {
    await start({ webhooks: [{ url: 'http://127.0.0.1:1/', events: ['user'] }] });
    hanko.createUser();
    await hanko.webhooksSettled();
    expect(hanko.webhookDeliveries).toMatchObject([
      { event: 'user.create', status: null, error: expect.stringContaining('ECONNREFUSED') },
    ]);
  });
});

describe('sendWebhook()', () => {
  it('sends a signed one to whom it says, with exactly what Hanko sends', async () => {
    await start({ webhooks: [] });
    receiver.answer = (_request, response) => response.writeHead(202).end();
    const data = { id: 'x' };
    const sent = await hanko.sendWebhook(receiver.url, 'user.update.username.create', data);
    expect(sent).toEqual({ status: 202 });
    const [webhook] = receiver.received;
    expect(webhook?.body).toEqual({
      token: expect.any(String) as unknown,
      event: 'user.update.username.create',
    });
    expect(webhook?.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'Go-http-client/1.1',
    });
    const jwks = createLocalJWKSet({ keys: [...hanko.jwks().keys] });
    const { payload } = await jwtVerify(String(webhook?.body.token), jwks, {
      currentDate: new Date(now),
    });
    expect(payload).toEqual({
      sub: 'hanko webhooks',
      aud: ['localhost'],
      evt: 'user.update.username.create',
      data,
      iat: now / 1000,
      exp: now / 1000 + 300,
    });
    expect(hanko.webhookDeliveries).toEqual([
      { event: 'user.update.username.create', url: receiver.url, status: 202, error: null },
    ]);
  });

  it('says what the receiver answers, also that it refuses, and how old the token is', async () => {
    await start();
    receiver.answer = (_request, response) => response.writeHead(401).end();
    const options = { ageSeconds: 301 };
    expect(await hanko.sendWebhook(receiver.url, 'made.up', null, options)).toEqual({
      status: 401,
    });
    expect(receiver.received[0]?.claims).toMatchObject({ evt: 'made.up', exp: now / 1000 - 1 });
  });

  it('fails where nobody answers, and where it is wrongly called', async () => {
    await start();
    await expect(hanko.sendWebhook('http://localhost:1/', 'user.create', {})).rejects.toThrow(
      /^FakeHanko: no response from http:\/\/localhost:1\/: .*ECONNREFUSED/,
    );
    await expect(hanko.sendWebhook('http://example.test/', 'user.create', {})).rejects.toThrow(
      'the url of a webhook must be http:// on this machine',
    );
    await expect(hanko.sendWebhook(receiver.url, '', {})).rejects.toThrow('event must be text');
    await expect(hanko.sendWebhook(receiver.url, 'x', undefined)).rejects.toThrow('as JSON');
    expect(receiver.received).toEqual([]);
  });
});
