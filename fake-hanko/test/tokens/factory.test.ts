import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeJws, send, sendJson } from '../support/raw-http.js';
import { isAlive, UNKNOWN_ID, verify } from '../support/tokens.js';

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
