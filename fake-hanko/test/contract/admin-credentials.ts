import { describe, expect, it } from 'vitest';
import { adminAsker, DELETED } from './asking.js';
import { type HankoClient, problem, time, unique, UNKNOWN_ID, uuid } from './client.js';

/** Passwords, authenticator apps and passkeys of users (docs/hanko.md, The Admin API). */
export function adminCredentials(hanko: HankoClient): void {
  const ask = adminAsker(hanko);
  const password = {
    id: uuid(),
    tenant_id: '00000000-0000-0000-0000-000000000001',
    created_at: time(),
    updated_at: time(),
  };

  describe('/users/:id/password', () => {
    it('POST and PUT: 200 and when it was set, which the user shows too', async () => {
      const user = await hanko.createUserWithEmail();
      const path = `/users/${user.id}/password`;
      expect(await ask('GET', path)).toEqual(problem(404));
      expect(await ask('PUT', path, { password: 'x' })).toEqual(problem(404));
      const made = await ask('POST', path, { password: 'x' });
      expect(made).toEqual({ status: 200, body: password });
      expect(await ask('POST', path, { password: 'y' })).toEqual(problem(409));
      const updated = await ask('PUT', path, { password: 'y' });
      expect(updated).toEqual({ status: 200, body: password });
      const { id, created_at } = made.body as { id: string; created_at: string };
      expect(updated.body).toMatchObject({ id, created_at });
      expect(await ask('GET', path)).toEqual(updated);
      const { body: shown } = await ask('GET', `/users/${user.id}`);
      expect(shown).toEqual({ ...user, updated_at: time(), password: updated.body });
      // A list leaves it out.
      const { body: list } = await ask('GET', `/users?user_id=${user.id}`);
      expect(list).toEqual([{ ...user, updated_at: time() }]);
      expect(await ask('DELETE', path)).toEqual(DELETED);
      expect(await ask('DELETE', path)).toEqual(problem(404));
    });

    it('400 for none, 500 beyond 72 bytes, 404 for nobody', async () => {
      const { id } = await hanko.createUserWithEmail();
      for (const body of [undefined, '{', {}, { password: '' }, { password: 1 }]) {
        expect(await ask('POST', `/users/${id}/password`, body)).toEqual(problem(400));
      }
      expect(await ask('POST', `/users/${id}/password`, { password: 'x'.repeat(73) })).toEqual(
        problem(500),
      );
      for (const method of ['GET', 'DELETE', 'POST', 'PUT']) {
        const body = method.startsWith('P') ? { password: 'x' } : undefined;
        expect(await ask(method, '/users/x/password', body)).toEqual(problem(400));
        expect(await ask(method, `/users/${UNKNOWN_ID}/password`, body)).toEqual(problem(404));
      }
    });
  });

  it.each(['otp', 'webauthn_credentials/x'])('/users/:id/%s: 404 for none', async (what) => {
    const { id } = await hanko.createUser({ username: unique() });
    for (const method of ['GET', 'DELETE']) {
      expect(await ask(method, `/users/${id}/${what}`)).toEqual(problem(404));
      expect(await ask(method, `/users/${UNKNOWN_ID}/${what}`)).toEqual(problem(404));
      expect(await ask(method, `/users/x/${what}`)).toEqual(problem(400));
    }
  });

  it('/users/:id/webauthn_credentials: a list', async () => {
    const { id } = await hanko.createUser({ username: unique() });
    const path = '/webauthn_credentials';
    expect(await ask('GET', `/users/${id}${path}`)).toEqual({ status: 200, body: [] });
    expect(await ask('GET', `/users/${UNKNOWN_ID}${path}`)).toEqual(problem(404));
    expect(await ask('GET', `/users/x${path}`)).toEqual(problem(400));
  });

  describe('PATCH /users/:id', () => {
    it('sets what is given, clears what is null, and keeps the rest', async () => {
      const user = await hanko.createUserWithEmail();
      const path = `/users/${user.id}`;
      const name = unique();
      const username = { id: uuid(), username: name, created_at: time(), updated_at: time() };
      const named = { given_name: 'Ada', picture: 'https://app.test/a.png' };
      const changed = { ...user, ...named, username, updated_at: time() };
      const given = { ...named, username: name.toUpperCase(), family_name: null, unknown: 1 };
      expect(await ask('PATCH', path, given)).toEqual({ status: 200, body: changed });
      expect(await ask('PATCH', path, {})).toEqual({ status: 200, body: changed });
      expect(await ask('PATCH', path)).toEqual({ status: 200, body: changed });
      const { body: list } = await ask('GET', `/users?user_id=${user.id}`);
      expect(list).toEqual([changed]);
      const { username: _username, picture: _picture, ...cleared } = changed;
      expect(await ask('PATCH', path, { username: null, picture: null })).toEqual({
        status: 200,
        body: cleared,
      });
    });

    it('400, 404, 409, 415', async () => {
      const taken = unique();
      await hanko.createUser({ username: taken });
      const { id } = await hanko.createUserWithEmail();
      for (const body of [
        '{',
        '[]',
        { name: 1 },
        { name: '' },
        { name: '  ' },
        { username: '' },
        { username: 'a b' },
        { picture: 'x' },
        { picture: 'ftp://app.test/x' },
      ]) {
        expect(await ask('PATCH', `/users/${id}`, body)).toEqual(problem(400));
      }
      expect(await ask('PATCH', `/users/${id}`, { username: taken })).toEqual(problem(409));
      expect(await ask('PATCH', `/users/${id}`, {}, 'text/plain')).toEqual(problem(415));
      expect(await ask('PATCH', '/users/x', {})).toEqual(problem(400));
      expect(await ask('PATCH', `/users/${UNKNOWN_ID}`, {})).toEqual(problem(404));
    });
  });

  describe('/users/:id/metadata', () => {
    it('is merged, kind by kind', async () => {
      const user = await hanko.createUserWithEmail();
      const path = `/users/${user.id}/metadata`;
      const patch = (body: unknown) => ask('PATCH', path, body);
      expect(await ask('GET', path)).toEqual(DELETED);
      expect(await patch({})).toEqual(DELETED);
      const first = { public_metadata: { a: { b: 1, c: [1, null] } }, private_metadata: { x: 1 } };
      expect(await patch({ ...first, other: 1 })).toEqual({ status: 200, body: first });
      expect(await patch({ public_metadata: { a: { b: null, d: { e: null } } } })).toEqual({
        status: 200,
        body: { public_metadata: { a: { c: [1, null], d: {} } }, private_metadata: { x: 1 } },
      });
      expect(await patch({ public_metadata: {}, private_metadata: null })).toEqual({
        status: 200,
        body: { public_metadata: { a: { c: [1, null], d: {} } } },
      });
      const { body: shown } = await ask('GET', `/users/${user.id}`);
      expect(shown).toMatchObject({ metadata: { public_metadata: { a: { c: [1, null] } } } });
      expect(await patch('null')).toEqual(DELETED);
      expect(await ask('GET', path)).toEqual(DELETED);
    });

    it('400 for another form or more than 3,000 characters, and then nothing has changed', async () => {
      const { id } = await hanko.createUserWithEmail();
      const path = `/users/${id}/metadata`;
      for (const body of [
        '{',
        '[]',
        '1',
        { public_metadata: 'x' },
        { unsafe_metadata: [] },
        { public_metadata: { a: 1 }, unsafe_metadata: { x: 'y'.repeat(3000) } },
      ]) {
        expect(await ask('PATCH', path, body)).toEqual(problem(400));
      }
      expect(await ask('PATCH', path, {}, 'text/plain')).toEqual(problem(400));
      expect(await ask('GET', path)).toEqual(DELETED);
      for (const method of ['GET', 'PATCH']) {
        const body = method === 'PATCH' ? {} : undefined;
        expect(await ask(method, '/users/x/metadata', body)).toEqual(problem(400));
        expect(await ask(method, `/users/${UNKNOWN_ID}/metadata`, body)).toEqual(problem(404));
      }
    });
  });
}
