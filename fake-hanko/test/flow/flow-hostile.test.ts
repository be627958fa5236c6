import { inspect } from 'node:util';
import { FakeHanko } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeJws, send, sendJson } from '../support/raw-http.js';
import { FlowClient } from '../support/flow-client.js';

const ADA = 'ada@example.test';
const BOB = 'bob@example.test';
const PASSWORD = 'Correct-Horse-1';
const NOT_PERMITTED = 'error: operation_not_permitted_error';
const TECHNICAL = 'error: technical_error';

let now: number;
let hanko: FakeHanko;
let client: FlowClient;

function startIn(hook: typeof beforeAll | typeof beforeEach): void {
  hook(async () => {
    now = Date.parse('2026-11-23T12:00:00Z');
    hanko = await FakeHanko.start({
      now: () => now,
      users: [
        { email: ADA, password: PASSWORD },
        { email: BOB, password: 'Battery-Staple-2' },
      ],
    });
  });
  // After the one above: hooks run in order.
  beforeEach(() => {
    client = new FlowClient(hanko.url);
  });
}

/** A flow that asks for an address, and what its only action needs. */
async function atIdentifier() {
  await client.start('login');
  const { href } = client.body.actions.continue_with_login_identifier ?? { href: '' };
  return { href, csrf_token: client.body.csrf_token, input_data: { email: ADA } };
}

/** A flow that waits for the code that was mailed to this address. */
async function atPasscode(email: string, flow = client): Promise<void> {
  await flow.start('login');
  await flow.act('continue_with_login_identifier', { email });
  expect(await flow.act('continue_to_passcode_confirmation')).toBe('passcode_confirmation');
}

describe('a call that is not the one offered', () => {
  startIn(beforeAll);
  afterAll(() => hanko.stop());

  it.each([
    ['a wrong CSRF token', 'x'.repeat(32)],
    ['an empty one', ''],
    ['none', undefined],
  ])('%s: changes nothing, and the flow goes on', async (_name, csrf_token) => {
    const { href, ...good } = await atIdentifier();
    expect(await client.post(href, { ...good, csrf_token })).toBe(NOT_PERMITTED);
    expect(client.answer.status).toBe(403);
    expect(client.body).toMatchObject({ actions: {}, csrf_token: '' });
    expect(await client.post(href, good)).toBe('login_method_chooser');
  });

  it('a CSRF token is good once', async () => {
    const { href, ...good } = await atIdentifier();
    expect(await client.post(href, good)).toBe('login_method_chooser');
    const back = client.body.actions.back?.href ?? '';
    expect(await client.post(href, good)).toBe(NOT_PERMITTED);
    expect(await client.post(back, good)).toBe(NOT_PERMITTED);
  });

  it('of two calls with one token that come together, one runs', async () => {
    await client.start('login');
    await client.act('continue_with_login_identifier', { email: ADA });
    await client.act('continue_to_password_login');
    const { href } = client.body.actions.password_login ?? { href: '' };
    const call = { csrf_token: client.body.csrf_token, input_data: { password: PASSWORD } };
    const states = await Promise.all(
      [1, 2, 3].map(() => new FlowClient(hanko.url).post(href, call)),
    );
    expect(states.toSorted()).toEqual([NOT_PERMITTED, NOT_PERMITTED, 'success']);
    expect(hanko.sessions()).toHaveLength(1);
  });

  it.each(['password_login', 'verify_passcode', 'skip', 'toString', '__proto__', ''])(
    'an action that the state does not offer: %s',
    async (name) => {
      const { href, ...good } = await atIdentifier();
      const other = href.replace('continue_with_login_identifier', name);
      expect(await client.post(other, good)).toBe(NOT_PERMITTED);
      expect(await client.post(href, good)).toBe('login_method_chooser');
    },
  );

  it('the token of another flow, or the flow of another token', async () => {
    const mine = await atIdentifier();
    const { href, ...good } = await atIdentifier();
    expect(await client.post(mine.href, good)).toBe(NOT_PERMITTED);
    const unknown = href.replace(/%40.*/, '%4000000000-0000-4000-8000-000000000000');
    expect(await client.post(unknown, good)).toBe(NOT_PERMITTED);
  });

  it.each(['nope', 'back', 'back%40nope', 'back%40%40', '%40', 'back%40a%40b'])(
    'what names no flow: %s',
    async (action) => {
      expect(await client.post(`/login?action=${action}`, { csrf_token: 'x' })).toBe(TECHNICAL);
      expect(client.answer.status).toBe(500);
    },
  );

  it.each([
    ['broken JSON', '{"input_data":'],
    ['a list', '[]'],
    ['text', '"text"'],
    ['input that is a list', '{"input_data":[1]}'],
    ['a token that is a number', '{"csrf_token":1}'],
  ])('%s', async (_name, body) => {
    const { href, ...good } = await atIdentifier();
    expect(await client.post(href, body)).toBe(TECHNICAL);
    expect(await client.post(href, good)).toBe('login_method_chooser');
  });

  it('another content type', async () => {
    const { href, ...good } = await atIdentifier();
    const headers = { 'content-type': 'text/plain' };
    expect(await client.post(href, good, headers)).toBe(TECHNICAL);
  });

  it('a body of more than a mebibyte', async () => {
    const { href, ...good } = await atIdentifier();
    const answer = await sendJson('POST', hanko.url + href, {
      ...good,
      input_data: { email: 'a'.repeat(2 ** 20) },
    }).catch((error: NodeJS.ErrnoException) => error.code);
    // The connection may be gone before the answer is read.
    expect(['EPIPE', 'ECONNRESET', 413]).toContain(
      typeof answer === 'object' ? answer.status : answer,
    );
    expect(await client.post(href, good)).toBe('login_method_chooser');
  });

  it('names that every object answers to are no input', async () => {
    const { href, csrf_token } = await atIdentifier();
    const body = `{"__proto__":{"csrf_token":"x"},"csrf_token":"${csrf_token}","input_data":{"__proto__":{"email":"${ADA}"},"constructor":{"prototype":{"email":"${ADA}"}}}}`;
    expect(await client.post(href, body)).toBe('login_init');
    expect(client.errors).toEqual(['form_data_invalid_error', 'value_missing_error']);
    expect(({} as { email?: unknown }).email).toBeUndefined();
  });

  it.each([
    ['a list', [ADA], 'value_invalid_error'],
    ['an object', { toString: ADA }, 'value_invalid_error'],
    ['null', null, 'value_missing_error'],
    ['121 bytes', `${'a'.repeat(108)}@example.test`, 'value_too_long_error'],
    ['a line feed', `${ADA}\nx`, 'value_invalid_error'],
  ])('an address that is %s', async (_name, email, code) => {
    await client.start('login');
    await client.act('continue_with_login_identifier', { email });
    expect([client.answer.status, ...client.errors]).toEqual([
      400,
      'form_data_invalid_error',
      code,
    ]);
  });
});

describe('whoever tries', () => {
  startIn(beforeEach);
  afterEach(() => hanko.stop());

  it('has three attempts at a passcode, and then the right one is refused too', async () => {
    await atPasscode(ADA);
    const right = hanko.passcode(ADA) ?? '';
    const wrong = right === '000000' ? '000001' : '000000';
    const tries: unknown[] = [];
    for (const code of [wrong, wrong, wrong, right]) {
      await client.act('verify_passcode', { code });
      tries.push([client.answer.status, client.errors.at(-1)]);
    }
    expect(tries).toEqual([
      [400, 'passcode_invalid'],
      [400, 'passcode_invalid'],
      [401, 'passcode_max_attempts_reached'],
      [401, 'passcode_max_attempts_reached'],
    ]);
    expect(hanko.passcode(ADA)).toBeUndefined();
    expect(hanko.sessions()).toEqual([]);
  });

  it('has three codes a minute, in however many flows', async () => {
    const codes = new Set<unknown>();
    for (let i = 0; i < 3; i++) {
      await atPasscode(ADA);
      codes.add(hanko.passcode(ADA));
    }
    expect(codes.size).toBeGreaterThan(1);
    const last = hanko.passcode(ADA);
    await client.start('login');
    await client.act('continue_with_login_identifier', { email: ADA });
    await client.act('continue_to_passcode_confirmation');
    expect([client.answer.status, client.errors]).toEqual([429, ['rate_limit_exceeded']]);
    expect(hanko.passcode(ADA)).toBe(last);
    // No code was sent in this flow: none is right.
    await client.act('verify_passcode', { code: last });
    expect(client.errors).toEqual(['form_data_invalid_error', 'passcode_invalid']);
    now += 60_000;
    await atPasscode(ADA);
  });

  it('has five passwords a minute, the right one among them', async () => {
    await client.start('login');
    await client.act('continue_with_login_identifier', { email: ADA });
    await client.act('continue_to_password_login');
    for (let i = 0; i < 5; i++) await client.act('password_login', { password: `wrong-${i}` });
    await client.act('password_login', { password: PASSWORD });
    expect(client.body).toMatchObject({ status: 429, payload: { retry_after: 59 } });
    now += 30_000;
    await client.act('password_login', { password: PASSWORD });
    expect(client.body).toMatchObject({ status: 429, payload: { retry_after: 29 } });
    now += 30_000;
    expect(await client.act('password_login', { password: PASSWORD })).toBe('success');
  });

  it('has five minutes for a passcode, and uses it once', async () => {
    await atPasscode(ADA);
    const code = hanko.passcode(ADA);
    now += 300_001;
    expect(hanko.passcode(ADA)).toBeUndefined();
    await client.act('verify_passcode', { code });
    expect(client.errors.at(-1)).toBe('passcode_invalid');
    await atPasscode(ADA);
    expect(await client.act('verify_passcode', { code: hanko.passcode(ADA) })).toBe('success');
    expect(hanko.passcode(ADA)).toBeUndefined();
  });

  it('does not learn whether an address is known', async () => {
    const answers: unknown[][] = [];
    const note = (): void => {
      const { csrf_token: _token, actions, ...body } = client.body;
      answers.at(-1)?.push({ ...body, actions: Object.keys(actions) }, client.errors);
    };
    for (const email of [ADA, 'nobody@example.test']) {
      answers.push([]);
      await client.start('login');
      await client.act('continue_with_login_identifier', { email });
      note();
      await client.act('continue_to_password_login');
      await client.act('password_login', { password: 'wrong' });
      note();
      await client.start('registration');
      await client.act('register_login_identifier', { email });
      note();
      await client.act('verify_passcode', { code: 'wrong' });
      note();
    }
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).toHaveLength(8);
    await atPasscode('stranger@example.test');
    expect(hanko.passcode('stranger@example.test')).toBeUndefined();
  });
});

describe('one user', () => {
  startIn(beforeEach);
  afterEach(() => hanko.stop());

  it('does not get in with the code of another', async () => {
    await atPasscode(ADA);
    const other = new FlowClient(hanko.url);
    await atPasscode(BOB, other);
    const code = hanko.passcode(BOB);
    if (code !== hanko.passcode(ADA)) await client.act('verify_passcode', { code });
    expect(client.state).toBe('passcode_confirmation');
    expect(await other.act('verify_passcode', { code })).toBe('success');
    expect(other.body.payload.user).toMatchObject({ emails: [{ address: BOB }] });
    expect(hanko.sessions()).toHaveLength(1);
  });

  it('who goes back and takes another address needs the code of that one', async () => {
    await atPasscode(ADA);
    const code = hanko.passcode(ADA);
    await client.act('back');
    await client.act('back');
    await client.act('continue_with_login_identifier', { email: BOB });
    await client.act('continue_to_passcode_confirmation');
    if (code !== hanko.passcode(BOB)) await client.act('verify_passcode', { code });
    expect(client.state).toBe('passcode_confirmation');
    await client.act('verify_passcode', { code: hanko.passcode(BOB) });
    expect(client.body.payload.user).toMatchObject({ emails: [{ address: BOB }] });
  });

  it("does not go on with another's profile", async () => {
    await client.signIn(ADA, PASSWORD);
    const bob = new FlowClient(hanko.url);
    await bob.signIn(BOB, 'Battery-Staple-2');
    await client.start('profile');
    const { href } = client.body.actions.password_update ?? { href: '' };
    const call = { csrf_token: client.body.csrf_token, input_data: { password: 'bob-was-here' } };
    for (const path of [href, href.replace('/profile', '/login')]) {
      expect(await bob.post(path, call)).toBe(NOT_PERMITTED);
      expect(await new FlowClient(hanko.url).post(path, call)).toMatch(/^error: /);
    }
    expect(await client.post(href, call)).toBe('profile_init');
  });

  it("ends only one's own other sessions", async () => {
    await client.signIn(ADA, PASSWORD);
    const bob = new FlowClient(hanko.url);
    await bob.signIn(BOB, 'Battery-Staple-2');
    await client.start('profile');
    expect(client.body.actions).not.toHaveProperty('session_delete');
    await new FlowClient(hanko.url).signIn(ADA, PASSWORD);
    await client.start('profile');
    const bobs = decodeJws(bob.token ?? '').claims.session_id;
    expect(hanko.sessions().map(({ id }) => id)).toContain(bobs);
    for (const session_id of [bobs, 'nope', '']) {
      await client.act('session_delete', { session_id });
      expect(client.answer.status).toBe(400);
    }
    expect(hanko.sessions()).toHaveLength(3);
  });

  it('of two who register one address, the first has it', async () => {
    const [first, second] = [new FlowClient(hanko.url), new FlowClient(hanko.url)];
    const email = 'eve@example.test';
    const last = async (flow: FlowClient): Promise<string> =>
      flow.act('register_password', { new_password: PASSWORD }).then(() => flow.skipAll());
    for (const flow of [first, second]) {
      await flow.start('registration');
      await flow.act('register_login_identifier', { email });
      await flow.act('verify_passcode', { code: hanko.passcode(email) });
    }
    expect(await last(first)).toBe('success');
    expect(await last(second)).toBe(TECHNICAL);
    expect(hanko.sessions()).toHaveLength(1);
  });

  it('does not take an address that another has proved meanwhile', async () => {
    const bob = new FlowClient(hanko.url);
    await client.signIn(ADA, PASSWORD);
    await bob.signIn(BOB, 'Battery-Staple-2');
    const codes: unknown[] = [];
    for (const flow of [client, bob]) {
      await flow.start('profile');
      await flow.act('email_create', { email: 'new@example.test' });
      codes.push(hanko.passcode('new@example.test'));
    }
    expect(await client.act('verify_passcode', { code: codes[0] })).toBe('profile_init');
    expect(await bob.act('verify_passcode', { code: codes[1] })).toBe(TECHNICAL);
    await bob.start('profile');
    expect(bob.body.payload.user).toMatchObject({ emails: [{ address: BOB }] });
  });

  it('who is deleted on the way does not get in', async () => {
    await atPasscode(ADA);
    const code = hanko.passcode(ADA);
    const users = await send({ url: `${hanko.adminUrl}/users?email=${ADA}` });
    hanko.deleteUser((users.body as { id: string }[])[0]?.id ?? '');
    expect(await client.act('verify_passcode', { code })).toBe(NOT_PERMITTED);
    expect(hanko.sessions()).toEqual([]);
  });
});

describe('memory', () => {
  startIn(beforeEach);
  afterEach(() => hanko.stop());

  it('holds a thousand flows: the oldest are forgotten', async () => {
    const { href, ...good } = await atIdentifier();
    const recent = new FlowClient(hanko.url);
    for (let i = 0; i < 1000; i++) await recent.post('/login');
    expect(await client.post(href, good)).toBe(NOT_PERMITTED);
    expect(await recent.act('register_client_capabilities')).toBe('login_init');
  });

  it('holds no password, and the Admin API shows no credential', async () => {
    await client.register(hanko, 'eve@example.test', 'Eve-Knows-333');
    await client.signIn(ADA, PASSWORD);
    const { body } = await send({ url: `${hanko.adminUrl}/users` });
    expect(JSON.stringify(body)).toContain(ADA);
    expect(JSON.stringify(body)).not.toMatch(/password|totp|secret|hash/i);
    const all = inspect(hanko, { depth: 20, showHidden: true, maxArrayLength: null });
    expect(all).toContain(ADA);
    expect(all).not.toMatch(/Correct-Horse|Battery-Staple|Eve-Knows/);
  });

  it('a flow lives for a day', async () => {
    const first = await atIdentifier();
    const second = await atIdentifier();
    const call = ({ href, ...good }: typeof first): Promise<string> => client.post(href, good);
    now += 24 * 3600 * 1000;
    expect(await call(first)).toBe('login_method_chooser');
    now += 1;
    expect(await call(second)).toBe('error: flow_expired_error');
    expect(client.answer.status).toBe(410);
  });
});

describe('the cookie', () => {
  startIn(beforeAll);
  afterAll(() => hanko.stop());

  it('is HttpOnly, SameSite=Strict, of this host, and goes with the session', async () => {
    await client.signIn(ADA, PASSWORD);
    expect(client.answer.headers['set-cookie']).toEqual([
      `hanko=${client.token}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict`,
    ]);
    await client.post('/logout');
    expect(client.answer.headers['set-cookie']).toEqual([
      'hanko=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict',
    ]);
    expect(hanko.sessions()).toEqual([]);
  });

  it('is not set, and no token is in the body, before the end', async () => {
    await client.start('login');
    await client.act('continue_with_login_identifier', { email: ADA });
    await client.act('continue_to_password_login');
    await client.act('password_login', { password: 'wrong' });
    expect(client.answer.headers).not.toHaveProperty('set-cookie');
    expect(client.answer.text).not.toContain('eyJ');
    expect(hanko.sessions()).toEqual([]);
  });
});

describe('a page elsewhere', () => {
  startIn(beforeAll);
  afterAll(() => hanko.stop());

  const fieldsOf = async (target: FakeHanko, method: string, origin: string) => {
    const { headers } = await send({ method, url: `${target.url}/login`, headers: { origin } });
    return Object.keys(headers).filter((name) => name.startsWith('access-control-'));
  };

  it.each([
    'https://evil.example.test',
    'null',
    'http://localhost.evil.test',
    'http://evil/localhost',
  ])('may not read what it gets: %s', async (origin) => {
    expect(await fieldsOf(hanko, 'OPTIONS', origin)).toEqual([]);
    expect(await fieldsOf(hanko, 'POST', origin)).toEqual([]);
  });

  it('may, where it is named, and then those of this machine may not', async () => {
    await using named = await FakeHanko.start({ allowOrigins: ['https://app.example.test'] });
    expect(await fieldsOf(named, 'POST', 'https://app.example.test')).toHaveLength(3);
    expect(await fieldsOf(named, 'POST', 'http://localhost:5173')).toEqual([]);
    expect(await fieldsOf(hanko, 'POST', 'http://localhost:5173')).toHaveLength(3);
  });
});
