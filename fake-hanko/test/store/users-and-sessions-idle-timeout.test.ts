import { FakeHanko, type FakeHankoOptions } from 'fake-hanko';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeJws, type RawResponse, send, sendJson } from '../support/raw-http.js';
import { FlowClient } from '../support/flow-client.js';

const START = Date.parse('2026-01-01T00:00:00.500Z');
const DELETION = ['hanko=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict'];
const ADA = { email: 'ada@example.test', password: 'Correct-Horse-1' };

let now: number;
let hanko: FakeHanko;
let token: string;

async function start(options: FakeHankoOptions = {}): Promise<void> {
  now = START;
  hanko = await FakeHanko.start({ now: () => now, idleTimeoutSeconds: 60, ...options });
  token = await hanko.token();
}
afterEach(() => hanko.stop());

const bearer = () => ({ authorization: `Bearer ${token}` });
const get = (headers: Record<string, string | string[]> = bearer()) =>
  send({ url: `${hanko.url}/sessions/validate`, headers });
const post = () => sendJson('POST', `${hanko.url}/sessions/validate`, { session_token: token });
const me = () => send({ url: `${hanko.url}/me`, headers: bearer() });
const profile = () => send({ method: 'POST', url: `${hanko.url}/profile`, headers: bearer() });
const logout = () => send({ method: 'POST', url: `${hanko.url}/logout`, headers: bearer() });
const body = async (answer: Promise<RawResponse>) =>
  (await answer).body as { is_valid: boolean; idle_expires_at?: string };

describe('without an idle timeout, which is the default', () => {
  it('sessions live unused to their end, and no answer speaks of it', async () => {
    await start({ idleTimeoutSeconds: 0 });
    now += 43_199_000;
    for (const answer of [await body(get()), await body(post())]) {
      expect(answer.is_valid).toBe(true);
      expect(answer).not.toHaveProperty('idle_expires_at');
    }
  });
});

describe('an idle timeout', () => {
  it.each([
    ['POST /sessions/validate', post],
    ['GET /me', me],
    ['POST /profile', profile],
  ])('is put off by %s', async (_name, use) => {
    await start();
    now += 59_000;
    expect((await use()).status).toBe(200);
    now += 59_000;
    expect(await body(get())).toMatchObject({
      is_valid: true,
      idle_expires_at: '2026-01-01T00:01:59.5Z',
    });
  });

  it('is not put off by GET /sessions/validate, nor by a sign-in', async () => {
    await start();
    now += 60_000;
    // Not longer ago than the timeout.
    const answer = await body(get());
    expect(answer).toMatchObject({ is_valid: true, idle_expires_at: '2026-01-01T00:01:00.5Z' });
    await send({ method: 'POST', url: `${hanko.url}/login`, headers: bearer() });
    now += 1;
    expect(await body(get())).toEqual({ is_valid: false });
  });

  it('is told of by POST as it has just put it off, and never as later than the token expires', async () => {
    await start({ lifespanSeconds: 90 });
    now += 10_000;
    expect(await body(post())).toMatchObject({ idle_expires_at: '2026-01-01T00:01:10.5Z' });
    now += 50_000;
    const capped = await body(post());
    expect(capped).toMatchObject({ idle_expires_at: '2026-01-01T00:01:30Z' });
    expect(capped).toHaveProperty('expiration_time', capped.idle_expires_at);
  });

  const INVALID = { is_valid: false };
  const UNAUTHORIZED = { code: 401, message: 'Unauthorized' };
  it.each([
    ['GET /sessions/validate', get, 200, INVALID],
    ['POST /sessions/validate', post, 200, INVALID],
    ['GET /me', me, 401, UNAUTHORIZED],
    ['POST /logout', logout, 401, UNAUTHORIZED],
    ['POST /profile', profile, 401, { status: 401, error: { code: 'unauthorized' } }],
  ])('ends the session when %s asks, once, and takes the cookie away', async (...row) => {
    const [, ask, status, content] = row;
    await start();
    now += 60_001;
    expect(hanko.sessions()).toHaveLength(1);
    const first = await ask();
    expect(first).toMatchObject({ status, body: content, headers: { 'set-cookie': DELETION } });
    expect(hanko.sessions()).toEqual([]);

    const second = await ask();
    expect(second).toMatchObject({ status, body: content });
    expect(second.headers).not.toHaveProperty('set-cookie');
  });

  it('does not keep another credential from being found', async () => {
    await start();
    const idle = token;
    now += 60_001;
    const living = await hanko.token();
    const answer = await get({ authorization: [`Bearer ${idle}`, `Bearer ${living}`] });
    expect(answer.body).toMatchObject({
      is_valid: true,
      claims: { session_id: decodeJws(living).claims.session_id },
    });
    expect(answer.headers['set-cookie']).toEqual(DELETION);
  });

  it('is nothing to the Admin API: its list has idle sessions, which it can end', async () => {
    await start();
    now += 60_001;
    const [session] = hanko.sessions();
    const url = `${hanko.adminUrl}/users/${session?.user_id}/sessions`;
    expect((await send({ url })).body).toEqual([session]);
    const { status } = await send({ method: 'DELETE', url: `${url}/${session?.id}` });
    expect(status).toBe(204);
  });

  it('counts from a sign-in that was long ago: such a session is idle at once', async () => {
    await start();
    token = await hanko.token({ ageSeconds: 61 });
    expect(await body(get())).toEqual({ is_valid: false });
    token = await hanko.token({ ageSeconds: 59 });
    expect(await body(get())).toMatchObject({ is_valid: true });
  });

  it('ends a profile that is left open', async () => {
    await start({ users: [ADA] });
    const client = new FlowClient(hanko.url);
    await client.signIn(ADA.email, ADA.password);
    await client.start('profile');
    now += 59_000;
    expect(await client.act('password_update', { password: 'Correct-Horse-2' })).toBe(
      'profile_init',
    );
    now += 60_001;
    expect(await client.act('password_update', { password: 'Correct-Horse-3' })).toBe(
      'error: unauthorized',
    );
  });

  it.each([-1, 1.5, NaN, Infinity, '60'])('of %j is refused', async (idleTimeoutSeconds) => {
    await start();
    await expect(
      FakeHanko.start({ idleTimeoutSeconds: idleTimeoutSeconds as number }),
    ).rejects.toThrow('idleTimeoutSeconds must be a whole number, or 0 for none');
  });
});

it('a claim email that is text makes validate say 400, and /me say nothing of it', async () => {
  await start({ idleTimeoutSeconds: 0 });
  const user = hanko.createUser({ username: 'nobody' });
  token = await hanko.token({ user, claims: { email: 'ada@example.test' } });
  const problem = {
    code: 400,
    message: "failed to parse token claims: unexpected 'email' claim type: string",
  };
  expect((await get()).body).toEqual(problem);
  expect((await post()).body).toEqual(problem);
  expect((await me()).status).toBe(200);
});
