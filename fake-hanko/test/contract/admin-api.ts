import { describe, expect, it } from 'vitest';
import { adminAsker } from './asking.js';
import {
  type AdminUser,
  type HankoClient,
  problem,
  sessionIdOf,
  text,
  time,
  unique,
  UNKNOWN_ID,
  uuid,
} from './client.js';

/** Users and sessions of the Admin API (docs/hanko.md, The Admin API). */
export function adminApi(hanko: HankoClient): void {
  const ask = adminAsker(hanko);
  const times = { created_at: time(), updated_at: time() };
  const email = (address: string, is_primary = true) => ({
    address,
    is_primary,
    is_verified: true,
  });

  describe('POST /users', () => {
    it('makes a user with addresses, name, id and date of its own', async () => {
      const [name, first, second] = [
        unique(),
        `${unique()}@example.test`,
        `${unique()}@example.test`,
      ];
      const id = crypto.randomUUID();
      const user = await hanko.createUser({
        id,
        username: name,
        emails: [email(first.toUpperCase()), { address: second }],
        created_at: '2020-01-02T03:04:05Z',
      });
      expect(user).toEqual({
        id,
        // Addresses are kept in lower case, what is left out is false.
        emails: [
          { ...email(first), id: uuid(), ...times },
          { ...email(second, false), is_verified: false, id: uuid(), ...times },
        ],
        username: { id: uuid(), username: name, ...times },
        ...times,
        created_at: '2020-01-02T03:04:05Z',
      });
      expect(await ask('GET', `/users/${id}`)).toEqual({ status: 200, body: user });
      expect(await ask('GET', `/users/${id.toUpperCase()}`)).toEqual({ status: 200, body: user });
    });

    it('makes one with a name only', async () => {
      const username = unique();
      expect(await hanko.createUser({ username, emails: null, id: null })).toEqual({
        id: uuid(),
        username: { id: uuid(), username, ...times },
        ...times,
      });
    });

    it('409 if the address (in any case), the name or the id is taken', async () => {
      const address = `${unique()}@example.test`;
      const username = unique();
      const { id } = await hanko.createUser({ username, emails: [email(address)] });
      for (const body of [
        { emails: [email(address)] },
        { emails: [email(address.toUpperCase())] },
        { username },
        { id, username: unique() },
      ]) {
        expect(await ask('POST', '/users', body)).toEqual(problem(409));
      }
      // Names are told apart by case.
      await hanko.createUser({ username: username.toUpperCase() });
    });

    it('400 for what no user can be', async () => {
      const address = `${unique()}@example.test`;
      const username = unique();
      for (const body of [
        '',
        '{',
        'x',
        '[]',
        'null',
        {},
        { username: '' },
        { username: 1 },
        { username, id: 'x' },
        { username, id: '' },
        { username, created_at: 'x' },
        { username, created_at: 1 },
        { username, emails: 'x' },
        { username, emails: ['x'] },
        { username, emails: [null] },
        { emails: [{ is_primary: true }] },
        { emails: [email('nope')] },
        { emails: [email('')] },
        { emails: [{ address: 1, is_primary: true }] },
        { emails: [{ address, is_primary: 'true' }] },
        { emails: [email(address, false)] },
        { emails: [email(address), email(`x${address}`)] },
        { emails: [email(address), email(address, false)] },
      ]) {
        expect(await ask('POST', '/users', body)).toEqual(problem(400));
      }
    });

    it('415 for a body that is not JSON', async () => {
      for (const type of ['text/plain', 'application/jsonp', 'Application/JSON', '']) {
        const answer = await ask('POST', '/users', { username: unique() }, type);
        expect(answer).toEqual(problem(415));
      }
    });
  });

  describe('/users/:id', () => {
    it('400 for no id, 404 for an unknown one', async () => {
      for (const method of ['GET', 'DELETE']) {
        expect(await ask(method, '/users/x')).toEqual(problem(400));
        expect(await ask(method, `/users/${UNKNOWN_ID}`)).toEqual(problem(404));
      }
    });

    it('DELETE: 204 once, and the address is free again', async () => {
      const address = `${unique()}@example.test`;
      const user = await hanko.createUser({ emails: [email(address)] });
      await hanko.deleteUser(user);
      expect(await ask('DELETE', `/users/${user.id}`)).toEqual(problem(404));
      expect(await ask('GET', `/users/${user.id}`)).toEqual(problem(404));
      const again = await hanko.createUser({ emails: [email(address)] });
      expect(again.id).not.toBe(user.id);
    });
  });

  describe('GET /users', () => {
    const idsOf = (body: unknown) => (body as readonly AdminUser[]).map(({ id }) => id);

    it('filters: ids, parts of an address or a name', async () => {
      const tag = unique();
      const one = await hanko.createUser({ emails: [email(`one-${tag}@example.test`)] });
      const two = await hanko.createUser({ username: `two-${tag}` });
      const list = async (query: string) => {
        const { status, body } = await ask('GET', `/users?${query}`);
        expect(status).toBe(200);
        return idsOf(body);
      };
      expect(await list(`user_id=${one.id},${two.id}`)).toEqual([two.id, one.id]);
      expect(await list(`user_id=${one.id},${two.id}&sort_direction=asc`)).toEqual([
        one.id,
        two.id,
      ]);
      expect(await list(`email=E-${tag.toUpperCase()}@EX`)).toEqual([one.id]);
      expect(await list(`username=o-${tag}`)).toEqual([two.id]);
      // The filter is put into lower case, the names are not.
      await hanko.createUser({ username: `UPPER-${tag}` });
      expect(await list(`username=UPPER-${tag}`)).toEqual([]);
      // Either will do.
      expect(await list(`email=one-${tag}&username=two-${tag}`)).toEqual([two.id, one.id]);
      expect(await list(`email=nobody-${tag}`)).toEqual([]);
    });

    it('pages: X-Total-Count and Link', async () => {
      const users: AdminUser[] = [];
      for (let i = 0; i < 3; i++) users.push(await hanko.createUser({ username: unique() }));
      const ids = users.map(({ id }) => id).join(',');
      const page = async (number: number) => {
        const { status, headers, body } = await hanko.admin(
          'GET',
          `/users?user_id=${ids}&per_page=1&page=${number}`,
        );
        const rels = String(headers.link).matchAll(/[?&]page=(\d+)[^>]*>; rel="(\w+)"/g);
        return {
          status,
          total: headers['x-total-count'],
          links: Object.fromEntries(Array.from(rels, ([, to, rel]) => [rel, Number(to)])) as object,
          ids: idsOf(body),
        };
      };
      const [oldest, middle, newest] = users.map(({ id }) => id);
      const common = { status: 200, total: '3' };
      expect(await page(1)).toEqual({ ...common, links: { last: 3, next: 2 }, ids: [newest] });
      expect(await page(2)).toEqual({
        ...common,
        links: { first: 1, last: 3, next: 3, prev: 1 },
        ids: [middle],
      });
      expect(await page(3)).toEqual({ ...common, links: { first: 1, prev: 2 }, ids: [oldest] });
      expect(await page(5)).toEqual({ ...common, links: { first: 1, last: 3, prev: 4 }, ids: [] });

      const { headers } = await hanko.admin('GET', `/users?user_id=${String(oldest)}`);
      expect(headers.link).toMatch(/^<[^>]*>; rel="first"$/);
      expect(headers.link).toContain(`<${hanko.adminUrl}/users?`);
    });

    it('400 for a query it cannot read', async () => {
      for (const query of ['user_id=x', 'page=x', 'per_page=x', 'sort_direction=x']) {
        expect(await ask('GET', `/users?${query}`)).toEqual(problem(400));
      }
    });
  });

  describe('POST /sessions', () => {
    it('answers with a token and nothing else', async () => {
      const user = await hanko.createUserWithEmail();
      for (const user_id of [user.id, user.id.toUpperCase()]) {
        const answer = await ask('POST', '/sessions', { user_id });
        expect(answer).toEqual({ status: 200, body: { session_token: text() } });
      }
    });

    it('over the limit of 5 the oldest session of the same user ends', async () => {
      const user = await hanko.createUserWithEmail();
      const other = await hanko.login();
      const tokens: string[] = [];
      for (let i = 0; i < 7; i++) tokens.push(await hanko.createSession(user));
      const alive = await Promise.all(tokens.map((token) => hanko.isAlive(token)));
      expect(alive).toEqual([false, false, true, true, true, true, true]);
      expect(await hanko.isAlive(other.token)).toBe(true);
    });

    it('400, 404, 415', async () => {
      const { id: user_id } = await hanko.createUserWithEmail();
      for (const body of [
        '',
        '{',
        {},
        { user_id: 'x' },
        { user_id: 1 },
        { user_id: null },
        { user_id, ip_address: 'x' },
        { user_id, user_agent: 1 },
      ]) {
        expect(await ask('POST', '/sessions', body)).toEqual(problem(400));
      }
      expect(await ask('POST', '/sessions', { user_id: UNKNOWN_ID })).toEqual(problem(404));
      expect(await ask('POST', '/sessions', { user_id }, 'text/plain')).toEqual(problem(415));
      expect(await ask('GET', '/sessions')).toEqual(problem(404));
    });
  });

  describe('/users/:id/sessions', () => {
    it('lists the living ones, newest first', async () => {
      const user = await hanko.createUserWithEmail();
      expect(await ask('GET', `/users/${user.id}/sessions`)).toEqual({ status: 200, body: [] });
      const first = sessionIdOf(await hanko.createSession(user));
      const { body } = await ask('POST', '/sessions', {
        user_id: user.id,
        user_agent: 'Contract/1.0',
        ip_address: '2001:db8::1',
      });
      const second = sessionIdOf((body as { session_token: string }).session_token);
      const session = {
        user_id: user.id,
        user_agent: null,
        ip_address: null,
        ...times,
        expires_at: time(),
        last_used: time(),
      };
      expect(await ask('GET', `/users/${user.id}/sessions`)).toEqual({
        status: 200,
        body: [
          { ...session, id: second, user_agent: 'Contract/1.0', ip_address: '2001:db8::1' },
          { ...session, id: first },
        ],
      });
    });

    it('DELETE: 204 once, 404 for that of another user', async () => {
      const { user, token } = await hanko.login();
      const other = await hanko.createUserWithEmail();
      const id = sessionIdOf(token);
      expect(await ask('DELETE', `/users/${other.id}/sessions/${id}`)).toEqual(problem(404));
      expect(await hanko.isAlive(token)).toBe(true);
      const path = `/users/${user.id}/sessions/${id}`;
      expect(await ask('DELETE', path)).toEqual({ status: 204, body: '' });
      expect(await ask('DELETE', path)).toEqual(problem(404));
    });

    it('400 for what is no id, before anything is looked up; 404 for unknown ones', async () => {
      const { id } = await hanko.createUserWithEmail();
      expect(await ask('GET', '/users/x/sessions')).toEqual(problem(400));
      expect(await ask('GET', `/users/${UNKNOWN_ID}/sessions`)).toEqual(problem(404));
      for (const path of [`/users/x/sessions/${UNKNOWN_ID}`, `/users/${UNKNOWN_ID}/sessions/x`]) {
        expect(await ask('DELETE', path)).toEqual(problem(400));
      }
      // Of version 4 alone.
      const version1 = 'c232ab00-9414-11ec-b3c8-9f6bdeced846';
      expect(await ask('DELETE', `/users/${id}/sessions/${version1}`)).toEqual(problem(400));
      for (const user of [id, UNKNOWN_ID]) {
        const answer = await ask('DELETE', `/users/${user}/sessions/${UNKNOWN_ID}`);
        expect(answer).toEqual(problem(404));
      }
    });
  });

  it('/health of the Admin API, and no other route', async () => {
    expect(await ask('GET', '/health/alive')).toEqual({ status: 200, body: { alive: true } });
    expect(await ask('GET', '/health/ready')).toEqual({ status: 200, body: { ready: true } });
    expect(await ask('GET', '/nope')).toEqual(problem(404));
    expect(await ask('PUT', '/users')).toEqual(problem(404));
  });
}
