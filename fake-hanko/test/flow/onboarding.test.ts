import { FakeHanko, type FakeHankoConfig } from 'fake-hanko';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeJws } from '../support/raw-http.js';
import { FlowClient } from '../support/flow-client.js';

const ADA = 'ada@example.test';
const BOB = 'bob@example.test';
const PASSWORD = 'Correct-Horse-1';

type Wish = 'always' | 'conditional' | 'never';

let hanko: FakeHanko;

async function start(config: FakeHankoConfig, password?: string): Promise<FlowClient> {
  const user = password === undefined ? { email: ADA } : { email: ADA, password };
  hanko = await FakeHanko.start({ config, users: [user], rateLimits: 'off' });
  return new FlowClient(hanko.url);
}
afterEach(() => hanko.stop());

/** Up to where nothing but skipping is left to do. @returns the states on the way. */
async function skipThrough(client: FlowClient): Promise<readonly string[]> {
  const states = [client.state];
  while (client.body.actions.skip !== undefined) states.push(await client.act('skip'));
  return states;
}

async function registerByCode(client: FlowClient, hasWebauthn: boolean): Promise<void> {
  await client.start('registration', hasWebauthn);
  await client.act('register_login_identifier', { email: BOB });
  await client.act('verify_passcode', { code: hanko.passcode(BOB) });
}

async function signInByCode(client: FlowClient, hasWebauthn: boolean): Promise<void> {
  await client.start('login', hasWebauthn);
  await client.act('continue_with_login_identifier', { email: ADA });
  if (client.state === 'login_method_chooser')
    await client.act('continue_to_passcode_confirmation');
  await client.act('verify_passcode', { code: hanko.passcode(ADA) });
}

const config = (passkey: Wish, password: Wish): FakeHankoConfig => ({
  mfa: { enabled: false },
  passkey: { acquire_on_registration: passkey, acquire_on_login: passkey },
  password: { acquire_on_registration: password, acquire_on_login: password, optional: true },
});

// What follows from each combination of wishes is recorded: configured-replay.test.ts.
describe('passkey and password at registration', () => {
  it('without a browser that can have passkeys there is the password only', async () => {
    const client = await start(config('always', 'conditional'));
    await registerByCode(client, false);
    expect(await skipThrough(client)).toEqual(['password_creation', 'success']);
  });

  it('the chooser leads to either, and back', async () => {
    const client = await start(config('conditional', 'conditional'));
    await registerByCode(client, true);
    expect(await client.act('continue_to_passkey_registration')).toBe('onboarding_create_passkey');
    expect(client.body.actions).not.toHaveProperty('skip');
    expect(await client.act('back')).toBe('credential_onboarding_chooser');
    expect(await client.act('continue_to_password_registration')).toBe('password_creation');
    expect(client.body.actions).not.toHaveProperty('skip');
    expect(await client.act('register_password', { new_password: PASSWORD })).toBe('success');
    expect(decodeJws(client.token ?? '').claims.amr).toEqual(['otp', 'pwd']);
  });

  it('what is needed to sign in cannot be skipped', async () => {
    const names = { username: { enabled: true, optional: false } };
    const noCodes = { email: { enabled: false, use_for_authentication: false } };
    const client = await start({ ...config('never', 'always'), ...names, ...noCodes });
    await client.start('registration', true);
    await client.act('register_login_identifier', { username: 'bob' });
    expect(client.state).toBe('password_creation');
    expect(client.body.actions).not.toHaveProperty('skip');
  });
});

describe('passkey and password at a sign-in', () => {
  it.each<[Wish, Wish, boolean, readonly string[]]>([
    ['always', 'always', false, ['onboarding_create_passkey', 'password_creation', 'success']],
    ['always', 'always', true, ['onboarding_create_passkey', 'success']],
    ['conditional', 'always', true, ['success']],
    ['conditional', 'conditional', false, ['credential_onboarding_chooser', 'success']],
    ['conditional', 'conditional', true, ['success']],
    ['never', 'always', false, ['password_creation', 'success']],
    ['never', 'always', true, ['success']],
    ['conditional', 'never', true, ['success']],
  ])('passkey %s, password %s, has one: %s: %s', async (passkey, password, has, states) => {
    const client = await start(config(passkey, password), has ? PASSWORD : undefined);
    await signInByCode(client, true);
    expect(await skipThrough(client)).toEqual(states);
  });

  it('a password that is made is there from then on', async () => {
    const client = await start(config('never', 'always'));
    await signInByCode(client, false);
    expect(await client.act('register_password', { new_password: PASSWORD })).toBe('success');
    expect(await client.signIn(ADA, PASSWORD)).toBe('success');
  });
});

describe('a second factor', () => {
  it.each([
    [{ acquire_on_login: true }, ['mfa_method_chooser', 'success']],
    [{ acquire_on_login: true, enabled: false }, ['success']],
    [{ acquire_on_login: false }, ['success']],
  ])('mfa %j: %s', async (mfa, states) => {
    const client = await start({ mfa, passkey: { enabled: false } }, PASSWORD);
    await client.start('login');
    await client.act('continue_with_login_identifier', { email: ADA });
    await client.act('continue_to_password_login');
    await client.act('password_login', { password: PASSWORD });
    expect(await skipThrough(client)).toEqual(states);
  });

  it('that is not optional must be set up, and cannot be taken away', async () => {
    const client = await start({ mfa: { optional: false }, passkey: { enabled: false } });
    await registerByCode(client, false);
    await client.act('register_password', { new_password: PASSWORD });
    expect(client.state).toBe('mfa_method_chooser');
    expect(client.body.actions).not.toHaveProperty('skip');
    await client.act('continue_to_otp_secret_creation');
    const otp_code = hanko.totp(String(client.body.payload.otp_secret));
    expect(await client.act('otp_code_verify', { otp_code })).toBe('success');
    expect(decodeJws(client.token ?? '').claims.amr).toEqual(['otp', 'pwd', 'totp']);
    await client.start('profile');
    expect(client.body.actions).not.toHaveProperty('otp_secret_delete');
  });

  it('by an authenticator app is not offered where mfa.totp is off', async () => {
    const client = await start({ mfa: { totp: { enabled: false } } }, PASSWORD);
    await client.signIn(ADA, PASSWORD);
    await client.start('profile');
    expect(client.body.actions).not.toHaveProperty('continue_to_otp_secret_creation');
    expect(client.body.payload.user).toMatchObject({ mfa_config: { totp_enabled: false } });
  });

  // As a real server does: the answer holds both.
  it('that this device lacks, and is needed, is an error, and the session starts', async () => {
    const client = await start(
      {
        mfa: {
          acquire_on_login: true,
          optional: false,
          totp: { enabled: false },
          security_keys: { authenticator_attachment: 'platform' },
        },
      },
      PASSWORD,
    );
    await client.start('login', false);
    await client.act('continue_with_login_identifier', { email: ADA });
    await client.act('continue_to_password_login');
    await client.act('password_login', { password: PASSWORD });
    expect(client.state).toBe('success');
    expect(client.errors).toEqual(['platform_authenticator_required']);
    expect(client.answer.status).toBe(401);
  });
});

describe('version', () => {
  it.each([
    ['3.0.4', 'success', 'passcode_invalid'],
    ['main', 'login_otp', 'otp_code_invalid'],
  ] as const)('%s: a code is taken again: %s; a wrong one is %s', async (version, state, error) => {
    const now = Date.now();
    hanko = await FakeHanko.start({
      version,
      now: () => now,
      onboarding: 'skipped',
      users: [{ email: ADA, password: PASSWORD, totpSecret: 'JBSWY3DPEHPK3PXP' }],
    });
    const client = new FlowClient(hanko.url);
    await client.signIn(ADA, PASSWORD);
    await client.act('otp_code_validate', { otp_code: '000000' });
    expect(client.errors).toEqual(['form_data_invalid_error', error]);
    const otp_code = ` ${hanko.totp(ADA)} `;
    expect(await client.act('otp_code_validate', { otp_code })).toBe('success');
    await client.signIn(ADA, PASSWORD);
    expect(await client.act('otp_code_validate', { otp_code: hanko.totp(ADA) })).toBe(state);
  });

  it.each([
    ['3.0.4', 'login_otp'],
    ['main', 'error: technical_error'],
  ] as const)('%s: a code of five letters leads to %s', async (version, state) => {
    hanko = await FakeHanko.start({
      version,
      onboarding: 'skipped',
      users: [{ email: ADA, password: PASSWORD, totpSecret: 'JBSWY3DPEHPK3PXP' }],
    });
    const client = new FlowClient(hanko.url);
    await client.signIn(ADA, PASSWORD);
    expect(await client.act('otp_code_validate', { otp_code: '12345' })).toBe(state);
  });
});
