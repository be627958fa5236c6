import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SoftwareKey } from '../support/authenticator.js';
import { FlowClient } from '../support/flow-client.js';
import { decodeJws } from '../support/raw-http.js';

const PAGE = 'http://localhost:5173';
const PASSWORD = 'Correct-Horse-1';

let hanko: FakeHanko;
let client: FlowClient;
let mails: string[] = [];
let count = 0;
/** A user of its own for each case. */
let email: string;

beforeAll(async () => {
  hanko = await FakeHanko.start({
    rateLimits: 'off',
    onMail: ({ to, subject }) => mails.push(`${to}: ${subject}`),
  });
});
afterAll(() => hanko.stop());

beforeEach(() => {
  mails = [];
  email = `user${(count += 1)}@example.test`;
  hanko.createUser({ email, password: PASSWORD });
  client = new FlowClient(hanko.url);
});

const amr = (): unknown => decodeJws(client.token ?? '').claims.amr;

interface ShownKey {
  readonly id: string;
  readonly name?: string;
  readonly mfa_only: boolean;
}
/** Passkeys and security keys on the page of the profile. */
function shown(): { passkeys: readonly ShownKey[]; security_keys: readonly ShownKey[] } {
  const { user } = client.body.payload as { user: Record<string, readonly ShownKey[] | undefined> };
  const { passkeys = [], security_keys = [] } = user;
  return { passkeys, security_keys };
}

/** Signs in with the password, and adds a key to the profile. */
async function withKey(kind: 'passkey' | 'security key', key = new SoftwareKey(PAGE)) {
  await client.signIn(email, PASSWORD);
  expect(await client.addKey(key, kind)).toBe('profile_init');
  mails = [];
  return key;
}

/** As far as the password, in a browser that has WebAuthn. */
async function enterPassword(): Promise<string> {
  await client.start('login', true);
  await client.act('continue_with_login_identifier', { email });
  await client.act('continue_to_password_login');
  return client.act('password_login', { password: PASSWORD });
}

describe('passkeys', () => {
  it('by button and by autofill: one key, two sign-ins, no page in between', async () => {
    const key = await withKey('passkey');
    await client.start('login', true);
    expect(await client.sign(key)).toBe('success');
    expect(amr()).toEqual(['passkey']);
    await client.start('login', true);
    expect(await client.act('webauthn_generate_request_options')).toBe('login_passkey');
    expect(await client.sign(key)).toBe('success');
    expect(client.body.payload.last_login).toEqual({ login_method: 'passkey' });
  });

  it('by autofill, after a mistyped address and after a step back, too', async () => {
    const key = await withKey('passkey');
    await client.start('login', true);
    const { challenge } = client.asked;
    await client.act('continue_with_login_identifier', { email: 'ada' });
    expect(client.errors).toContain('value_invalid_error');
    expect(client.asked.challenge).toBe(challenge);
    await client.act('continue_with_login_identifier', { email });
    expect(client.body.payload).toEqual({});
    expect(await client.act('back')).toBe('login_init');
    expect(client.asked.challenge).not.toBe(challenge);
    expect(await client.sign(key)).toBe('success');
  });

  it('from the page of methods: any passkey, whatever address was entered', async () => {
    const key = await withKey('passkey');
    await client.start('login', true);
    await client.act('continue_with_login_identifier', { email: 'nobody@example.test' });
    expect(await client.act('webauthn_generate_request_options')).toBe('login_passkey');
    expect(await client.sign(key)).toBe('success');
    expect(client.body.payload.user).toMatchObject({ emails: [{ address: email }] });
  });

  it('are enough for somebody with an authenticator app', async () => {
    const key = await withKey('passkey');
    await client.enrolTotp(hanko);
    await client.start('login', true);
    expect(await client.sign(key)).toBe('success');
    expect(amr()).toEqual(['passkey']);
  });

  it('are offered after a sign-in until there is one', async () => {
    expect(await enterPassword()).toBe('onboarding_create_passkey');
    expect(await client.act('webauthn_generate_creation_options')).toBe(
      'onboarding_verify_passkey_attestation',
    );
    expect(await client.create(new SoftwareKey(PAGE, 'none'))).toBe('success');
    expect(amr()).toEqual(['pwd']);
    expect(await enterPassword()).toBe('success');
    expect(shown().passkeys).toMatchObject([{ attestation_type: 'none', mfa_only: false }]);
  });

  it('are added, named and deleted on the profile, which mails word of the first', async () => {
    await client.signIn(email, PASSWORD);
    const key = new SoftwareKey(PAGE);
    mails = [];
    expect(await client.addKey(key, 'passkey')).toBe('profile_init');
    expect(mails).toEqual([`${email}: A new passkey has been added`]);
    expect(shown().passkeys.map(({ id }) => id)).toEqual([key.id]);
    const name = { passkey_id: key.id, passkey_name: 'Laptop' };
    await client.act('webauthn_credential_rename', name);
    expect(shown().passkeys).toMatchObject([{ name: 'Laptop' }]);
    await client.act('webauthn_credential_delete', { passkey_id: key.id });
    expect(shown().passkeys).toEqual([]);
    expect(Object.keys(client.body.actions)).not.toContain('webauthn_credential_delete');
    await client.start('login', true);
    expect(await client.sign(key)).toBe('login_init');
    expect(client.errors).toEqual(['passkey_invalid']);
  });

  it('that are there already are named to the authenticator, so that it makes no second one', async () => {
    const key = await withKey('passkey');
    await client.start('profile', true);
    await client.act('webauthn_credential_create');
    expect(client.asked).toMatchObject({
      excludeCredentials: [{ type: 'public-key', id: key.id, transports: ['internal'] }],
      authenticatorSelection: { residentKey: 'required' },
    });
    expect(await client.act('back')).toBe('profile_init');
  });

  it('that nobody else can sign in without stay', async () => {
    const alone = await FakeHanko.start({
      config: { password: { enabled: false }, email: { use_for_authentication: false } },
    });
    const own = new FlowClient(alone.url);
    own.token = await alone.token({ email });
    const [first, second] = [new SoftwareKey(PAGE), new SoftwareKey(PAGE)];
    await own.addKey(first, 'passkey');
    expect(Object.keys(own.body.actions)).not.toContain('webauthn_credential_delete');
    await own.addKey(second, 'passkey');
    await own.act('webauthn_credential_delete', { passkey_id: first.id });
    expect(Object.keys(own.body.actions)).not.toContain('webauthn_credential_delete');
    await alone.stop();
  });

  it('are found at /me', async () => {
    const key = await withKey('passkey');
    const response = await fetch(`${hanko.url}/me`, {
      headers: { authorization: `Bearer ${client.token}` },
    });
    expect(await response.json()).toMatchObject({
      passkeys: [{ id: key.id, transports: ['internal'] }],
    });
  });
});

describe('addPasskey', () => {
  it('gives a user one that an authenticator signs in with', async () => {
    const passkey = hanko.addPasskey(email.toUpperCase());
    expect(passkey).toMatchObject({ rpId: 'localhost', signCount: 0 });
    await client.start('login', true);
    expect(await client.sign(SoftwareKey.of(passkey, PAGE))).toBe('success');
    expect(client.body.payload.user).toMatchObject({
      emails: [{ address: email }],
      passkeys: [{ id: passkey.id }],
    });
    await client.start('profile', true);
    await client.act('webauthn_credential_create');
    expect(client.asked.excludeCredentials).toMatchObject([{ id: passkey.id }]);
  });

  it('is for the configured relying party', async () => {
    const other = await FakeHanko.start({
      config: { webauthn: { relying_party: { id: 'example.com' } } },
      users: [{ email }],
    });
    expect(other.addPasskey(email).rpId).toBe('example.com');
    await other.stop();
  });

  it.each(['nobody@example.test', '', undefined as unknown as string])('refuses %j', (whose) => {
    expect(() => hanko.addPasskey(whose)).toThrow(
      new TypeError('FakeHanko: addPasskey() needs the address of a user.'),
    );
  });
});

describe('security keys', () => {
  it('are asked for after a password, and named to the authenticator', async () => {
    const key = await withKey('security key', new SoftwareKey(PAGE, 'packed', 'usb'));
    expect(await enterPassword()).toBe('login_security_key');
    await client.act('webauthn_generate_request_options');
    expect(client.asked).toMatchObject({
      allowCredentials: [{ type: 'public-key', id: key.id, transports: ['usb'] }],
      userVerification: 'discouraged',
    });
    // It is kept on the server, and does not say whose it is; nor does it know who is there.
    await client.sign(key, { userHandle: undefined, isVerified: false });
    expect(await client.skipAll()).toBe('success');
    expect(amr()).toEqual(['pwd', 'security_key']);
    expect(client.body.payload.last_login).toEqual({
      login_method: 'password',
      mfa_method: 'security_key',
    });
  });

  it('are one of two second factors, if there is an authenticator app too', async () => {
    const key = await withKey('security key');
    await client.enrolTotp(hanko);
    expect(await enterPassword()).toBe('login_security_key');
    expect(await client.act('continue_to_login_otp')).toBe('login_otp');
    expect(await client.act('continue_to_login_security_key')).toBe('login_security_key');
    await client.act('webauthn_generate_request_options');
    expect(await client.act('back')).toBe('login_security_key');
    await client.act('webauthn_generate_request_options');
    await client.sign(key);
    expect(await client.skipAll()).toBe('success');
    expect(amr()).toEqual(['pwd', 'security_key']);
  });

  it('are no first factor', async () => {
    const key = await withKey('security key');
    await client.start('login', true);
    expect(await client.sign(key)).toBe('login_init');
    expect(client.answer.status).toBe(401);
    expect(client.errors).toEqual(['webauthn_credential_invalid_mfa_only']);
  });

  it('are set up while registering, before the passkey', async () => {
    const address = `new-${email}`;
    await client.start('registration', true);
    await client.act('register_login_identifier', { email: address });
    await client.act('verify_passcode', { code: hanko.passcode(address) });
    await client.act('register_password', { new_password: PASSWORD });
    expect(await client.act('continue_to_security_key_creation')).toBe('mfa_security_key_creation');
    await client.act('webauthn_generate_creation_options');
    expect(client.asked).toMatchObject({
      user: { name: address, displayName: address },
      authenticatorSelection: {
        authenticatorAttachment: 'cross-platform',
        requireResidentKey: false,
        residentKey: 'discouraged',
        userVerification: 'discouraged',
      },
    });
    expect(await client.create(new SoftwareKey(PAGE))).toBe('onboarding_create_passkey');
    await client.act('webauthn_generate_creation_options');
    expect(await client.create(new SoftwareKey(PAGE))).toBe('success');
    expect(amr()).toEqual(['otp', 'pwd', 'passkey', 'security_key']);
    expect(shown()).toMatchObject({ passkeys: [{}], security_keys: [{ mfa_only: true }] });
  });

  it('are added and deleted on the profile, which mails word of both', async () => {
    await client.signIn(email, PASSWORD);
    mails = [];
    const key = new SoftwareKey(PAGE);
    await client.addKey(key, 'security key');
    expect(shown().security_keys.map(({ id }) => id)).toEqual([key.id]);
    await client.act('security_key_delete', { security_key_id: key.id });
    expect(shown().security_keys).toEqual([]);
    expect(mails).toEqual([
      `${email}: A new MFA method has been added`,
      `${email}: MFA method removed`,
    ]);
  });
});

describe('a browser without WebAuthn', () => {
  it('is offered none of it', async () => {
    await client.start('login');
    expect(Object.keys(client.body.actions)).toEqual(['continue_with_login_identifier']);
    expect(client.body.payload).toEqual({});
    await client.signIn(email, PASSWORD);
    await client.start('profile');
    const actions = Object.keys(client.body.actions);
    expect(actions.filter((name) => /webauthn|security_key/.test(name))).toEqual([]);
  });
});

describe('configured', () => {
  it.each([
    [{ passkey: { enabled: false } }, ['webauthn_verify_assertion_response']],
    [{}, ['webauthn_generate_request_options', 'webauthn_verify_assertion_response']],
  ])('%j: a sign-in offers %j', async (config, expected) => {
    const other = await FakeHanko.start({ config });
    const own = new FlowClient(other.url);
    await own.start('login', true);
    const actions = Object.keys(own.body.actions).filter((name) => name.startsWith('webauthn'));
    expect(actions).toEqual(expected);
    await other.stop();
  });

  it('limits end what can be added', async () => {
    const other = await FakeHanko.start({
      config: { passkey: { limit: 1 }, mfa: { security_keys: { limit: 1 } } },
    });
    const own = new FlowClient(other.url);
    own.token = await other.token({ email });
    await own.addKey(new SoftwareKey(PAGE), 'security key');
    // Hanko counts security keys among the passkeys here.
    expect(Object.keys(own.body.actions)).not.toContain('webauthn_credential_create');
    expect(Object.keys(own.body.actions)).not.toContain('security_key_create');
    await other.stop();
  });

  it('only_show_actual_login_methods: asks for the passkeys of the one whose address was entered', async () => {
    const other = await FakeHanko.start({
      config: { privacy: { only_show_actual_login_methods: true } },
      users: [{ email, password: PASSWORD }],
    });
    const own = new FlowClient(other.url);
    const key = new SoftwareKey(PAGE);
    await own.signIn(email, PASSWORD);
    await own.addKey(key, 'passkey');
    await own.start('login', true);
    await own.act('continue_with_login_identifier', { email });
    await own.act('webauthn_generate_request_options');
    expect(own.asked.allowCredentials).toMatchObject([{ id: key.id }]);
    expect(await own.sign(key)).toBe('success');
    await other.stop();
  });
});
