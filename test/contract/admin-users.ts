import type { HankoAdminUser } from 'nestjs-hanko/admin';
import { describe, expect, it } from 'vitest';
import { type HankoClient, unique, UNKNOWN_ID } from '../../fake-hanko/test/contract/client.js';
import { adminOf, newAddress, newUser, refusal } from './admin-of.js';

const date = (): unknown => expect.any(Date);
const id = (): unknown => expect.stringMatching(/^[0-9a-f-]{36}$/);
const times = { createdAt: date(), updatedAt: date() };

/** Users by the client. */
export function adminUsers(hanko: HankoClient): void {
  const admin = adminOf(hanko);
  const withName = async (username: string): Promise<HankoAdminUser> =>
    hanko.adopt(await admin().users.create({ username }));

  describe('admin.users', () => {
    it('creates with all that can be said, and gets the same', async () => {
      const [first, second, username] = [newAddress(), newAddress(), unique()];
      const user = hanko.adopt(
        await admin().users.create({
          id: crypto.randomUUID(),
          emails: [
            { address: first.toUpperCase(), isPrimary: true, isVerified: true },
            { address: second, isPrimary: false, isVerified: false },
          ],
          username,
          createdAt: new Date('2020-01-02T03:04:05.678Z'),
        }),
      );
      expect(user).toEqual({
        id: id(),
        emails: [
          { id: id(), address: first, isPrimary: true, isVerified: true, ...times },
          { id: id(), address: second, isPrimary: false, isVerified: false, ...times },
        ],
        username,
        credentials: [],
        identities: [],
        metadata: { publicMetadata: {}, privateMetadata: {}, unsafeMetadata: {} },
        createdAt: new Date('2020-01-02T03:04:05.678Z'),
        updatedAt: date(),
      });
      expect(await admin().users.get(user.id)).toEqual(user);
      expect(await admin().users.get(user.id.toUpperCase())).toEqual(user);
    });

    it('conflict: id, address (in any case) or user name is taken', async () => {
      const [address, username] = [newAddress(), unique()];
      const emails = [{ address, isPrimary: true, isVerified: true }];
      const user = hanko.adopt(await admin().users.create({ username, emails }));
      for (const taken of [
        { id: user.id, username: unique() },
        { emails },
        { emails: [{ address: address.toUpperCase(), isPrimary: true, isVerified: false }] },
        { username },
      ]) {
        await expect(admin().users.create(taken)).rejects.toMatchObject(
          refusal('conflict', 409, /already exists/),
        );
      }
    });

    it('invalid: with the reason in the words of Hanko', async () => {
      const emails = [{ address: 'nobody', isPrimary: true, isVerified: true }];
      await expect(admin().users.create({ emails })).rejects.toMatchObject(
        refusal('invalid', 400, /^address must be a valid email address$/),
      );
    });

    it('refuses what Hanko cannot store, and takes all that it can', async () => {
      const { id: userId } = await newUser(hanko, admin());
      const longest = '\u{1F600}'.repeat(255);
      expect(await admin().users.update(userId, { name: longest })).toMatchObject({
        name: longest,
      });
      for (const unstorable of [`${longest}x`, 'a\0b']) {
        const emails = [{ address: unstorable, isPrimary: true, isVerified: true }];
        for (const call of [
          () => admin().users.update(userId, { name: unstorable }),
          () => admin().users.create({ username: unstorable }),
          () => admin().users.create({ emails }),
          () => admin().emails.create(userId, { address: unstorable }),
          () => admin().webhooks.create({ callback: unstorable, events: ['user'] }),
        ]) {
          await expect(call()).rejects.toThrow(
            / must be a text that is not empty, with at most 255 characters and no NUL/,
          );
        }
        expect(await admin().users.findByUsername(unstorable)).toBeNull();
        expect(await admin().users.findByEmail(`@${unstorable}`)).toBeNull();
      }
      const nil = '00000000-0000-0000-0000-000000000000';
      await expect(admin().users.create({ id: nil, username: unique() })).rejects.toThrow(/zeros/);
      // As long as a browser's name may be.
      await admin().sessions.create({ userId, userAgent: 'x'.repeat(300) });
      const [session] = await admin().sessions.list(userId);
      expect(session?.userAgent).toBe('x'.repeat(255));
    });

    it('updates: what is omitted is kept, null clears', async () => {
      const user = await newUser(hanko, admin());
      const username = unique();
      const named = await admin().users.update(user.id, {
        username: username.toUpperCase(),
        name: ' Ada Lovelace ',
        givenName: 'Ada',
        familyName: 'Lovelace',
        picture: 'https://app.test/ada.png',
      });
      expect(named).toEqual({
        ...user,
        username,
        name: 'Ada Lovelace',
        givenName: 'Ada',
        familyName: 'Lovelace',
        picture: 'https://app.test/ada.png',
        updatedAt: date(),
      });
      const cleared = await admin().users.update(user.id, {
        username: null,
        name: null,
        givenName: 'Augusta',
        picture: null,
      });
      expect(cleared).toEqual({
        ...user,
        givenName: 'Augusta',
        familyName: 'Lovelace',
        updatedAt: date(),
      });
    });

    it('refuses an update that is invalid or taken, or of nobody', async () => {
      const { username: taken = '' } = await withName(unique());
      const { id: userId } = await newUser(hanko, admin());
      const update = (changes: object) => admin().users.update(userId, changes);
      await expect(update({ username: 'two words' })).rejects.toMatchObject(
        refusal('invalid', 400, /username is invalid/),
      );
      await expect(update({ picture: 'ftp://app.test/x' })).rejects.toMatchObject(
        refusal('invalid', 400, /picture must be/),
      );
      await expect(update({ username: taken })).rejects.toMatchObject(
        refusal('conflict', 409, /username already exists/),
      );
      await expect(admin().users.update(UNKNOWN_ID, { name: 'x' })).rejects.toMatchObject(
        refusal('not_found', 404),
      );
    });

    it('deletes once; nobody is there afterwards', async () => {
      const { id: userId } = await newUser(hanko, admin());
      await admin().users.delete(userId);
      await expect(admin().users.delete(userId)).rejects.toMatchObject(refusal('not_found', 404));
      await expect(admin().users.get(userId)).rejects.toMatchObject(refusal('not_found', 404));
    });
  });

  describe('admin.users.list()', () => {
    const tag = unique();
    const ids: string[] = [];
    const make = async (): Promise<readonly string[]> => {
      for (let n = 0; ids.length < 5; n += 1) {
        // Two addresses of one user match the same filter: the user is listed once.
        const addresses = [`a${n}-${tag}@example.test`, `b${n}-${tag}@example.test`];
        const emails = addresses.map((address, index) => ({
          address,
          isPrimary: index === 0,
          isVerified: true,
        }));
        const createdAt = new Date(Date.UTC(2020, 0, 1 + n));
        ids.push(hanko.adopt(await admin().users.create({ emails, createdAt })).id);
      }
      return ids;
    };

    it('goes through all pages, by filter and order, and counts', async () => {
      const oldestFirst = await make();
      const newestFirst = oldestFirst.toReversed();
      const list = (options: object) =>
        admin().users.list({ emailContains: `-${tag.toUpperCase()}@`, ...options });
      const idsOf = (users: readonly { readonly id: string }[]) => users.map((user) => user.id);

      for (const perPage of [1, 2, 5, 100]) {
        expect(idsOf(await list({ perPage }).all())).toEqual(newestFirst);
      }
      expect(idsOf(await list({ sort: 'asc' }).all())).toEqual(oldestFirst);
      const second = await list({ perPage: 2, sort: 'asc' }).page(2);
      expect({ ...second, items: idsOf(second.items) }).toEqual({
        items: oldestFirst.slice(2, 4),
        page: 2,
        perPage: 2,
        total: 5,
        pages: 3,
      });
      expect(await list({ perPage: 2 }).page(4)).toMatchObject({ items: [], total: 5, pages: 3 });
      const two = [oldestFirst[0] ?? '', oldestFirst[3]?.toUpperCase() ?? ''];
      expect(idsOf(await admin().users.list({ ids: two, sort: 'asc' }).all())).toEqual([
        oldestFirst[0],
        oldestFirst[3],
      ]);
    });

    it('misses nobody of those who were created at the very same time', async () => {
      const of = unique();
      const createdAt = new Date('2019-01-01T00:00:00Z');
      const made: string[] = [];
      for (let n = 0; n < 40; n += 1) {
        const user = await admin().users.create({ username: `${of}_${n}`, createdAt });
        made.push(hanko.adopt(user).id);
      }
      for (const perPage of [3, 7, 20]) {
        const walked = await admin().users.list({ usernameContains: of, perPage }).all();
        expect(walked.map((user) => user.id).toSorted()).toEqual(made.toSorted());
      }
    });

    it('shows a user as `get()` does, without metadata, password and identities', async () => {
      const { id: userId } = await newUser(hanko, admin());
      const names = { username: unique(), name: 'Ada', givenName: 'A', familyName: 'L' };
      const picture = 'https://app.test/ada.png';
      const user = await admin().users.update(userId, { ...names, picture });
      expect(user).toMatchObject({ ...names, picture });
      await admin().metadata.update(user.id, { publicMetadata: { role: 'admin' } });
      await admin().passwords.create(user.id, 'difference engine');
      const [listed] = await admin()
        .users.list({ ids: [user.id] })
        .all();
      const { identities: _identities, metadata: _metadata, ...rest } = user;
      expect(listed).toEqual({ ...rest, updatedAt: date() });
      expect(await admin().users.get(user.id)).toEqual({
        ...user,
        metadata: { ...user.metadata, publicMetadata: { role: 'admin' } },
        password: { id: id(), ...times },
        updatedAt: date(),
      });
    });

    it('omits who has neither an address nor a user name', async () => {
      const user = await withName(unique());
      await admin().users.update(user.id, { username: null });
      expect(
        await admin()
          .users.list({ ids: [user.id] })
          .all(),
      ).toEqual([]);
      expect(await admin().users.get(user.id)).not.toHaveProperty('username');
    });

    it('takes %, _ and \\ in a filter for what they are', async () => {
      const name = unique();
      const user = await withName(`${name}_x%y\\z`);
      const found = async (usernameContains: string) =>
        (await admin().users.list({ usernameContains }).all()).map((one) => one.id);
      for (const part of [`${name}_`, '_x%y\\z', '%y\\z', '\\z', `${name}_x%y\\z`]) {
        expect(await found(part)).toContain(user.id);
      }
      for (const part of [`${name}%z`, `${name}\\_x`, `${name.slice(0, -1)}__x`]) {
        expect(await found(part)).toEqual([]);
      }
    });
  });

  describe('admin.users.findByEmail() and findByUsername()', () => {
    it('find exactly who has this address, in any case, among those whose address has it in it', async () => {
      const tag = unique();
      const address = `a+b_c-${tag}@example.test`;
      const emails = (of: string) => [{ address: of, isPrimary: true, isVerified: true }];
      const wanted = hanko.adopt(await admin().users.create({ emails: emails(address) }));
      for (const other of [`x${address}`, `${address}.example`, address.replace('_', 'x')]) {
        hanko.adopt(await admin().users.create({ emails: emails(other) }));
      }
      expect(await admin().users.findByEmail(address)).toEqual(wanted);
      expect(await admin().users.findByEmail(` ${address.toUpperCase()} `)).toEqual(wanted);
      for (const part of [address.slice(1), '%', '_', `%${tag}%`, tag]) {
        expect(await admin().users.findByEmail(part)).toBeNull();
      }
    });

    it('find exactly who has this user name, in any case, among those whose name has it in it', async () => {
      const name = `a_b${unique()}`;
      const wanted = await withName(name);
      for (const other of [`x${name}`, `${name}x`, name.replace('_', 'x')]) await withName(other);
      expect(await admin().users.findByUsername(name)).toEqual(wanted);
      expect(await admin().users.findByUsername(name.toUpperCase())).toEqual(wanted);
      for (const part of [name.slice(1), '%', '_', `${name.slice(0, -1)}_`]) {
        expect(await admin().users.findByUsername(part)).toBeNull();
      }
    });
  });
}
