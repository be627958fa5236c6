import { FakeHanko, type FakeHankoOptions } from 'fake-hanko';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeJws } from '../support/raw-http.js';
import { FlowClient } from '../support/flow-client.js';

const ADA = 'ada@example.test';
const PASSWORD = 'Correct-Horse-1';
const APP = 'http://localhost:3000/login';
const VERIFIER = 'v'.repeat(43);
const GOOGLE = { third_party: { providers: { google: { enabled: true } } } };

let now: number;
let hanko: FakeHanko;

async function start(options: FakeHankoOptions = {}): Promise<FlowClient> {
  now = Date.parse('2026-11-23T12:00:00Z');
  hanko = await FakeHanko.start({
    now: () => now,
    users: [{ email: ADA, password: PASSWORD }],
    onboarding: 'skipped',
    config: GOOGLE,
    ...options,
  });
  return new FlowClient(hanko.url);
}
afterEach(() => hanko.stop());

/** To the page of the provider. @returns its address. */
async function leave(
  client: FlowClient,
  flow: 'login' | 'profile' | 'registration' = 'login',
  input: Record<string, string> = {},
): Promise<string> {
  await client.start(flow);
  const action = flow === 'profile' ? 'connect_thirdparty_oauth_provider' : 'thirdparty_oauth';
  const sent = { provider: 'google', redirect_to: APP, code_verifier: VERIFIER, ...input };
  expect(await client.act(action, sent)).toBe('thirdparty');
  return String(client.body.payload.redirect_url);
}

/** Fills in the provider's page. @returns where the browser ends. */
async function choose(
  client: FlowClient,
  page: string,
  fields: Readonly<Record<string, string>>,
): Promise<URL> {
  const state = new URL(page).searchParams.get('state') ?? '';
  const callback = await client.visit(page, { state, ...fields });
  expect(client.answer.status).toBe(303);
  const app = await client.visit(callback ?? '');
  expect(client.answer.status).toBe(307);
  return new URL(app ?? '');
}

/** All of it, to the session or what stands before it. */
async function signIn(
  client: FlowClient,
  fields: Readonly<Record<string, string>>,
  flow: 'login' | 'profile' | 'registration' = 'login',
): Promise<string> {
  const page = await leave(client, flow);
  const flowBody = client.answer;
  const app = await choose(client, page, fields);
  client.answer = flowBody;
  const token = app.searchParams.get('hanko_token');
  return client.act('exchange_token', { token, code_verifier: VERIFIER });
}

describe('a third party', () => {
  it('is offered where it is enabled, by the name that people know', async () => {
    const client = await start({
      config: {
        third_party: {
          providers: { google: { enabled: true }, github: { enabled: true } },
          custom_providers: { keycloak: { enabled: true, display_name: 'Our Keycloak' } },
        },
      },
    });
    await client.start('login');
    expect(client.body.actions.thirdparty_oauth?.inputs.provider?.allowed_values).toEqual([
      { value: 'github', name: 'GitHub' },
      { value: 'google', name: 'Google' },
      { value: 'custom_keycloak', name: 'Our Keycloak' },
    ]);
    await client.start('registration');
    expect(client.body.actions).toHaveProperty('thirdparty_oauth');
  });

  it('is not offered by an unconfigured server', async () => {
    const client = await start({ config: {} });
    await client.start('login');
    expect(client.body.actions).not.toHaveProperty('thirdparty_oauth');
  });

  it('brings a new user, who is the same one the next time', async () => {
    const client = await start();
    const bob = { email: 'Bob@Example.test', name: 'Bob', verified: 'on' };
    expect(await signIn(client, bob)).toBe('success');
    expect(client.body.payload.last_login).toEqual({
      login_method: 'third_party',
      third_party_provider: 'google',
    });
    const { sub, amr, email } = decodeJws(client.token ?? '').claims;
    expect(amr).toEqual(['ext:google']);
    expect(email).toMatchObject({ address: 'bob@example.test', is_verified: true });
    expect(client.body.payload.user).toMatchObject({
      name: 'Bob',
      identities: [{ provider: 'Google' }],
    });

    const again = new FlowClient(hanko.url);
    await signIn(again, { email: 'bob@example.test', verified: 'on' });
    expect(decodeJws(again.token ?? '').claims.sub).toBe(sub);
    expect(again.body.payload.user).toMatchObject({ name: 'Bob' });
  });

  it('registers, and amr says with whom', async () => {
    const client = await start();
    const state = await signIn(
      client,
      { email: 'bob@example.test', verified: 'on' },
      'registration',
    );
    expect(state).toBe('success');
    expect(client.body.payload).not.toHaveProperty('last_login');
    expect(decodeJws(client.token ?? '').claims.amr).toEqual(['ext:google']);
  });

  it('is linked to the user who has the address', async () => {
    const client = await start();
    await signIn(client, { email: ADA, verified: 'on' });
    const [user] = hanko.sessions();
    const other = new FlowClient(hanko.url);
    await other.signIn(ADA, PASSWORD);
    expect(decodeJws(other.token ?? '').claims.sub).toBe(user?.user_id);
  });

  it('is not linked where that is not allowed: the page is told', async () => {
    const client = await start({
      config: { third_party: { providers: { google: { enabled: true, allow_linking: false } } } },
    });
    const app = await choose(client, await leave(client), { email: ADA, verified: 'on' });
    expect(app.searchParams.get('error')).toBe('user_conflict');
    expect(app.searchParams.has('hanko_token')).toBe(false);
  });

  it('brings nobody where signing up is not allowed', async () => {
    const client = await start({ config: { ...GOOGLE, account: { allow_signup: false } } });
    const app = await choose(client, await leave(client), { email: 'bob@example.test' });
    expect(app.searchParams.get('error')).toBe('signup_disabled');
  });

  it('has an address proved that it has not verified', async () => {
    const client = await start();
    expect(await signIn(client, { email: 'bob@example.test' })).toBe('passcode_confirmation');
    const code = hanko.passcode('bob@example.test');
    expect(await client.act('verify_passcode', { code })).toBe('success');
    const { amr, email } = decodeJws(client.token ?? '').claims;
    expect(amr).toEqual(['ext:google']);
    expect(email).toMatchObject({ is_verified: true });
  });

  it('a registration does not note the proof, as with Hanko', async () => {
    const client = await start();
    await signIn(client, { email: 'bob@example.test' }, 'registration');
    await client.act('verify_passcode', { code: hanko.passcode('bob@example.test') });
    expect(decodeJws(client.token ?? '').claims).toMatchObject({
      amr: ['otp', 'ext:google'],
      email: { is_verified: false },
    });
  });

  it.each([
    ['cancel', 'access_denied', 'access_denied'],
    ['fail', 'server_error', 'server_error'],
  ])('can %s: the page is told, and the flow goes back', async (_how, error, code) => {
    const client = await start();
    const page = await leave(client);
    const flowBody = client.answer;
    const app = await choose(client, page, { error });
    expect(app.origin + app.pathname).toBe('http://localhost:3000/login');
    expect(app.searchParams.get('error')).toBe(code);
    client.answer = flowBody;
    expect(await client.act('back')).toBe('login_init');
  });

  it('is connected on the profile, and disconnected there', async () => {
    const client = await start();
    await client.signIn(ADA, PASSWORD);
    const google = { email: 'ada@google.example', verified: 'on' };
    expect(await signIn(client, google, 'profile')).toBe('profile_init');
    const { identities } = client.body.payload.user as {
      identities: readonly { provider: string; identity_id: string }[];
    };
    expect(identities).toMatchObject([{ provider: 'Google' }]);
    expect(client.body.actions).not.toHaveProperty('connect_thirdparty_oauth_provider');

    const other = new FlowClient(hanko.url);
    expect(await signIn(other, google)).toBe('success');
    const [mine, theirs] = [client, other].map((one) => decodeJws(one.token ?? '').claims.sub);
    expect(theirs).toBe(mine);

    await client.start('profile');
    await client.act('disconnect_thirdparty_oauth_provider', {
      identity_id: identities[0]?.identity_id,
    });
    expect(client.body.payload.user).not.toHaveProperty('identities');
  });

  it('comes back to the query of the page, too', async () => {
    const client = await start();
    const page = await leave(client, 'login', { redirect_to: `${APP}?next=%2Fhome` });
    const app = await choose(client, page, { email: ADA, verified: 'on' });
    expect([...app.searchParams.keys()]).toEqual(['next', 'hanko_token']);
  });

  it('without a sign-in to go on with leads to error_redirect_url', async () => {
    const client = await start({
      config: { third_party: { error_redirect_url: 'http://localhost:3000/error' } },
    });
    expect(await client.visit('/thirdparty/callback?state=invented&code=x')).toBe(
      'http://localhost:3000/error?error=invalid_request&error_description=could+not+verify+state',
    );
  });

  it('asks for a name where names are wished for', async () => {
    const client = await start({ config: { ...GOOGLE, username: { enabled: true } } });
    const state = await signIn(client, { email: 'bob@example.test', verified: 'on' });
    expect(state).toBe('onboarding_username');
    expect(await client.act('username_create', { username: 'Bob' })).toBe('success');
    expect(decodeJws(client.token ?? '').claims.username).toBe('bob');
  });
});

describe('hostile sign-ins at a third party', () => {
  it.each([
    ['https://evil.example/', 'another host'],
    ['http://localhost.evil.example/', 'a host that begins alike'],
    ['javascript:alert(1)', 'a script'],
    ['//localhost:3000/', 'no address of its own'],
  ])('are not sent back to %s: %s', async (redirect_to) => {
    const client = await start();
    await client.start('login');
    const input = { provider: 'google', redirect_to, code_verifier: VERIFIER };
    expect(await client.act('thirdparty_oauth', input)).toBe('login_init');
    expect(client.errors).toEqual(['form_data_invalid_error']);
  });

  it('follow allowed_redirect_urls where there are any', async () => {
    const client = await start({
      config: {
        third_party: {
          providers: { google: { enabled: true } },
          allowed_redirect_urls: ['https://app.example.test/**'],
        },
      },
    });
    await leave(client, 'login', { redirect_to: 'https://app.example.test/login' });
    await client.start('login');
    await client.act('thirdparty_oauth', { provider: 'google', redirect_to: APP });
    expect(client.errors).toEqual(['form_data_invalid_error']);
  });

  it('get no page without a sign-in under way, and none for another provider', async () => {
    const client = await start();
    await client.visit('/fake-provider/google?state=invented');
    expect(client.answer.status).toBe(400);
    const page = await leave(client);
    await client.visit(page.replace('/google', '/github'));
    expect(client.answer.status).toBe(400);
    await client.visit(page);
    expect(client.answer.status).toBe(200);
    now += 5 * 60_000 + 1;
    await client.visit(page);
    expect(client.answer.status).toBe(400);
  });

  it('get a page that runs nothing, whatever users are called', async () => {
    const client = await start();
    hanko.createUser({ email: '"><script>alert(1)</script>@example.test' });
    await client.visit(await leave(client));
    expect(client.answer.text).toContain('&quot;&gt;&lt;script&gt;');
    expect(client.answer.text).not.toContain('<script');
    expect(client.answer.headers['content-security-policy']).toContain("frame-ancestors 'none'");
  });

  it('need the secret of the page that began it', async () => {
    const client = await start();
    const page = await leave(client);
    const flowBody = client.answer;
    const app = await choose(client, page, { email: ADA, verified: 'on' });
    client.answer = flowBody;
    const token = app.searchParams.get('hanko_token');
    await client.act('exchange_token', { token, code_verifier: 'w'.repeat(43) });
    expect(client.state).toBe('thirdparty');
    expect(client.errors).toEqual(['form_data_invalid_error']);
    expect(await client.act('exchange_token', { token, code_verifier: VERIFIER })).toBe('success');
  });

  it('need the same browser where the page has no secret', async () => {
    const client = await start();
    const page = await leave(client, 'login', { code_verifier: '' });
    const thief = new FlowClient(hanko.url);
    const state = new URL(page).searchParams.get('state') ?? '';
    const callback = await thief.visit(page, { state, email: ADA, verified: 'on' });
    await thief.visit(callback ?? '');
    expect(thief.answer.status).toBe(400);
    expect(await client.visit(callback ?? '')).toContain('hanko_token=');
  });

  it('use a code and a token once, and a token for a minute', async () => {
    const client = await start({ rateLimits: 'off' });
    const page = await leave(client);
    const flowBody = client.answer;
    const state = new URL(page).searchParams.get('state') ?? '';
    const callback = (await client.visit(page, { state, email: ADA, verified: 'on' })) ?? '';
    const app = new URL((await client.visit(callback)) ?? '');
    await client.visit(callback);
    expect(client.answer.status).toBe(400);

    const token = app.searchParams.get('hanko_token');
    const input = { token, code_verifier: VERIFIER };
    client.answer = flowBody;
    expect(await client.act('exchange_token', input)).toBe('success');
    const other = new FlowClient(hanko.url);
    await leave(other);
    expect(await other.act('exchange_token', input)).toBe('error: technical_error');

    const late = new FlowClient(hanko.url);
    const latePage = await leave(late);
    const lateBody = late.answer;
    const lateApp = await choose(late, latePage, { email: ADA, verified: 'on' });
    late.answer = lateBody;
    now += 60_001;
    const lateToken = lateApp.searchParams.get('hanko_token');
    expect(await late.act('exchange_token', { ...input, token: lateToken })).toBe(
      'error: technical_error',
    );
  });

  it('have three tokens a minute', async () => {
    const client = await start();
    await leave(client);
    const flowBody = client.answer;
    for (let i = 0; i < 3; i += 1) {
      client.answer = flowBody;
      await client.act('exchange_token', { token: 'guess' });
      expect(client.state).toBe('error: technical_error');
    }
    client.answer = flowBody;
    await client.act('exchange_token', { token: 'guess' });
    expect(client.errors).toEqual(['rate_limit_exceeded']);
    expect(client.body.payload.retry_after).toBe(59);
  });

  it('do not take over what is connected to somebody else', async () => {
    const client = await start();
    const bob = { email: 'bob@example.test', verified: 'on' };
    await signIn(client, bob);
    const ada = new FlowClient(hanko.url);
    await ada.signIn(ADA, PASSWORD);
    const app = await choose(ada, await leave(ada, 'profile'), bob);
    expect(app.searchParams.get('error')).toBe('invalid_request');
    expect(app.searchParams.get('error_description')).toContain('a different user');
  });

  it("do not disconnect what is another's", async () => {
    const client = await start();
    const [ada, eve] = [client, new FlowClient(hanko.url)];
    for (const [one, address] of [
      [ada, ADA],
      [eve, 'eve@example.test'],
    ] as const) {
      await signIn(one, { email: address, verified: 'on' });
      await one.start('profile');
    }
    const { identities } = ada.body.payload.user as {
      identities: readonly { identity_id: string }[];
    };
    for (const identity_id of [identities[0]?.identity_id, '__proto__', {}, undefined]) {
      await eve.act('disconnect_thirdparty_oauth_provider', { identity_id });
      expect(eve.errors).toEqual(['form_data_invalid_error']);
    }
    await ada.start('profile');
    expect(ada.body.payload.user).toMatchObject({ identities });
  });

  it('do not connect with the token of another', async () => {
    const client = await start();
    const ada = new FlowClient(hanko.url);
    await ada.signIn(ADA, PASSWORD);
    const app = await choose(ada, await leave(ada, 'profile'), { email: 'x@google.example' });
    const token = app.searchParams.get('hanko_token');
    await client.register(hanko, 'eve@example.test', PASSWORD);
    await leave(client, 'profile');
    await client.act('exchange_token', { token, code_verifier: VERIFIER });
    expect(client.errors).toEqual(['operation_not_permitted_error']);
  });
});
