import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { FakeHanko, type FaultKind } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { UsersAndSessions } from '../../src/store/users-and-sessions.js';
import { decodeJws, send } from '../support/raw-http.js';

let hanko: FakeHanko;
const startBefore = (hook: typeof beforeAll | typeof beforeEach): void =>
  hook(async () => {
    hanko = await FakeHanko.start();
  });

const JWKS = '/.well-known/jwks.json';
const getJwks = () => send({ url: hanko.url + JWKS });

describe('what is given wrongly is an error, never silence', () => {
  startBefore(beforeAll);
  afterAll(() => hanko.stop());

  const cycle: unknown[] = [];
  cycle.push(cycle);

  it.each<readonly [string, (fake: FakeHanko) => unknown, string]>([
    [
      'a misspelled member of a shape',
      (f) => f.token({ emial: 'a@b.test' } as never),
      'emial is not a valid member of a token',
    ],
    [
      'a misspelled member of a user',
      (f) => f.createUser({ mail: 'a@b.test' } as never),
      'mail is not a valid member of a user',
    ],
    [
      'a misspelled option of a fault',
      (f) => f.fault('down', { paht: JWKS } as never),
      'paht is not a valid option of a fault',
    ],
    [
      'a shape that is null',
      (f) => f.token(null as never),
      'the shape of a token must be an object',
    ],
    ['no address', (f) => f.createUser({ email: 'nope' }), 'email must be an address'],
    [
      'emailVerified as text',
      (f) => f.createUser({ email: 'a@b.test', emailVerified: 'no' } as never),
      'emailVerified must be true or false',
    ],
    ['an empty name', (f) => f.token({ username: '' }), 'username must be text'],
    [
      'amr as text',
      (f) => f.token({ amr: 'pwd' } as never),
      'amr must be a list of texts, or null',
    ],
    ['claims as a list', (f) => f.token({ claims: [] as never }), 'claims must be an object'],
    [
      'claims that JSON cannot say',
      (f) => f.token({ claims: { big: 1n } }),
      'claims cannot be written as JSON: ',
    ],
    ['an age as text', (f) => f.token({ ageSeconds: '5' } as never), 'ageSeconds must be a whole'],
    ['half a second', (f) => f.token({ ageSeconds: 0.5 }), 'ageSeconds must be a whole number'],
    ['no life', (f) => f.token({ lifespanSeconds: 0 }), 'use expiredToken() for an expired token'],
    ['no audience', (f) => f.token({ audience: [] }), 'audience must be text, or a list of texts'],
    [
      'a user, and an address',
      (f) => f.token({ user: f.createUser(), email: 'a@b.test' }),
      'user cannot be combined with email',
    ],
    ['an age for expiredToken', (f) => f.expiredToken({ ageSeconds: 1 } as never), 'token() does'],
    ['nothing to sign', (f) => f.sign({} as never), 'payload, if neither text nor bytes, must be'],
    ['an event without a name', (f) => f.webhookToken('', {}), 'event must be text'],
    ['no data', (f) => f.webhookToken('user.create', undefined), 'data cannot be written as JSON'],
    ['no JWKS', (f) => f.setJwks(undefined), 'the JWKS cannot be written as JSON'],
    ['a JWKS in circles', (f) => f.setJwks(cycle), 'the JWKS cannot be written as JSON: '],
    ['a path that is none', (f) => f.fault('down', { path: 5 } as never), 'path must be the end'],
    ['a path with a query', (f) => f.fault('down', { path: '/me?x' }), 'path must be the end of'],
  ])('%s', async (_name, misuse, message) => {
    const failure = await (async () => misuse(hanko))().then(
      () => 'no error',
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(TypeError);
    expect((failure as Error).message).toMatch(/^FakeHanko: /);
    expect((failure as Error).message).toContain(message);
    expect(hanko.sessions()).toEqual([]);
    expect(await getJwks()).toMatchObject({ status: 200, body: hanko.jwks() });
  });

  it('a token that would not say what was asked for, because the user is there already', async () => {
    const email = 'ada@example.test';
    const { id } = hanko.createUser({ email, username: 'ada' });
    await expect(hanko.token({ email, emailVerified: false })).rejects.toThrow(
      'FakeHanko: this user exists already, with another emailVerified.',
    );
    await expect(hanko.token({ email, username: 'eve' })).rejects.toThrow('with another username');
    await hanko.token({ email, username: 'ada', emailVerified: true });
    hanko.deleteUser(id);
  });
});

describe('a server', () => {
  startBefore(beforeEach);
  afterEach(() => hanko.stop());

  it('follows a clock that a test has replaced', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 86_400_000 });
    try {
      expect(decodeJws(await hanko.token()).claims.iat).toBe(86_400);
    } finally {
      vi.useRealTimers();
    }
  });

  describe('the log of requests', () => {
    it('counts a request from when it comes, also if no answer is ever sent', async () => {
      await hanko.fault('slow', { times: 1, delayMs: 3_600_000 });
      const slow = getJwks().catch(() => 'cut');
      await vi.waitUntil(() => hanko.countRequests(JWKS) === 1);
      await getJwks();
      expect(hanko.requests.map(({ status }) => status)).toEqual([0, 200]);
      await hanko.stop();
      expect(await slow).toBe('cut');
      expect(hanko.requests.map(({ status }) => status)).toEqual([0, 200]);
    });

    it('has no status for a client that left before it had asked', async () => {
      const half = request(`${hanko.url}/sessions/validate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': 100 },
      });
      half.on('error', () => undefined).write('{');
      await vi.waitUntil(() => hanko.countRequests() === 1);
      half.destroy();
      await getJwks();
      expect(hanko.requests.map(({ status }) => status)).toEqual([0, 200]);
    });
  });

  describe('faults', () => {
    it('drip: byte by byte, without end', async () => {
      await hanko.fault('drip', { delayMs: 1 });
      const answer = await fetch(hanko.url + JWKS);
      let text = '';
      for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
        text += Buffer.from(chunk).toString();
        if (text.length > 20) break;
      }
      expect(text).toMatch(/^\{ {20,}$/);
    });

    it('oversized: a good answer to whoever has no limit', async () => {
      await hanko.fault('oversized');
      const answer = await getJwks();
      expect(answer.headers).not.toHaveProperty('content-length');
      expect(answer.text.length).toBeGreaterThan(2 ** 20);
      expect(answer.body).toEqual(hanko.jwks());
    });

    it('without times: the newest holds, after those with times', async () => {
      await hanko.fault('unavailable');
      await hanko.fault('error');
      await hanko.fault('garbage', { times: 1 });
      const statuses: number[] = [];
      for (let i = 0; i < 3; i++) statuses.push((await getJwks()).status);
      expect(statuses).toEqual([200, 500, 500]);
    });

    it('are bounded', async () => {
      for (let i = 0; i < 1000; i++) await hanko.fault('down', { times: 1 });
      await expect(hanko.fault('down', { times: 1 })).rejects.toThrow(
        'more than 1000 faults are active',
      );
    });
  });

  describe('after stop()', () => {
    it.each(['refuse', 'down'] as readonly FaultKind[])(
      'recover() from %s opens nothing',
      async (kind) => {
        await hanko.fault(kind);
        await hanko.stop();
        await expect(hanko.recover()).rejects.toThrow(
          'FakeHanko: it is stopped: start another one',
        );
        await expect(getJwks()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      },
    );

    it('a recover() that had begun opens nothing either', async () => {
      await hanko.fault('refuse');
      await Promise.all([hanko.recover(), hanko.stop()]);
      await expect(getJwks()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    });

    it('a second stop() waits for the first', async () => {
      await Promise.race([hanko.stop(), hanko.stop()]);
      await hanko.stop();
      await expect(getJwks()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    });
  });
});

it('forgets expired sessions before it says that it is full', () => {
  let now = 0;
  const store = new UsersAndSessions(() => now, 5);
  const add = () => {
    const id = randomUUID();
    store.addSession({ id, user_id: id }, now, now + 1000, 'session.create.admin');
  };
  for (let i = 0; i < 10_000; i++) add();
  expect(add).toThrow('FakeHanko: it holds at most 10000 sessions.');
  now = 1000;
  add();
  expect(store.sessionsOf()).toHaveLength(1);
});
