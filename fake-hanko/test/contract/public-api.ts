import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { describe, expect, it, vi } from 'vitest';
import { decodeJws } from '../support/raw-http.js';
import {
  bearer,
  cookie,
  type HankoClient,
  outcome,
  problem,
  sessionIdOf,
  spoil,
  text,
  time,
  unique,
  uuid,
} from './client.js';

/** JWKS, tokens, `/sessions/validate`, `/me`, `/logout` (docs/hanko.md, The session token and Validating a session). */
export function publicApi(hanko: HankoClient): void {
  describe('GET /.well-known/jwks.json', () => {
    it('is public keys for RS256, to be cached for ten minutes', async () => {
      const { status, headers, body } = await hanko.public('GET', '/.well-known/jwks.json');
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'content-type': 'application/json',
        'cache-control': 'max-age=600',
        'x-request-id': text(),
      });
      const { keys } = body as JSONWebKeySet;
      expect(keys.length).toBeGreaterThan(0);
      for (const key of keys) {
        expect(key).toEqual({
          kty: 'RSA',
          use: 'sig',
          alg: 'RS256',
          kid: text(),
          n: text(),
          e: 'AQAB',
        });
        expect(Buffer.from(key.n ?? '', 'base64url').length).toBeGreaterThanOrEqual(256);
      }
    });

    it('is there for GET alone, and nothing else is', async () => {
      for (const [method, path] of [
        ['POST', '/.well-known/jwks.json'],
        ['GET', '/.well-known/config'],
        ['GET', '/.well-known/jwks.json/'],
        ['GET', '/nope'],
      ] as const) {
        expect(outcome(await hanko.public(method, path))).toEqual(problem(404));
      }
    });
  });

  describe('a session token', () => {
    const claims = {
      sub: uuid(),
      session_id: uuid(),
      iat: expect.any(Number) as unknown,
      exp: expect.any(Number) as unknown,
      aud: [text()],
    };
    const verified = async (token: string) => {
      const { body } = await hanko.public('GET', '/.well-known/jwks.json');
      const jwks = createLocalJWKSet(body as JSONWebKeySet);
      return jwtVerify(token, jwks, { algorithms: ['RS256'], typ: 'JWT' });
    };

    it.each([true, false])('of a user whose address is verified: %s', async (isVerified) => {
      const user = await hanko.createUserWithEmail(isVerified);
      const { payload, protectedHeader } = await verified(await hanko.createSession(user));
      expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'JWT', kid: text() });
      const address = user.emails?.[0]?.address;
      expect(payload).toEqual({
        ...claims,
        sub: user.id,
        email: { address, is_primary: true, is_verified: isVerified },
      });
    });

    it('of a user with a name only', async () => {
      const user = await hanko.createUser({ username: unique() });
      const { payload } = await verified(await hanko.createSession(user));
      expect(payload).toEqual({ ...claims, sub: user.id, username: user.username?.username });
    });

    it('has whole seconds, and starts now', async () => {
      const { token } = await hanko.login();
      const { iat, exp } = decodeJws(token).claims as { iat: number; exp: number };
      expect([iat, exp].every(Number.isInteger)).toBe(true);
      expect(exp).toBeGreaterThan(iat);
      expect(Math.abs(Date.now() / 1000 - iat)).toBeLessThan(60);
    });
  });

  describe('/sessions/validate', () => {
    const INVALID = { status: 200, body: { is_valid: false } };
    const get = async (headers: Readonly<Record<string, string | readonly string[]>>) =>
      outcome(await hanko.public('GET', '/sessions/validate', { headers }));
    const isValid = { status: 200, body: expect.objectContaining({ is_valid: true }) as unknown };

    it('a living session: its claims by other names', async () => {
      const { user, token } = await hanko.login();
      const { iat, exp, aud, session_id, email } = decodeJws(token).claims;
      const expiration = time();
      const answer = {
        status: 200,
        body: {
          is_valid: true,
          claims: {
            subject: user.id,
            issued_at: time(),
            expiration,
            audience: aud,
            session_id,
            email,
          },
          expiration_time: expiration,
          user_id: user.id,
        },
      };
      const posted = outcome(await hanko.validate(token));
      expect(posted).toEqual(answer);
      expect(await get(bearer(token))).toEqual(answer);
      expect(await get(cookie(token))).toEqual(answer);

      const said = (posted.body as { claims: Record<string, string> }).claims;
      expect(Date.parse(said.expiration ?? '') / 1000).toBe(exp);
      expect(Date.parse(said.issued_at ?? '') / 1000).toBe(iat);
    });

    it('a user with a name only: no email', async () => {
      const user = await hanko.createUser({ username: unique() });
      const { body } = await hanko.validate(await hanko.createSession(user));
      const { claims } = body as { claims: object };
      expect(Object.keys(claims).toSorted()).toEqual(
        ['audience', 'expiration', 'issued_at', 'session_id', 'subject', 'username'].toSorted(),
      );
    });

    it('nothing, garbage and spoilt tokens', async () => {
      const { token } = await hanko.login();
      expect(await get({})).toEqual(INVALID);
      for (const bad of ['garbage', 'a.b.c', ...Object.values(spoil(token))]) {
        expect(await get(bearer(bad))).toEqual(INVALID);
        expect(await get(cookie(bad))).toEqual(INVALID);
        expect(outcome(await hanko.validate(bad))).toEqual(INVALID);
      }
      expect(await get({ authorization: `Basic ${token}` })).toEqual(INVALID);
      expect(await get({ authorization: 'Bearer' })).toEqual(INVALID);
      expect(await get({ cookie: `other=${token}` })).toEqual(INVALID);
    });

    it('tries every credential, header before cookie', async () => {
      const { token } = await hanko.login();
      const other = await hanko.login();
      expect(await get({ authorization: ['Bearer garbage', `Bearer ${token}`] })).toEqual(isValid);
      expect(await get({ ...bearer('garbage'), ...cookie(token) })).toEqual(isValid);
      expect(await get({ cookie: `hanko=garbage; hanko=${token}` })).toEqual(isValid);
      expect(await get({ cookie: `hanko="${token}"` })).toEqual(isValid);
      expect(await get({ authorization: `bearer ${token}` })).toEqual(isValid);
      const both = await get({ ...bearer(token), ...cookie(other.token) });
      expect(both.body).toMatchObject({ claims: { session_id: sessionIdOf(token) } });
      const many = Array.from({ length: 20 }, () => 'hanko=garbage').join('; ');
      expect(await get({ cookie: `${many}; hanko=${token}` })).toEqual(INVALID);
    });

    it('ended sessions: revoked, logged out, of a deleted user', async () => {
      const { user, token } = await hanko.login();
      const loggedOut = await hanko.createSession(user);
      const orphan = await hanko.createSession(user);
      for (const each of [token, loggedOut, orphan]) expect(await hanko.isAlive(each)).toBe(true);
      const expectEnded = async (ended: string): Promise<void> => {
        expect(outcome(await hanko.validate(ended))).toEqual(INVALID);
        expect(await get(bearer(ended))).toEqual(INVALID);
        expect(await get(cookie(ended))).toEqual(INVALID);
      };

      await hanko.admin('DELETE', `/users/${user.id}/sessions/${sessionIdOf(token)}`);
      await expectEnded(token);
      await hanko.public('POST', '/logout', { headers: bearer(loggedOut) });
      await expectEnded(loggedOut);
      expect(await hanko.isAlive(orphan)).toBe(true);
      await hanko.deleteUser(user);
      await expectEnded(orphan);
    });

    it('a webhook token: 400, by whatever way it comes, and whatever follows it', async (context) => {
      const webhookToken = await hanko.newWebhookToken();
      context.skip(webhookToken === null, 'the server cannot send a webhook to this machine');
      const { token } = await hanko.login();
      const bad = String(webhookToken);
      expect(outcome(await hanko.validate(bad))).toEqual(problem(400));
      expect(await get(bearer(bad))).toEqual(problem(400));
      expect(await get(cookie(bad))).toEqual(problem(400));
      expect(await get({ ...bearer(bad), ...cookie(token) })).toEqual(problem(400));
      // The first that is good wins: the webhook token is not looked at.
      expect(await get({ ...bearer(token), ...cookie(bad) })).toEqual(isValid);
      const me = await hanko.public('GET', '/me', { headers: bearer(bad) });
      expect(outcome(me)).toEqual(problem(401));
    });

    it('says nothing of idling where there is no idle timeout, which is the default', async () => {
      const { token } = await hanko.login();
      expect((await hanko.validate(token)).body).not.toHaveProperty('idle_expires_at');
      expect((await get(bearer(token))).body).not.toHaveProperty('idle_expires_at');
    });

    it('POST notes that the session was used, GET does not', async () => {
      const { user, token } = await hanko.login();
      const lastUsed = async (): Promise<unknown> => {
        const { body } = await hanko.admin('GET', `/users/${user.id}/sessions`);
        return (body as { last_used: string }[])[0]?.last_used;
      };
      const before = await lastUsed();
      await get(bearer(token));
      expect(await lastUsed()).toBe(before);
      // Clocks may be coarse.
      await vi.waitUntil(async () => {
        await hanko.validate(token);
        return (await lastUsed()) !== before;
      });
    });

    it('POST: 400 for a body that names no token, 415 for one that is not JSON', async () => {
      const { token } = await hanko.login();
      const post = async (body: unknown, type = 'application/json') => {
        const headers = { 'content-type': type };
        return outcome(await hanko.public('POST', '/sessions/validate', { headers, body }));
      };
      for (const body of ['', '{}', 'null', '[]', '1', '{"session_token":', 'x']) {
        expect(await post(body)).toEqual(problem(400));
      }
      for (const session_token of ['', null, 1, true, {}, [token]]) {
        expect(await post({ session_token })).toEqual(problem(400));
      }
      const body = { session_token: token };
      for (const type of ['text/plain', 'application/jsonp', 'APPLICATION/JSON', '']) {
        expect(await post(body, type)).toEqual(problem(415));
      }
      expect(await post('', 'text/plain')).toEqual(problem(400));
      expect(await post(body, 'application/json; charset=utf-8')).toEqual(isValid);
    });

    it('PUT, DELETE, HEAD: no such route', async () => {
      for (const method of ['PUT', 'DELETE']) {
        const answer = await hanko.public(method, '/sessions/validate', { body: {} });
        expect(outcome(answer)).toEqual(problem(404));
      }
      const head = await hanko.public('HEAD', '/sessions/validate');
      expect(outcome(head)).toEqual({ status: 404, body: '' });
    });
  });

  describe('/me', () => {
    const profile = {
      id: uuid(),
      user_id: uuid(),
      mfa_config: {
        auth_app_set_up: false,
        totp_enabled: expect.any(Boolean) as unknown,
        security_keys_enabled: expect.any(Boolean) as unknown,
      },
      created_at: time(),
      updated_at: time(),
    };

    it('is the profile, by header and by cookie', async () => {
      const { user, token } = await hanko.login();
      const { id, address } = user.emails?.[0] ?? {};
      const answer = {
        status: 200,
        body: {
          ...profile,
          id: user.id,
          user_id: user.id,
          emails: [{ id, address, is_verified: true, is_primary: true }],
        },
      };
      for (const headers of [bearer(token), cookie(token)]) {
        expect(outcome(await hanko.public('GET', '/me', { headers }))).toEqual(answer);
      }
    });

    it('of a user with a name only', async () => {
      const user = await hanko.createUser({ username: unique() });
      const headers = bearer(await hanko.createSession(user));
      const { body } = await hanko.public('GET', '/me', { headers });
      expect(body).toEqual({
        ...profile,
        username: {
          id: uuid(),
          username: user.username?.username,
          created_at: time(),
          updated_at: time(),
        },
      });
    });

    it('401 without a living session', async () => {
      const { user, token } = await hanko.login();
      await hanko.deleteUser(user);
      for (const headers of [{}, bearer('garbage'), cookie('garbage'), bearer(token)]) {
        expect(outcome(await hanko.public('GET', '/me', { headers }))).toEqual(problem(401));
      }
    });
  });

  describe('/logout', () => {
    it.each([
      ['header', bearer],
      ['cookie', cookie],
    ])('ends the session of the %s, once', async (_name, by) => {
      const { user, token } = await hanko.login();
      const other = await hanko.createSession(user);
      const headers = by(token);
      const first = await hanko.public('POST', '/logout', { headers });
      expect(outcome(first)).toEqual({ status: 204, body: '' });
      const [deletion, ...rest] = first.headers['set-cookie'] ?? [];
      expect(rest).toEqual([]);
      expect(deletion).toMatch(
        /^hanko=; Path=\/; Max-Age=0; HttpOnly(; Secure)?; SameSite=Strict$/,
      );

      const second = await hanko.public('POST', '/logout', { headers });
      expect(outcome(second)).toEqual(problem(401));
      expect(second.headers).not.toHaveProperty('set-cookie');
      expect(outcome(await hanko.public('GET', '/me', { headers }))).toEqual(problem(401));
      expect(await hanko.isAlive(other)).toBe(true);
    });

    it('401 without a session, 404 for GET', async () => {
      const { token } = await hanko.login();
      expect(outcome(await hanko.public('POST', '/logout'))).toEqual(problem(401));
      const headers = bearer(token);
      expect(outcome(await hanko.public('GET', '/logout', { headers }))).toEqual(problem(404));
      expect(await hanko.isAlive(token)).toBe(true);
    });
  });

  it('/health of the public API', async () => {
    const alive = outcome(await hanko.public('GET', '/health/alive'));
    expect(alive).toEqual({ status: 200, body: { alive: true } });
    const ready = outcome(await hanko.public('GET', '/health/ready'));
    expect(ready).toEqual({ status: 200, body: { ready: true } });
  });

  it('GET / is a page for people', async () => {
    const { status, headers, body } = await hanko.public('GET', '/');
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=UTF-8']);
    expect(body).toContain('<title>API Integration Status</title>');
  });

  it('HEAD is 404 and has no body', async () => {
    for (const path of ['/health/alive', '/', '/nope']) {
      const { status, body } = await hanko.public('HEAD', path);
      expect([status, body]).toEqual([404, '']);
    }
  });

  it('every reply has an id of 32 letters', async () => {
    for (const path of ['/health/alive', '/nope']) {
      const { headers } = await hanko.public('GET', path);
      expect(headers['x-request-id']).toMatch(/^\w{32}$/);
    }
  });
}
