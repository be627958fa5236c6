import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { FakeHanko, type FakeHankoOptions } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { decodeJws, send, sendJson } from '../../test/support/raw-http.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const UNKNOWN_ID = '84ed1902-4075-491d-ab7d-65c3d07d42e9';

const verify = (hanko: FakeHanko, token: string) =>
  jwtVerify(token, createLocalJWKSet({ keys: [...hanko.jwks().keys] }), { algorithms: ['RS256'] });

/** What `/sessions/validate` says. */
async function isAlive(hanko: FakeHanko, token: string): Promise<boolean> {
  const answer = await sendJson('POST', `${hanko.url}/sessions/validate`, { session_token: token });
  expect(answer.status).toBe(200);
  return (answer.body as { is_valid: boolean }).is_valid;
}

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

describe('tokens', () => {
  let hanko: FakeHanko;
  beforeAll(async () => {
    hanko = await FakeHanko.start();
  });
  afterAll(() => hanko.stop());

  const claimsOf = async (...shape: Parameters<FakeHanko['token']>) =>
    decodeJws(await hanko.token(...shape)).claims;

  it('belong to a new user, to one of createUser(), or to the one with that address or name', async () => {
    const ada = hanko.createUser({ email: 'ada@example.test', username: 'ada' });
    for (const shape of [
      { user: ada },
      { user: ada.id },
      { email: 'Ada@Example.test' },
      { username: 'ada' },
    ]) {
      expect(await claimsOf(shape)).toMatchObject({ sub: ada.id, username: 'ada' });
    }
    expect((await claimsOf()).sub).not.toBe((await claimsOf()).sub);
    expect(await claimsOf({ email: 'bob@example.test', emailVerified: false })).toMatchObject({
      email: { address: 'bob@example.test', is_verified: false },
    });
    expect(await claimsOf({ username: 'carl' })).not.toHaveProperty('email');
  });

  it('say what the shape says', async () => {
    const now = Math.floor(Date.now() / 1000);
    const claims = await claimsOf({
      amr: ['pwd', 'totp'],
      ageSeconds: 100,
      lifespanSeconds: 1000,
      audience: ['app.example.test', 'api.example.test'],
      issuer: 'https://login.example.test',
      claims: { tier: 'gold' },
    });
    expect(claims).toMatchObject({
      amr: ['pwd', 'totp'],
      aud: ['app.example.test', 'api.example.test'],
      iss: 'https://login.example.test',
      tier: 'gold',
      exp: (claims.iat as number) + 1000,
    });
    expect(now - (claims.iat as number)).toSatisfy((age: number) => age > 90 && age <= 100);
    expect(await claimsOf({ amr: null })).not.toHaveProperty('amr');
  });

  const TEMPLATE = {
    sub: 'template',
    iat: 1,
    exp: 2,
    aud: 'template',
    session_id: 'template',
    email: 'template',
    username: 'template',
    iss: 'template',
    amr: 'template',
    custom: { of: ['any', 'type', 1] },
  };

  it("have Hanko's own claims over those of a template", async () => {
    const email = 'dora@example.test';
    const user = hanko.createUser({ email, username: 'dora' });
    const claims = await claimsOf({ user, issuer: 'https://x.test', claims: TEMPLATE });
    const fromTemplate = Object.entries(claims).filter(([, value]) => value === 'template');
    expect(fromTemplate).toEqual([]);
    expect(claims).toMatchObject({
      sub: user.id,
      username: 'dora',
      amr: ['pwd'],
      aud: ['localhost'],
    });
    expect(claims.custom).toEqual(TEMPLATE.custom);
    expect(claims.exp).toBeGreaterThan(1_600_000_000);
  });

  it("have a template's email, username, iss and amr where Hanko has none", async () => {
    const claims = await claimsOf({ user: hanko.createUser(), amr: null, claims: TEMPLATE });
    const fromTemplate = Object.keys(claims).filter((name) => claims[name] === 'template');
    expect(fromTemplate.toSorted()).toEqual(['amr', 'email', 'iss', 'username']);
  });

  it('expired a minute ago if asked for', async () => {
    for (const shape of [{}, { lifespanSeconds: 10 }]) {
      const token = await hanko.expiredToken(shape);
      const { exp } = decodeJws(token).claims as { exp: number };
      expect(Date.now() / 1000 - exp).toSatisfy((age: number) => age >= 60 && age < 70);
      await expect(verify(hanko, token)).rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' });
      expect(await isAlive(hanko, token)).toBe(false);
    }
  });

  it('of webhooks have the same keys and audience, and are no session', async () => {
    const data = { id: UNKNOWN_ID };
    const token = await hanko.webhookToken('user.delete', data, { ageSeconds: 10 });
    const { payload } = await verify(hanko, token);
    expect(payload).toEqual({
      sub: 'hanko webhooks',
      aud: ['localhost'],
      evt: 'user.delete',
      data,
      iat: expect.any(Number) as unknown,
      exp: (payload.iat ?? 0) + 300,
    });
    expect(hanko.sessions().map(({ id }) => id)).not.toContain(UNKNOWN_ID);
    // As v3.0.4: validate gives up at once, /me and /logout go on to the cookie.
    const cookie = `hanko=${await hanko.token()}`;
    const statusOf = async (method: string, path: string) => {
      const headers = { authorization: `Bearer ${token}`, cookie };
      return (await send({ method, url: hanko.url + path, headers })).status;
    };
    expect(await statusOf('GET', '/sessions/validate')).toBe(400);
    expect(await statusOf('GET', '/me')).toBe(200);
    expect(await statusOf('POST', '/logout')).toBe(204);
  });

  it('can be signed exactly as they stand', async () => {
    const bare = await hanko.sign({ header: { typ: undefined, x: 1 }, payload: 'no JSON' });
    const [header, payload] = bare.split('.').map((part) => Buffer.from(part, 'base64url'));
    expect(JSON.parse(String(header))).toEqual({ alg: 'RS256', kid: hanko.signingKid, x: 1 });
    expect(String(payload)).toBe('no JSON');

    const bytes = Uint8Array.of(0xff, 0x00, 0xfe);
    const binary = await hanko.sign({ payload: bytes });
    expect(new Uint8Array(Buffer.from(binary.split('.')[1] ?? '', 'base64url'))).toEqual(bytes);

    const { payload: claims } = await verify(
      hanko,
      await hanko.sign({ payload: { only: 'this' } }),
    );
    expect(claims).toEqual({ only: 'this' });
  });

  it('get 400 from validate, and 200 from /me, if a template put text into email', async () => {
    const token = await hanko.token({ username: 'emil', claims: { email: 'emil@example.test' } });
    const headers = { authorization: `Bearer ${token}` };
    const validated = await send({ url: `${hanko.url}/sessions/validate`, headers });
    expect(validated.body).toEqual({
      code: 400,
      message: "failed to parse token claims: unexpected 'email' claim type: string",
    });
    expect((await send({ url: `${hanko.url}/me`, headers })).status).toBe(200);
  });

  it('are no session before or after their time, to the second, nor by another algorithm', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    await using clocked = await FakeHanko.start({ now: () => now });
    const { claims } = decodeJws(await clocked.token());
    const second = Math.floor(now / 1000);
    const signed = async (changes: object, header = {}) =>
      isAlive(clocked, await clocked.sign({ header, payload: { ...claims, ...changes } }));

    expect(await signed({ exp: second + 1, nbf: second, iat: second })).toBe(true);
    expect(await signed({ exp: second })).toBe(false);
    expect(await signed({ nbf: second + 1 })).toBe(false);
    expect(await signed({ iat: second + 1 })).toBe(false);
    expect(await signed({ iat: undefined })).toBe(true);
    expect(await signed({ session_id: undefined })).toBe(false);
    expect(await signed({}, { alg: 'RS384' })).toBe(false);
    expect(await signed({}, { kid: undefined })).toBe(false);
    now += 1000;
    expect(await signed({ iat: second + 1 })).toBe(true);
  });

  it("may shadow validate's own names by a template's", async () => {
    const token = await hanko.token({ claims: { subject: 'evil', nbf: 1, jti: 'x' } });
    const { body } = await sendJson('POST', `${hanko.url}/sessions/validate`, {
      session_token: token,
    });
    const { sub } = decodeJws(token).claims;
    expect(body).toMatchObject({ is_valid: true, user_id: sub, claims: { subject: 'evil' } });
    expect((body as { claims: object }).claims).not.toHaveProperty('nbf');
    expect((body as { claims: object }).claims).not.toHaveProperty('jti');
  });
});

describe('keys', () => {
  it('rotate: the new one signs, the old ones still verify', async () => {
    await using hanko = await FakeHanko.start();
    const oldKid = hanko.signingKid;
    const old = await hanko.token();
    const newKid = await hanko.rotateKey();

    expect(hanko.signingKid).toBe(newKid);
    expect(hanko.jwks().keys.map(({ kid }) => kid)).toEqual([oldKid, newKid]);
    expect(decodeJws(await hanko.token()).header.kid).toBe(newKid);
    expect(decodeJws(await hanko.token({ kid: oldKid })).header.kid).toBe(oldKid);
    await verify(hanko, old);
    expect(await isAlive(hanko, old)).toBe(true);
  });

  it('can be removed, and what they signed is void', async () => {
    await using hanko = await FakeHanko.start();
    const oldKid = hanko.signingKid;
    const old = await hanko.token();
    await hanko.rotateKey();
    hanko.removeKey(oldKid);

    const served = await send({ url: `${hanko.url}/.well-known/jwks.json` });
    expect(served.body).toEqual(hanko.jwks());
    expect(hanko.jwks().keys.map(({ kid }) => kid)).toEqual([hanko.signingKid]);
    await expect(verify(hanko, old)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    expect(await isAlive(hanko, old)).toBe(false);
  });

  it('can be published as something else', async () => {
    await using hanko = await FakeHanko.start();
    const url = `${hanko.url}/.well-known/jwks.json`;
    for (const document of [{ keys: [] }, [1], 'text', 0, false]) {
      hanko.setJwks(document);
      expect((await send({ url })).body).toEqual(document);
    }
    hanko.setJwks(null);
    expect((await send({ url })).body).toEqual(hanko.jwks());
    expect(await isAlive(hanko, await hanko.token())).toBe(true);
  });

  it('never show a private member, and have the size that was asked for', async () => {
    await using hanko = await FakeHanko.start({ modulusLength: 4096 });
    const [jwk] = hanko.jwks().keys;
    expect(Object.keys(jwk ?? {}).toSorted()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
    expect(Buffer.from(jwk?.n ?? '', 'base64url')).toHaveLength(512);
  }, 30_000);
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
    ['an unknown one', { baseUrl: 'x' }, 'baseUrl is no option'],
    ['lifespanSeconds', { lifespanSeconds: 0 }, 'lifespanSeconds must be a whole number above 0'],
    ['sessionLimit', { sessionLimit: 1.5 }, 'sessionLimit must be a whole number above 0'],
    ['modulusLength', { modulusLength: 1024 }, 'modulusLength must be 2048 or 4096'],
    ['tenantId', { tenantId: 'red' }, 'tenantId must be a UUID'],
    ['port', { port: 65_536 }, 'port must be 0 to 65535'],
    ['adminPort', { adminPort: -1 }, 'adminPort must be 0 to 65535'],
    ['audience', { audience: [] }, 'audience must be text'],
    ['audience of numbers', { audience: 1 }, 'audience must be text'],
    ['issuer', { issuer: '' }, 'issuer must be text'],
    ['cookieName', { cookieName: 'a b' }, 'cookieName must name a cookie'],
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
      'this id already',
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
    ['token for nobody', (fake) => fake.token({ user: id }), 'make one with createUser()'],
    ['token by no key', (fake) => fake.token({ kid: 'x' }), 'kid names no published key'],
    [
      'sign by no key',
      (fake) => fake.sign({ payload: {}, kid: 'x' }),
      'kid names no published key',
    ],
    ['forgery', (fake) => fake.forgedToken('x' as never), 'a forgery is one of alg-none, '],
    ['removeKey', (fake) => fake.removeKey('x'), 'there is no key with this kid'],
    ['fault', (fake) => fake.fault('x' as never), 'a fault is one of down, '],
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
