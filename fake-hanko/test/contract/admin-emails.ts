import { describe, expect, it } from 'vitest';
import { adminAsker, DELETED } from './asking.js';
import {
  type AdminUser,
  type HankoClient,
  problem,
  time,
  unique,
  UNKNOWN_ID,
  uuid,
} from './client.js';

const VERSION_1 = 'c232ab00-9414-11ec-b3c8-9f6bdeced846';

/** The addresses of a user (docs/hanko.md, The Admin API). */
export function adminEmails(hanko: HankoClient): void {
  const ask = adminAsker(hanko);
  const address = (): string => `${unique()}@example.test`;
  const shown = (of: string, is_primary: boolean, is_verified: boolean) => ({
    id: uuid(),
    address: of,
    is_primary,
    is_verified,
    created_at: time(),
    updated_at: time(),
  });
  const add = async ({ id }: AdminUser, body: object): Promise<string> => {
    const answer = await ask('POST', `/users/${id}/emails`, body);
    expect(answer.status).toBe(201);
    return (answer.body as { id: string }).id;
  };

  describe('/users/:id/emails', () => {
    it('POST: 201, in lower case, and is_primary counts for nothing', async () => {
      const user = await hanko.createUserWithEmail();
      const second = address();
      const body = { address: second.toUpperCase(), is_verified: true, is_primary: true };
      expect(await ask('POST', `/users/${user.id}/emails`, body)).toEqual({
        status: 201,
        body: shown(second, false, true),
      });
      expect(await ask('GET', `/users/${user.id}/emails`)).toEqual({
        status: 200,
        body: [shown(user.emails?.[0]?.address ?? '', true, true), shown(second, false, true)],
      });
    });

    it('the first address becomes the primary one, and the answer says that it is not', async () => {
      const user = await hanko.createUser({ username: unique() });
      const first = address();
      expect(await ask('POST', `/users/${user.id}/emails`, { address: first })).toEqual({
        status: 201,
        body: shown(first, false, false),
      });
      const { body } = await ask('GET', `/users/${user.id}/emails`);
      expect(body).toEqual([shown(first, true, false)]);
    });

    it('GET: none for a user that is not there', async () => {
      expect(await ask('GET', `/users/${UNKNOWN_ID}/emails`)).toEqual({ status: 200, body: [] });
    });

    it('POST: 400 for what is no address or is taken, 404, and 409 beyond the fifth', async () => {
      const user = await hanko.createUser({ username: unique() });
      const other = await hanko.createUserWithEmail();
      const path = `/users/${user.id}/emails`;
      for (const body of [
        undefined,
        '{',
        {},
        { address: '' },
        { address: 'nope' },
        { address: 1 },
        { address: other.emails?.[0]?.address.toUpperCase() },
        { address: address(), is_verified: 'true' },
      ]) {
        expect(await ask('POST', path, body)).toEqual(problem(400));
      }
      // Wrapped: a body of another type is 400 here, and says 415.
      const wrongType = await ask('POST', path, { address: address() }, 'text/plain');
      expect(wrongType).toEqual(problem(400));
      expect(wrongType.body).toMatchObject({ message: 'code=415, message=Unsupported Media Type' });
      expect(await ask('POST', `/users/${UNKNOWN_ID}/emails`, { address: address() })).toEqual(
        problem(404),
      );
      for (let i = 0; i < 5; i++) await add(user, { address: address() });
      expect(await ask('POST', path, { address: address() })).toEqual(problem(409));
    });

    it('a body can name another user than the path does', async () => {
      const [user, other] = [await hanko.createUserWithEmail(), await hanko.createUserWithEmail()];
      const body = { address: address(), userid: other.id };
      expect(await ask('POST', `/users/${user.id}/emails`, body)).toMatchObject({ status: 201 });
      const { body: emails } = await ask('GET', `/users/${other.id}/emails`);
      expect(emails).toHaveLength(2);
    });
  });

  describe('/users/:id/emails/:email_id', () => {
    it('GET, set_primary, DELETE', async () => {
      const user = await hanko.createUserWithEmail();
      const first = user.emails?.[0]?.id ?? '';
      const second = address();
      const id = await add(user, { address: second });
      const path = `/users/${user.id}/emails/${id}`;
      expect(await ask('GET', path)).toEqual({ status: 200, body: shown(second, false, false) });
      expect(await ask('POST', `${path}/set_primary`)).toEqual(DELETED);
      expect(await ask('POST', `${path}/set_primary`)).toEqual(DELETED);
      expect(await ask('GET', path)).toEqual({ status: 200, body: shown(second, true, false) });
      expect(await ask('DELETE', path)).toEqual(problem(409));
      expect(await ask('DELETE', `/users/${user.id}/emails/${first}`)).toEqual(DELETED);
      expect(await ask('DELETE', `/users/${user.id}/emails/${first}`)).toEqual(problem(404));
      const token = await hanko.createSession(user);
      const { body } = await hanko.validate(token);
      expect(body).toMatchObject({ claims: { email: { address: second } } });
    });

    it('400 for what is no id, 404 for an unknown one or that of another user', async () => {
      const user = await hanko.createUserWithEmail();
      const other = await hanko.createUserWithEmail();
      const emailId = other.emails?.[0]?.id ?? '';
      for (const [method, after] of [
        ['GET', ''],
        ['DELETE', ''],
        ['POST', '/set_primary'],
      ] as const) {
        for (const path of [
          `/users/x/emails/${UNKNOWN_ID}`,
          `/users/${user.id}/emails/x`,
          `/users/${user.id}/emails/${VERSION_1}`,
        ]) {
          expect(await ask(method, path + after)).toEqual(problem(400));
        }
        for (const path of [
          `/users/${UNKNOWN_ID}/emails/${UNKNOWN_ID}`,
          `/users/${user.id}/emails/${emailId}`,
        ]) {
          expect(await ask(method, path + after)).toEqual(problem(404));
        }
      }
    });
  });
}
