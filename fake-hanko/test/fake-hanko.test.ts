import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { FakeHanko, type FakeHankoOptions } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { decodeJws, send, sendJson } from './support/raw-http.js';
import { isAlive, UNKNOWN_ID, UUID, verify } from './support/tokens.js';

it('works in three lines', async () => {
  const hanko = await FakeHanko.start();
  const token = await hanko.token({ email: 'ada@example.test' });
  await hanko.stop();

  expect(hanko.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const { payload, protectedHeader } = await verify(hanko, token);
  expect(protectedHeader).toEqual({ alg: 'RS256', kid: hanko.signingKid, typ: 'JWT' });
  expect(payload).toEqual({
    sub: expect.stringMatching(UUID) as unknown,
    session_id: expect.stringMatching(UUID) as unknown,
    iat: expect.any(Number) as unknown,
    exp: (payload.iat ?? 0) + 43_200,
    aud: ['localhost'],
    email: { address: 'ada@example.test', is_primary: true, is_verified: true },
    amr: ['pwd'],
  });
});

describe('sessions', () => {
  let hanko: FakeHanko;
  beforeAll(async () => {
    hanko = await FakeHanko.start({ sessionLimit: 2 });
  });
  afterAll(() => hanko.stop());

  it('over the limit end the oldest of the same user', async () => {
    const user = hanko.createUser();
    const other = await hanko.token();
    const middle = await hanko.token({ user, ageSeconds: 50 });
    const oldest = await hanko.token({ user, ageSeconds: 100 });
    const newest = await hanko.token({ user });
    // An expired one takes no place.
    await hanko.expiredToken({ user });

    expect(await isAlive(hanko, oldest)).toBe(false);
    for (const token of [middle, newest, other]) expect(await isAlive(hanko, token)).toBe(true);
    expect(hanko.sessions(user.id)).toHaveLength(2);
  });

  it('over the limit never end the new one, however old it says it is', async () => {
    const user = hanko.createUser();
    const [first, second] = [await hanko.token({ user }), await hanko.token({ user })];
    const backdated = await hanko.token({ user, ageSeconds: 1000 });
    const alive = await Promise.all(
      [first, second, backdated].map((token) => isAlive(hanko, token)),
    );
    expect(alive).toEqual([false, true, true]);
  });

  it('can be revoked by id and by token, and the token still verifies', async () => {
    const user = hanko.createUser();
    const tokens = [await hanko.token({ user }), await hanko.token({ user })] as const;
    hanko.revoke(String(decodeJws(tokens[0]).claims.session_id));
    hanko.revoke(tokens[1]);
    for (const token of tokens) {
      expect(await isAlive(hanko, token)).toBe(false);
      await verify(hanko, token);
    }
    expect(hanko.sessions(user.id)).toEqual([]);
  });

  it('end with their user', async () => {
    const user = hanko.createUser({ email: 'gone@example.test' });
    const token = await hanko.token({ user });
    hanko.deleteUser(user.id);
    expect(await isAlive(hanko, token)).toBe(false);
    expect(hanko.sessions(user.id)).toEqual([]);
    const again = hanko.createUser({ email: 'gone@example.test' });
    expect(again.id).not.toBe(user.id);
  });

  it('note when they were used: by POST validate and /me, not by GET validate', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    await using clocked = await FakeHanko.start({ now: () => now });
    const token = await clocked.token();
    const headers = { authorization: `Bearer ${token}` };
    const lastUsed = () => clocked.sessions()[0]?.last_used;

    now += 1000;
    await send({ url: `${clocked.url}/sessions/validate`, headers });
    expect(lastUsed()).toBe('2026-01-01T00:00:00Z');
    await send({ url: `${clocked.url}/me`, headers });
    expect(lastUsed()).toBe('2026-01-01T00:00:01Z');
    now += 1000;
    expect(await isAlive(clocked, token)).toBe(true);
    expect(lastUsed()).toBe('2026-01-01T00:00:02Z');
  });
});

it('lists no user without address and name, as Hanko', async () => {
  await using hanko = await FakeHanko.start();
  const nobody = hanko.createUser();
  const ada = hanko.createUser({ username: 'ada' });
  expect((await send({ url: `${hanko.adminUrl}/users` })).body).toEqual([ada]);
  expect((await send({ url: `${hanko.adminUrl}/users/${nobody.id}` })).body).toEqual(nobody);
});

describe('options', () => {
  it('shape every token', async () => {
    await using hanko = await FakeHanko.start({
      audience: ['a', 'b'],
      issuer: 'https://login.example.test',
      lifespanSeconds: 60,
      cookieName: 'session',
    });
    const token = await hanko.token();
    const { claims } = decodeJws(token);
    expect(claims).toMatchObject({ aud: ['a', 'b'], iss: 'https://login.example.test' });
    expect(Number(claims.exp) - Number(claims.iat)).toBe(60);

    const url = `${hanko.url}/me`;
    expect((await send({ url, headers: { cookie: `session=${token}` } })).status).toBe(200);
    expect((await send({ url, headers: { cookie: `hanko=${token}` } })).status).toBe(401);
  });

  it('now: the clock of tokens and sessions', async () => {
    let now = Date.parse('2030-06-01T12:00:00.999Z');
    await using hanko = await FakeHanko.start({ now: () => now, lifespanSeconds: 10 });
    const token = await hanko.token();
    expect(decodeJws(token).claims).toMatchObject({ iat: 1_906_545_600, exp: 1_906_545_610 });
    now += 9000;
    expect(await isAlive(hanko, token)).toBe(true);
    now += 1;
    expect(await isAlive(hanko, token)).toBe(false);
    expect(hanko.sessions()).toEqual([]);
  });

  it('tenantId: everything lives below it', async () => {
    const tenantId = 'cf135117-ac0c-44e0-af37-4aa572e493a1';
    await using hanko = await FakeHanko.start({ tenantId });
    expect(new URL(hanko.url).pathname).toBe(`/${tenantId}`);
    expect(new URL(hanko.adminUrl).pathname).toBe(`/${tenantId}`);
    expect(await isAlive(hanko, await hanko.token())).toBe(true);
    expect((await sendJson('POST', `${hanko.adminUrl}/users`, { username: 'x' })).status).toBe(200);

    const { origin } = new URL(hanko.url);
    expect((await send({ url: `${origin}/.well-known/jwks.json` })).status).toBe(400);
    expect((await send({ url: `${origin}/${UNKNOWN_ID}/me` })).status).toBe(404);
  });

  const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === '::1'),
  );
  it.skipIf(!hasIpv6)('host: the other loopback address', async () => {
    await using hanko = await FakeHanko.start({ host: '::1' });
    expect(hanko.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect(await isAlive(hanko, await hanko.token())).toBe(true);
  });

  it('host: localhost by name, and no address that others can reach', async () => {
    await using hanko = await FakeHanko.start({ host: 'localhost' });
    expect(new URL(hanko.url).hostname).toBe('localhost');
    expect(await isAlive(hanko, await hanko.token())).toBe(true);
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.test', '']) {
      await expect(FakeHanko.start({ host })).rejects.toThrow(
        'FakeHanko: host must be 127.0.0.1, ::1 or localhost',
      );
    }
  });

  it('port, adminPort: taken ones are said, and the other one is free again', async () => {
    const [taken, other] = [await FakeHanko.start(), await FakeHanko.start()];
    const [takenPort, freePort] = [taken, other].map(({ url }) => Number(new URL(url).port));
    await other.stop();
    try {
      for (const options of [
        { port: takenPort, adminPort: freePort },
        { port: freePort, adminPort: takenPort },
      ] as FakeHankoOptions[]) {
        await expect(FakeHanko.start(options)).rejects.toThrow(
          `FakeHanko cannot listen: listen EADDRINUSE: address already in use 127.0.0.1:${takenPort}`,
        );
      }
    } finally {
      await taken.stop();
    }
    const ports = { port: takenPort, adminPort: freePort } as FakeHankoOptions;
    await using hanko = await FakeHanko.start(ports);
    expect(hanko.url).toBe(`http://127.0.0.1:${takenPort}`);
    expect(hanko.adminUrl).toBe(`http://127.0.0.1:${freePort}`);
  });

  it.each<readonly [string, Record<string, unknown>, string]>([
    ['an unknown one', { baseUrl: 'x' }, 'baseUrl is not a valid option'],
    ['lifespanSeconds', { lifespanSeconds: 0 }, 'lifespanSeconds must be a whole number above 0'],
    ['sessionLimit', { sessionLimit: 1.5 }, 'sessionLimit must be a whole number above 0'],
    ['modulusLength', { modulusLength: 1024 }, 'modulusLength must be 2048 or 4096'],
    ['tenantId', { tenantId: 'red' }, 'tenantId must be a UUID'],
    ['port', { port: 65_536 }, 'port must be 0 to 65535'],
    ['adminPort', { adminPort: -1 }, 'adminPort must be 0 to 65535'],
    ['audience', { audience: [] }, 'audience must be text'],
    ['audience of numbers', { audience: 1 }, 'audience must be text'],
    ['issuer', { issuer: '' }, 'issuer must be text'],
    ['cookieName', { cookieName: 'a b' }, 'cookieName must be a valid cookie name'],
    ['now', { now: 5 }, 'now must be a function'],
  ])('wrong: %s', async (_name, options, message) => {
    await expect(FakeHanko.start(options as FakeHankoOptions)).rejects.toThrow(
      `FakeHanko: ${message}`,
    );
  });
});

describe('several', () => {
  it('at once know nothing of each other', async () => {
    await using one = await FakeHanko.start();
    await using two = await FakeHanko.start();
    const token = await one.token({ email: 'ada@example.test' });
    expect(await isAlive(one, token)).toBe(true);
    expect(await isAlive(two, token)).toBe(false);
    await expect(verify(two, token)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    expect(one.countRequests()).toBe(1);
    expect(() => two.createUser({ email: 'ada@example.test' })).not.toThrow();
    await one.stop();
    expect(await isAlive(two, await two.token())).toBe(true);
  });

  it('`await using` stops, and stopping twice is fine', async () => {
    let url: string;
    {
      await using hanko = await FakeHanko.start();
      url = hanko.url;
      expect((await send({ url: `${url}/health/alive` })).status).toBe(200);
      await hanko.stop();
    }
    await expect(send({ url })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('misuse is an error that names FakeHanko and says what to do', () => {
  let hanko: FakeHanko;
  beforeAll(async () => {
    hanko = await FakeHanko.start();
    hanko.createUser({ id: UNKNOWN_ID, email: 'taken@example.test', username: 'taken' });
  });
  afterAll(() => hanko.stop());

  const id = '3c2cd9eb-ecb3-4fb5-ace5-78ddc06ce14a';
  it.each<readonly [string, (hanko: FakeHanko) => unknown, string]>([
    ['user id', (fake) => fake.createUser({ id: 'x' }), 'the id of a user must be a UUID'],
    [
      'user id taken',
      (fake) => fake.createUser({ id: UNKNOWN_ID.toUpperCase() }),
      'this id exists already',
    ],
    [
      'email taken',
      (fake) => fake.createUser({ email: 'Taken@example.test' }),
      'token() as { email }',
    ],
    ['name taken', (fake) => fake.createUser({ username: 'taken' }), 'token() as { username }'],
    ['deleteUser', (fake) => fake.deleteUser(id), 'there is no user with this id'],
    ['revoke, an id', (fake) => fake.revoke(id), 'there is no such session'],
    ['revoke, text', (fake) => fake.revoke('garbage'), 'the id of a session, or its token'],
    ['token for nobody', (fake) => fake.token({ user: id }), 'create one with createUser()'],
    ['token by no key', (fake) => fake.token({ kid: 'x' }), 'kid must be that of a published key'],
    [
      'sign by no key',
      (fake) => fake.sign({ payload: {}, kid: 'x' }),
      'kid must be that of a published key',
    ],
    ['forgery', (fake) => fake.forgedToken('x' as never), 'the forgery must be one of alg-none, '],
    ['removeKey', (fake) => fake.removeKey('x'), 'there is no key with this kid'],
    ['fault', (fake) => fake.fault('x' as never), 'the fault must be one of down, '],
    ['times', (fake) => fake.fault('down', { times: 0 }), 'times must be a whole number above 0'],
    ['half times', (fake) => fake.fault('down', { times: 0.5 }), 'times must be a whole number'],
    ['delayMs', (fake) => fake.fault('slow', { delayMs: -1 }), 'delayMs must not be below 0'],
    ['refuse', (fake) => fake.fault('refuse', { times: 1 }), 'refuse takes no options'],
  ])('%s', async (_name, misuse, message) => {
    const sessions = hanko.sessions().length;
    const failure = await (async () => misuse(hanko))().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(TypeError);
    expect((failure as Error).message).toMatch(/^FakeHanko: /);
    expect((failure as Error).message).toContain(message);
    // No session was started for it.
    expect(hanko.sessions()).toHaveLength(sessions);
    expect((await send({ url: `${hanko.url}/health/alive` })).status).toBe(200);
  });

  it('no key left', async () => {
    await using bare = await FakeHanko.start();
    bare.removeKey(bare.signingKid);
    expect(() => bare.signingKid).toThrow('FakeHanko has no key left: call rotateKey() first.');
    await expect(bare.token()).rejects.toThrow('call rotateKey() first');
    expect((await send({ url: `${bare.url}/.well-known/jwks.json` })).body).toEqual({ keys: [] });
    await bare.rotateKey();
    expect(await isAlive(bare, await bare.token())).toBe(true);
  });
});

describe('the log of requests', () => {
  it('has method, path and status, and nothing that may hold a credential', async () => {
    await using hanko = await FakeHanko.start();
    const token = await hanko.token();
    await sendJson('POST', `${hanko.url}/sessions/validate?token=${token}`, {
      session_token: token,
    });
    await send({ url: `${hanko.url}/me`, headers: { authorization: `Bearer ${token}` } });
    await send({ url: `${hanko.url}/nope`, headers: { cookie: `hanko=${token}` } });
    await send({ url: `${hanko.adminUrl}/users` });

    expect(hanko.requests).toEqual([
      { method: 'POST', path: '/sessions/validate', status: 200 },
      { method: 'GET', path: '/me', status: 200 },
      { method: 'GET', path: '/nope', status: 404 },
    ]);
    expect(hanko.countRequests()).toBe(3);
    expect(hanko.countRequests('/me')).toBe(1);
    expect(JSON.stringify(hanko.requests)).not.toContain(token.slice(0, 20));
  });

  it('is a copy, and can be cleared', async () => {
    await using hanko = await FakeHanko.start();
    const before = hanko.requests;
    await send({ url: `${hanko.url}/health/alive` });
    expect(before).toEqual([]);
    const after = hanko.requests;
    hanko.clearRequests();
    expect(hanko.countRequests()).toBe(0);
    expect(after).toHaveLength(1);
  });
});

describe('bounds', () => {
  it('10,000 logged requests, the newest ones', async () => {
    await using hanko = await FakeHanko.start();
    await send({ url: `${hanko.url}/me` });
    const { hostname, port, host } = new URL(hanko.url);
    const requests = `GET /health/alive HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(10_000);
    const socket = connect(Number(port), hostname).resume();
    socket.write(requests);
    await vi.waitUntil(() => hanko.countRequests('/me') === 0, { timeout: 30_000 });
    expect(hanko.requests).toHaveLength(10_000);
    socket.destroy();
  }, 40_000);

  it('10,000 users', async () => {
    await using hanko = await FakeHanko.start();
    for (let i = 0; i < 10_000; i++) hanko.createUser();
    expect(() => hanko.createUser()).toThrow('FakeHanko: it holds at most 10000 users.');
  });

  it('a mebibyte of body', async () => {
    await using hanko = await FakeHanko.start();
    const url = `${hanko.url}/sessions/validate`;
    const answer = await sendJson('POST', url, { session_token: 'x'.repeat(2 ** 20) });
    expect(answer.status).toBe(413);
    expect((await sendJson('POST', url, { session_token: 'x'.repeat(2 ** 19) })).status).toBe(200);
  });
});
