import { FakeHanko, type FakeHankoConfig, type FakeHankoOptions, type FakeMail } from 'fake-hanko';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeJws, send } from '../support/raw-http.js';
import { FlowClient } from '../support/flow-client.js';

const ADA = 'ada@example.test';
const BOB = 'bob@example.test';
const PASSWORD = 'Correct-Horse-1';

let hanko: FakeHanko;
let mails: FakeMail[];

async function start(
  config: FakeHankoConfig = {},
  options: FakeHankoOptions = {},
): Promise<FlowClient> {
  mails = [];
  hanko = await FakeHanko.start({
    users: [{ email: ADA, password: PASSWORD }],
    onboarding: 'skipped',
    onMail: (mail) => mails.push(mail),
    config,
    ...options,
  });
  return new FlowClient(hanko.url);
}
afterEach(() => hanko.stop());

const claimsOf = ({ token }: FlowClient): Record<string, unknown> => decodeJws(token ?? '').claims;
const inputOf = ({ body }: FlowClient, action: string, name: string): unknown =>
  body.actions[action]?.inputs[name];

describe('password recovery', () => {
  async function recover(client: FlowClient, email = ADA): Promise<string> {
    await client.start('login');
    await client.act('continue_with_login_identifier', { email });
    await client.act('continue_to_password_login');
    return client.act('continue_to_passcode_confirmation_recovery');
  }

  it('leads by a code to a new password, and to a session', async () => {
    const client = await start();
    expect(await recover(client)).toBe('passcode_confirmation');
    expect(mails.at(-1)?.subject).toBe(
      `Use passcode ${hanko.passcode(ADA)} to recover your account`,
    );
    expect(await client.act('verify_passcode', { code: hanko.passcode(ADA) })).toBe(
      'login_password_recovery',
    );
    await client.act('password_recovery', { new_password: 'short' });
    expect(client.errors).toEqual(['form_data_invalid_error', 'value_too_short_error']);
    expect(await client.act('password_recovery', { new_password: 'Another-Horse-2' })).toBe(
      'success',
    );
    expect(claimsOf(client).amr).toEqual(['pwd']);
    expect(await new FlowClient(hanko.url).signIn(ADA, 'Another-Horse-2')).toBe('success');
    expect(await new FlowClient(hanko.url).signIn(ADA, PASSWORD)).toBe('login_password');
  });

  it('does not say whether an address is known', async () => {
    const client = await start();
    expect(await recover(client, BOB)).toBe('passcode_confirmation');
    expect(mails.at(-1)).toMatchObject({ to: BOB, passcode: null });
    await client.act('verify_passcode', { code: '000000' });
    expect(client.errors).toEqual(['form_data_invalid_error', 'passcode_invalid']);
  });

  it('asks for the second factor before the new password', async () => {
    const client = await start();
    await client.signIn(ADA, PASSWORD);
    await client.enrolTotp(hanko);
    await recover(client);
    expect(await client.act('verify_passcode', { code: hanko.passcode(ADA) })).toBe('login_otp');
  });

  it('is not offered where password.recovery is off', async () => {
    const client = await start({ password: { recovery: false } });
    await client.start('login');
    await client.act('continue_with_login_identifier', { email: ADA });
    await client.act('continue_to_password_login');
    expect(client.body.actions).not.toHaveProperty('continue_to_passcode_confirmation_recovery');
  });
});

describe('session.cookie.retention', () => {
  it.each([
    ['persistent', undefined, 'persistent', true],
    ['session', undefined, 'session', false],
    ['prompt', false, 'session', false],
    ['prompt', true, 'persistent', true],
  ] as const)('%s, "remember me" %s: %s', async (retention, tick, said, isKept) => {
    const client = await start({ session: { cookie: { retention } } });
    await client.start('login');
    expect('remember_me' in client.body.actions).toBe(tick !== undefined);
    if (tick !== undefined) await client.act('remember_me', { remember_me: tick });
    expect(client.state).toBe('login_init');
    await client.act('continue_with_login_identifier', { email: ADA });
    await client.act('continue_to_password_login');
    await client.act('password_login', { password: PASSWORD });
    expect(client.answer.headers['x-session-retention']).toBe(said);
    expect(client.answer.headers['set-cookie']?.[0]?.includes('Max-Age=')).toBe(isKept);
  });
});

describe('account.allow_deletion', () => {
  it('deletes the user, the sessions and the cookie', async () => {
    const client = await start({ account: { allow_deletion: true } });
    await client.signIn(ADA, PASSWORD);
    const { token } = client;
    await client.start('profile');
    expect(await client.act('account_delete')).toBe('account_deleted');
    expect(client.body.actions).toEqual({});
    expect(client.token).toBeNull();
    expect(hanko.sessions()).toEqual([]);
    client.token = token;
    expect(await client.start('profile')).toBe('error: unauthorized');
    expect(await client.signIn(ADA, PASSWORD)).toBe('login_password');
  });

  it('is not offered unless it is allowed', async () => {
    const client = await start();
    await client.signIn(ADA, PASSWORD);
    await client.start('profile');
    expect(client.body.actions).not.toHaveProperty('account_delete');
  });

  it('without account.allow_signup nobody registers', async () => {
    const client = await start({ account: { allow_signup: false } });
    await client.start('registration');
    expect(Object.keys(client.body.actions)).toEqual([]);
  });
});

describe('metadata', () => {
  async function patch(client: FlowClient, patch_metadata: unknown): Promise<unknown> {
    await client.act('patch_metadata', { patch_metadata });
    return (client.body.payload.user as { metadata?: unknown }).metadata;
  }

  it('is merged: null takes a member away, and null as a whole all of it', async () => {
    const client = await start();
    await client.signIn(ADA, PASSWORD);
    await client.start('profile');
    expect(await patch(client, { a: 1, b: { c: [1, 2], d: 'x' } })).toEqual({
      unsafe_metadata: { a: 1, b: { c: [1, 2], d: 'x' } },
    });
    expect(await patch(client, { a: null, b: { c: { e: true } } })).toEqual({
      unsafe_metadata: { b: { c: { e: true }, d: 'x' } },
    });
    const me = await send({ url: `${hanko.url}/me`, headers: { cookie: `hanko=${client.token}` } });
    expect(me.body).toMatchObject({ metadata: { unsafe_metadata: { b: { d: 'x' } } } });
    expect(await patch(client, 'null')).toBeUndefined();
  });

  it.each([[[]], ['text'], [7], [true], ['']])('must be an object: not %j', async (value) => {
    const client = await start();
    await client.signIn(ADA, PASSWORD);
    await client.start('profile');
    await patch(client, value);
    expect(client.errors).toEqual(['form_data_invalid_error', 'invalid_metadata_error']);
    expect(inputOf(client, 'patch_metadata', 'patch_metadata')).toMatchObject({
      error: { cause: 'patch metadata must be an object or null' },
    });
  });

  it('has at most 3000 characters, and no prototype', async () => {
    const client = await start();
    await client.signIn(ADA, PASSWORD);
    await client.start('profile');
    await patch(client, { a: 'x'.repeat(3000) });
    expect(client.errors).toEqual(['form_data_invalid_error', 'invalid_metadata_error']);
    await patch(client, '{"__proto__": {"isAdmin": true}, "constructor": {"prototype": {"x": 1}}}');
    expect(client.state).toBe('profile_init');
    expect(({} as { isAdmin?: true; x?: 1 }).isAdmin).toBeUndefined();
    expect(({} as { isAdmin?: true; x?: 1 }).x).toBeUndefined();
  });
});

describe('user names', () => {
  const NAMES = { username: { enabled: true } };

  it('are asked for at registration, beside the address', async () => {
    const client = await start(NAMES);
    await client.start('registration');
    expect(inputOf(client, 'register_login_identifier', 'username')).toEqual({
      name: 'username',
      type: 'string',
      min_length: 3,
      max_length: 32,
      required: false,
    });
    await client.act('register_login_identifier', { email: BOB, username: ' Bob_1 ' });
    await client.act('verify_passcode', { code: hanko.passcode(BOB) });
    expect(await client.act('register_password', { new_password: PASSWORD })).toBe('success');
    expect(claimsOf(client).username).toBe('bob_1');
  });

  it.each([
    ['b!b', 'invalid_username_error'],
    ['bo', 'value_too_short_error'],
    ['b'.repeat(33), 'value_too_long_error'],
    ['taken', 'username_already_exists'],
  ])('%s is refused: %s', async (username, error) => {
    const client = await start(NAMES, { users: [{ username: 'taken', password: PASSWORD }] });
    await client.start('registration');
    await client.act('register_login_identifier', { email: BOB, username });
    expect(client.errors).toEqual(['form_data_invalid_error', error]);
  });

  it('sign in, as an address does; without an address there is only the password', async () => {
    const users = [
      { username: 'ada', email: ADA, password: PASSWORD },
      { username: 'eve', password: PASSWORD },
    ];
    const client = await start({ ...NAMES, email: { acquire_on_login: false } }, { users });
    await client.start('login');
    expect(inputOf(client, 'continue_with_login_identifier', 'identifier')).toMatchObject({
      type: 'string',
      max_length: 255,
      required: true,
    });
    const enter = (identifier: string): Promise<string> =>
      client.act('continue_with_login_identifier', { identifier });
    expect(await enter('nobody')).toBe('login_init');
    expect(client.errors).toEqual(['form_data_invalid_error', 'unknown_username_error']);
    expect(await enter('nobody@example.test')).toBe('login_method_chooser');
    await client.act('back');
    expect(await enter(' ADA ')).toBe('login_method_chooser');
    await client.act('back');
    expect(await enter('eve')).toBe('login_password');
    await client.act('password_login', { password: PASSWORD });
    expect(client.state).toBe('success');
    expect(claimsOf(client)).toMatchObject({ username: 'eve' });
  });

  it('alone make a user without an address', async () => {
    const config = {
      ...NAMES,
      email: { acquire_on_registration: false, use_as_login_identifier: false },
    };
    const client = await start(config);
    await client.start('registration');
    await client.act('register_login_identifier', { username: 'bob' });
    expect(client.state).toBe('password_creation');
    expect(await client.act('register_password', { new_password: PASSWORD })).toBe('success');
    expect(claimsOf(client)).toMatchObject({ username: 'bob', amr: ['pwd'] });
    expect(claimsOf(client)).not.toHaveProperty('email');
    await client.start('login');
    expect(inputOf(client, 'continue_with_login_identifier', 'username')).toMatchObject({
      min_length: 3,
      max_length: 32,
    });
  });

  it('are asked for at a sign-in that has none, unless it skips', async () => {
    const client = await start(NAMES);
    expect(await client.signIn(ADA, PASSWORD)).toBe('success');
    expect(claimsOf(client)).not.toHaveProperty('username');
    await hanko.stop();
    const other = await start({ username: { enabled: true, optional: false } });
    expect(await other.signIn(ADA, PASSWORD)).toBe('onboarding_username');
    expect(other.body.actions).not.toHaveProperty('skip');
    expect(await other.act('username_create', { username: 'ada' })).toBe('success');
    expect(claimsOf(other).username).toBe('ada');
  });

  it('are made and deleted on the profile, and cannot be changed there', async () => {
    const client = await start(NAMES);
    hanko.createUser({ username: 'taken' });
    await client.signIn(ADA, PASSWORD);
    await client.start('profile');
    expect(client.body.actions).not.toHaveProperty('username_update');
    await client.act('username_create', { username: 'taken' });
    expect(client.errors).toEqual(['form_data_invalid_error', 'username_already_exists']);
    expect(inputOf(client, 'username_create', 'username')).toMatchObject({ value: 'taken' });
    await client.act('username_create', { username: 'ada' });
    expect(client.body.payload.user).toMatchObject({ username: { username: 'ada' } });
    const answer = client.answer;
    // Hanko forgets its tenant there.
    expect(await client.act('username_update', { username: 'lovelace' })).toBe(
      'error: technical_error',
    );
    client.answer = answer;
    await client.act('username_delete');
    expect(client.body.payload.user).not.toHaveProperty('username');
  });
});

describe('email and privacy', () => {
  it('without require_verification an address is taken as it is', async () => {
    const client = await start({ email: { require_verification: false } });
    await client.start('registration');
    await client.act('register_login_identifier', { email: ADA });
    expect(client.errors).toEqual(['form_data_invalid_error', 'email_already_exists']);
    expect(await client.act('register_login_identifier', { email: BOB })).toBe('password_creation');
    await client.act('register_password', { new_password: PASSWORD });
    expect(claimsOf(client)).toMatchObject({ email: { is_verified: false }, amr: ['pwd'] });

    await client.start('profile');
    await client.act('email_create', { email: 'bob2@example.test' });
    expect(client.state).toBe('profile_init');
    const { emails } = client.body.payload.user as { emails: readonly { id: string }[] };
    expect(emails).toMatchObject([{ is_primary: true }, { is_primary: false, is_verified: false }]);
    await client.act('email_verify', { email_id: emails[1]?.id });
    await client.act('verify_passcode', { code: hanko.passcode('bob2@example.test') });
    expect(client.body.payload.user).toMatchObject({ emails: [{}, { is_verified: true }] });
  });

  it('show_account_existence_hints says who is known', async () => {
    const client = await start({ privacy: { show_account_existence_hints: true } });
    await client.start('login');
    await client.act('continue_with_login_identifier', { email: BOB });
    expect(client.errors).toEqual(['form_data_invalid_error', 'unknown_email_error']);
    await client.start('registration');
    await client.act('register_login_identifier', { email: ADA });
    expect(client.errors).toEqual(['form_data_invalid_error', 'email_already_exists']);
  });

  it('only_show_actual_login_methods leaves out what the user cannot use', async () => {
    const client = await start(
      { privacy: { only_show_actual_login_methods: true } },
      { users: [{ email: ADA, password: PASSWORD }, { email: BOB }] },
    );
    await client.start('login');
    expect(await client.act('continue_with_login_identifier', { email: ADA })).toBe(
      'login_method_chooser',
    );
    await client.start('login');
    expect(await client.act('continue_with_login_identifier', { email: BOB })).toBe(
      'passcode_confirmation',
    );
  });

  it.each([
    [{ password: { enabled: false } }, 'passcode_confirmation'],
    [{ email: { use_for_authentication: false } }, 'login_password'],
  ] as const)('%j: the one way to sign in needs no choice', async (config, state) => {
    const client = await start(config);
    await client.start('login');
    await client.act('continue_with_login_identifier', { email: ADA });
    expect(client.state).toBe(state);
  });

  it('a user whom no method is left to ends at an error', async () => {
    const client = await start({ privacy: { only_show_actual_login_methods: true } });
    await client.start('login');
    await client.act('continue_with_login_identifier', { email: BOB });
    expect(client.state).toBe('error: flow_discontinuity_error');
    expect(client.body).toMatchObject({ status: 500, payload: {}, actions: {} });
  });

  it('a code stays good when the user goes back and comes again', async () => {
    const client = await start();
    await client.start('registration');
    await client.act('register_login_identifier', { email: BOB });
    const code = hanko.passcode(BOB);
    await client.act('back');
    await client.act('register_login_identifier', { email: BOB });
    expect(mails.filter(({ to }) => to === BOB)).toHaveLength(1);
    expect(await client.act('verify_passcode', { code })).toBe('password_creation');
  });

  it('asks a user without an address for one', async () => {
    const config = { username: { enabled: true } };
    const client = await start(config, { users: [{ username: 'ada', password: PASSWORD }] });
    await client.start('login');
    await client.act('continue_with_login_identifier', { identifier: 'ada' });
    expect(await client.act('password_login', { password: PASSWORD })).toBe('onboarding_email');
    await client.act('email_address_set', { email: ADA });
    expect(await client.act('verify_passcode', { code: hanko.passcode(ADA) })).toBe('success');
    expect(claimsOf(client).email).toEqual({ address: ADA, is_primary: true, is_verified: true });
  });

  it('passcodes are as passcode_charset and passcode_ttl say', async () => {
    const email = { passcode_charset: 'alphanumeric', passcode_ttl: 60 } as const;
    let now = Date.now();
    const client = await start({ email }, { now: () => now });
    await client.start('login');
    await client.act('continue_with_login_identifier', { email: ADA });
    await client.act('continue_to_passcode_confirmation');
    expect(mails.at(-1)?.text).toContain('valid for 1 minutes');
    const code = hanko.passcode(ADA);
    expect(code).toMatch(/^[2-9A-HJ-NP-Za-km-z]{6}$/);
    now += 60_001;
    await client.act('verify_passcode', { code });
    expect(client.errors).toEqual(['form_data_invalid_error', 'passcode_invalid']);
  });

  it('password.min_length and security_notifications are followed', async () => {
    const client = await start({
      password: { min_length: 12 },
      security_notifications: { notifications: { password_update: { enabled: false } } },
    });
    await client.signIn(ADA, PASSWORD);
    await client.start('profile');
    expect(inputOf(client, 'password_update', 'password')).toMatchObject({ min_length: 12 });
    const before = mails.length;
    await client.act('password_update', { password: 'Another-Horse-2' });
    expect(client.errors).toEqual([]);
    expect(mails).toHaveLength(before);
  });

  it('the profile shows sessions, and ends them, as session says', async () => {
    const client = await start({
      session: { acquire_ip_address: false, acquire_user_agent: false, allow_revocation: false },
    });
    await client.signIn(ADA, PASSWORD);
    await client.signIn(ADA, PASSWORD);
    await client.start('profile');
    expect(client.body.actions).not.toHaveProperty('session_delete');
    expect(hanko.sessions()).toMatchObject([
      { ip_address: null, user_agent: null },
      { ip_address: null, user_agent: null },
    ]);
    await hanko.stop();
    const other = await start({ session: { show_on_profile: false } });
    await other.signIn(ADA, PASSWORD);
    await other.start('profile');
    expect(other.body.payload).not.toHaveProperty('sessions');
  });
});
