import { FakeHanko, type FakeHankoConfig } from 'fake-hanko';
import { afterEach, expect, it } from 'vitest';
import { decodeJws } from '../support/raw-http.js';
import { FlowClient } from '../support/flow-client.js';

const ADA = 'ada@example.test';
const BOB = 'bob@example.test';
const PASSWORD = 'Correct-Horse-1';
const SECRET = 'JBSWY3DPEHPK3PXP';
const COOKIE = 'hanko-device-token';
const DAY_MS = 24 * 3600 * 1000;

let now: number;
let hanko: FakeHanko;

async function start(config: FakeHankoConfig = {}): Promise<FlowClient> {
  now = Date.parse('2026-11-23T12:00:00Z');
  hanko = await FakeHanko.start({
    now: () => now,
    users: [ADA, BOB].map((email) => ({ email, password: PASSWORD, totpSecret: SECRET })),
    config,
  });
  return new FlowClient(hanko.url);
}
afterEach(() => hanko.stop());

/** With the code where one is asked for. @returns the state after it. */
async function signIn(client: FlowClient, email = ADA): Promise<string> {
  now += 30_000;
  if ((await client.signIn(email, PASSWORD)) !== 'login_otp') return client.state;
  return client.act('otp_code_validate', { otp_code: hanko.totp(SECRET) });
}

const amrOf = ({ token }: FlowClient): unknown => decodeJws(token ?? '').claims.amr;

it('a device that is trusted needs no second factor, and amr says so', async () => {
  const client = await start();
  expect(await signIn(client)).toBe('device_trust');
  expect(await client.act('trust_device')).toBe('success');
  expect(amrOf(client)).toEqual(['pwd', 'totp']);
  const field = client.answer.headers['set-cookie']?.[1];
  expect(field).toMatch(
    /^hanko-device-token=[0-9a-f-]{36}:[\w-]{86}==; Path=\/; Max-Age=2592000; HttpOnly; Secure; SameSite=None$/,
  );
  expect(await signIn(client)).toBe('success');
  expect(amrOf(client)).toEqual(['pwd']);
  expect(await signIn(new FlowClient(hanko.url))).toBe('device_trust');
});

it('a device that is not trusted is asked again', async () => {
  const client = await start();
  await signIn(client);
  expect(await client.act('skip')).toBe('success');
  expect(client.cookies.size).toBe(0);
  expect(await signIn(client)).toBe('device_trust');
});

it('trust ends after device_trust_duration', async () => {
  const client = await start({ mfa: { device_trust_duration: '24h' } });
  await signIn(client);
  await client.act('trust_device');
  now += DAY_MS - 60_001;
  expect(await signIn(client)).toBe('success');
  now += 60_001;
  expect(await signIn(client)).toBe('device_trust');
});

it('two users can trust one device, each for themselves', async () => {
  const client = await start();
  await signIn(client);
  await client.act('trust_device');
  expect(await signIn(client, BOB)).toBe('device_trust');
  await client.act('trust_device');
  expect(client.cookies.get(COOKIE)?.split('|')).toHaveLength(2);
  expect(await signIn(client, BOB)).toBe('success');
  expect(await signIn(client)).toBe('success');
});

it('device_trust_max_users_per_device forgets who came first', async () => {
  const client = await start({ mfa: { device_trust_max_users_per_device: 1 } });
  await signIn(client);
  await client.act('trust_device');
  await signIn(client, BOB);
  await client.act('trust_device');
  expect(await signIn(client)).toBe('device_trust');
});

it.each(['always', 'never'] as const)('the policy %s asks nobody', async (device_trust_policy) => {
  const client = await start({ mfa: { device_trust_policy } });
  expect(await signIn(client)).toBe('success');
  expect(client.cookies.has(COOKIE)).toBe(device_trust_policy === 'always');
  await signIn(client);
  expect(amrOf(client)).toEqual(device_trust_policy === 'always' ? ['pwd'] : ['pwd', 'totp']);
});

it('trusts no cookie that it has not made, and not that of another', async () => {
  const client = await start();
  await signIn(client);
  await client.act('trust_device');
  const made = client.cookies.get(COOKIE) ?? '';
  const [id = '', token = ''] = made.split(':');
  const bobId = hanko.sessions().find(({ user_id }) => user_id !== id)?.user_id;
  expect(bobId).toBeUndefined();
  const forged = [
    token,
    `${id}:`,
    `${id}:${'A'.repeat(86)}==`,
    `|:||${id}`,
    `${id}:__proto__`,
    'x'.repeat(10_000),
  ];
  for (const value of forged) {
    client.cookies.set(COOKIE, value);
    expect(await signIn(client)).toBe('device_trust');
  }
  // Bob with the token of Ada.
  await signIn(client, BOB);
  await client.act('trust_device');
  const bob = client.cookies.get(COOKIE)?.split(':', 1)[0];
  client.cookies.set(COOKIE, `${bob}:${token}`);
  expect(await signIn(client, BOB)).toBe('device_trust');
  client.cookies.set(COOKIE, made);
  expect(await signIn(client)).toBe('success');
});
