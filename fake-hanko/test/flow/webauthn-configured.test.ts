import { FakeHanko, type FakeHankoOptions } from 'fake-hanko';
import { afterEach, describe, expect, it } from 'vitest';
import { SoftwareKey } from '../support/authenticator.js';
import { FlowClient } from '../support/flow-client.js';
import { decodeJws } from '../support/raw-http.js';

const PAGE = 'http://localhost:5173';
const PASSWORD = 'Correct-Horse-1';
const EMAIL = 'ada@example.test';

let hanko: FakeHanko | undefined;
afterEach(() => hanko?.stop());

/** A server that is configured so, and a browser in which Ada is signed in. */
async function start(options: FakeHankoOptions) {
  hanko = await FakeHanko.start({ users: [{ email: EMAIL, password: PASSWORD }], ...options });
  const client = new FlowClient(hanko.url);
  client.token = await hanko.token({ email: EMAIL });
  return { hanko, client };
}

async function enterPassword(client: FlowClient): Promise<string> {
  await client.act('continue_with_login_identifier', { email: EMAIL });
  await client.act('continue_to_password_login');
  return client.act('password_login', { password: PASSWORD });
}

describe('security keys that must be built in', () => {
  const config = { mfa: { security_keys: { authenticator_attachment: 'platform' } } } as const;

  /** In a browser on a device that has no authenticator of its own. */
  async function signInElsewhere(client: FlowClient): Promise<string> {
    await client.post('/login');
    await client.act('register_client_capabilities', { webauthn_available: true });
    return enterPassword(client);
  }

  it('are asked for where there can be one', async () => {
    const { client } = await start({ config });
    await client.addKey(new SoftwareKey(PAGE), 'security key');
    await client.start('login', true);
    expect(await enterPassword(client)).toBe('login_security_key');
  });

  it('elsewhere the sign-in ends, unless there is an authenticator app', async () => {
    const { client, hanko: server } = await start({ config });
    await client.addKey(new SoftwareKey(PAGE), 'security key');
    expect(await signInElsewhere(client)).toBe('error: platform_authenticator_required');
    expect(client.answer.status).toBe(401);
    await client.enrolTotp(server);
    expect(await signInElsewhere(client)).toBe('login_otp');
    expect(Object.keys(client.body.actions)).toEqual(['otp_code_validate']);
  });
});

describe('a second factor that is required', () => {
  it('stays: the last security key cannot be deleted, unless there is an authenticator app', async () => {
    const { client, hanko: server } = await start({ config: { mfa: { optional: false } } });
    const deletes = () => 'security_key_delete' in client.body.actions;
    await client.addKey(new SoftwareKey(PAGE), 'security key');
    expect(deletes()).toBe(false);
    await client.addKey(new SoftwareKey(PAGE), 'security key');
    expect(deletes()).toBe(true);
    const { user } = client.body.payload as { user: { security_keys: { id: string }[] } };
    await client.act('security_key_delete', { security_key_id: user.security_keys[0]?.id });
    expect(deletes()).toBe(false);
    await client.enrolTotp(server);
    await client.start('profile', true);
    expect(deletes()).toBe(true);
  });

  it('is set up after a sign-in by passkey, if it is wished for then: for the one who signed in', async () => {
    const { client } = await start({ config: { mfa: { acquire_on_login: true } } });
    const key = new SoftwareKey(PAGE);
    await client.addKey(key, 'passkey');
    await client.start('login', true);
    expect(await client.sign(key)).toBe('mfa_method_chooser');
    await client.act('continue_to_security_key_creation');
    await client.act('webauthn_generate_creation_options');
    expect(client.asked.user).toMatchObject({ name: EMAIL });
    expect(await client.create(new SoftwareKey(PAGE))).toBe('success');
    expect(decodeJws(client.token ?? '').claims.amr).toEqual(['passkey']);
    expect(client.body.payload.user).toMatchObject({ passkeys: [{}], security_keys: [{}] });
  });
});

describe('only the methods that somebody has are shown', () => {
  const privacy = { only_show_actual_login_methods: true };

  it('a passkey among others: it is asked for, and no security key', async () => {
    const { client } = await start({ config: { privacy } });
    const key = new SoftwareKey(PAGE);
    await client.addKey(key, 'passkey');
    await client.addKey(new SoftwareKey(PAGE), 'security key');
    await client.start('login', true);
    await client.act('continue_with_login_identifier', { email: EMAIL });
    await client.act('webauthn_generate_request_options');
    expect(client.asked.allowCredentials?.map(({ id }) => id)).toEqual([key.id]);
    expect(await client.sign(key, { userHandle: undefined })).toBe('success');
  });

  it('a passkey alone: it is asked for at once', async () => {
    const config = { privacy, email: { use_for_authentication: false } };
    const { client } = await start({ config, users: [{ email: EMAIL }] });
    const key = new SoftwareKey(PAGE);
    await client.addKey(key, 'passkey');
    await client.start('login', true);
    const state = await client.act('continue_with_login_identifier', { email: EMAIL });
    expect(state).toBe('login_passkey');
    expect(await client.sign(key)).toBe('success');
  });

  it('a security key is no method of its own', async () => {
    const { client } = await start({ config: { privacy } });
    await client.addKey(new SoftwareKey(PAGE), 'security key');
    await client.start('login', true);
    await client.act('continue_with_login_identifier', { email: EMAIL });
    expect(Object.keys(client.body.actions)).toEqual([
      'back',
      'continue_to_passcode_confirmation',
      'continue_to_password_login',
    ]);
  });
});

describe('two who register with one authenticator that copies its keys', () => {
  it('the second one is refused, and the first one has the key', async () => {
    const { hanko: server } = await start({ rateLimits: 'off' });
    const key = new SoftwareKey(PAGE);
    const clients = ['bob@example.test', 'eve@example.test'].map((email) => ({
      email,
      client: new FlowClient(server.url),
    }));
    const states: string[] = [];
    for (const { email, client } of clients) {
      await client.start('registration', true);
      await client.act('register_login_identifier', { email });
      await client.act('verify_passcode', { code: server.passcode(email) });
      await client.act('register_password', { new_password: PASSWORD });
      await client.act('continue_to_security_key_creation');
      await client.act('webauthn_generate_creation_options');
      // Neither of them is a user yet.
      expect(await client.create(key)).toBe('onboarding_create_passkey');
    }
    for (const { client } of clients) states.push(await client.act('skip'));
    expect(states).toEqual(['success', 'error: technical_error']);
  });
});
