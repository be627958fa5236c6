import { describe, expect, it } from 'vitest';
import {
  type HankoClient,
  sessionIdOf,
  UNKNOWN_ID,
} from '../../fake-hanko/test/contract/client.js';
import { adminOf, newUser, refusal } from './admin-of.js';

const date = (): unknown => expect.any(Date);
const notFound = refusal('not_found', 404);
const NONE = { publicMetadata: {}, privateMetadata: {}, unsafeMetadata: {} };

/** Sessions and metadata by the client. */
export function adminSessions(hanko: HankoClient): void {
  const admin = adminOf(hanko);

  describe('admin.sessions', () => {
    it('begins one whose token is valid, and lists it', async () => {
      const { id: userId } = await newUser(hanko, admin());
      const first = await admin().sessions.create({ userId: userId.toUpperCase() });
      const second = await admin().sessions.create({
        userId,
        userAgent: 'Contract/1.0',
        ipAddress: '2001:db8::1',
      });
      const times = { createdAt: date(), updatedAt: date(), expiresAt: date(), lastUsedAt: date() };
      expect(await admin().sessions.list(userId)).toEqual([
        {
          id: sessionIdOf(second),
          userId,
          userAgent: 'Contract/1.0',
          ipAddress: '2001:db8::1',
          ...times,
        },
        { id: sessionIdOf(first), userId, ...times },
      ]);
      expect(await hanko.isAlive(first)).toBe(true);
    });

    it('ends the oldest beyond the limit', async () => {
      const { id: userId } = await newUser(hanko, admin());
      const tokens: string[] = [];
      for (let n = 0; n < 6; n += 1) tokens.push(await admin().sessions.create({ userId }));
      const ids = (await admin().sessions.list(userId)).map(({ id }) => id);
      expect(ids.toSorted()).toEqual(tokens.slice(1).map(sessionIdOf).toSorted());
      expect(await hanko.isAlive(tokens[0] ?? '')).toBe(false);
    });

    it('ends one, or all', async () => {
      const { id: userId } = await newUser(hanko, admin());
      const [first, second, third] = [
        await admin().sessions.create({ userId }),
        await admin().sessions.create({ userId }),
        await admin().sessions.create({ userId }),
      ];
      await admin().sessions.revoke(userId, sessionIdOf(first));
      expect(await Promise.all([first, second].map((token) => hanko.isAlive(token)))).toEqual([
        false,
        true,
      ]);
      // It is over already.
      await admin().sessions.revoke(userId, sessionIdOf(first));
      expect(await admin().sessions.revokeAll(userId)).toBe(2);
      expect(await hanko.isAlive(third)).toBe(false);
      expect(await admin().sessions.list(userId)).toEqual([]);
      expect(await admin().users.revokeSessions(userId)).toBe(0);
    });

    it("does not end another user's session", async () => {
      const user = await newUser(hanko, admin());
      const other = await newUser(hanko, admin());
      const token = await admin().sessions.create({ userId: other.id });
      await admin().sessions.revoke(user.id, sessionIdOf(token));
      expect(await hanko.isAlive(token)).toBe(true);
    });

    it('refuses what is invalid, and nobody', async () => {
      const { id: userId } = await newUser(hanko, admin());
      await expect(
        admin().sessions.create({ userId, ipAddress: 'not an address' }),
      ).rejects.toMatchObject(refusal('invalid', 400, /ip_address must be a valid ip address/));
      await expect(admin().sessions.create({ userId: UNKNOWN_ID })).rejects.toMatchObject(notFound);
      await expect(admin().sessions.list(UNKNOWN_ID)).rejects.toMatchObject(notFound);
      await expect(admin().users.revokeSessions(UNKNOWN_ID)).rejects.toMatchObject(notFound);
    });
  });

  describe('admin.metadata', () => {
    it('is merged kind by kind: null removes, lists are replaced, what is omitted is kept', async () => {
      const { id: userId } = await newUser(hanko, admin());
      const { metadata } = admin();
      const update = (changes: object) => metadata.update(userId, changes);
      expect(await metadata.get(userId)).toEqual(NONE);
      const first = {
        publicMetadata: { role: 'admin', team: { id: 7, tags: ['a', 'b'] } },
        privateMetadata: { note: '</script>', 'odd name': null },
        unsafeMetadata: { theme: 'dark' },
      };
      // A merge patch cannot store null (RFC 7396).
      const stored = { ...first, privateMetadata: { note: '</script>' } };
      expect(await update(first)).toEqual(stored);
      expect(await metadata.get(userId)).toEqual(stored);
      expect(
        await update({
          publicMetadata: { role: null, team: { tags: ['c'] } },
          unsafeMetadata: null,
        }),
      ).toEqual({
        publicMetadata: { team: { id: 7, tags: ['c'] } },
        privateMetadata: stored.privateMetadata,
        unsafeMetadata: {},
      });
      expect(await metadata.getStored(userId)).toEqual(await metadata.get(userId));
      expect((await admin().users.get(userId)).metadata).toEqual(await metadata.get(userId));
      await metadata.clear(userId);
      expect(await metadata.get(userId)).toEqual(NONE);
      // What is cleared already stays so.
      expect(await update({ publicMetadata: null })).toEqual(NONE);
    });

    it('refuses more than 3,000 characters of a kind, and then nothing has changed', async () => {
      const { id: userId } = await newUser(hanko, admin());
      const { metadata } = admin();
      await expect(
        metadata.update(userId, {
          publicMetadata: { role: 'admin' },
          unsafeMetadata: { text: 'x'.repeat(3_000) },
        }),
      ).rejects.toMatchObject(refusal('invalid', 400, /metadata limit exceeded/));
      // Letters are counted, not bytes; but <, > and & take six, as Hanko writes them.
      await metadata.update(userId, { publicMetadata: { text: '\u{1F600}'.repeat(2_900) } });
      await metadata.clear(userId);
      await expect(
        metadata.update(userId, { publicMetadata: { text: '<'.repeat(600) } }),
      ).rejects.toMatchObject(refusal('invalid', 400, /metadata limit exceeded/));
      expect(await metadata.get(userId)).toEqual(NONE);
    });

    it('is not found of nobody', async () => {
      const { metadata } = admin();
      await expect(metadata.get(UNKNOWN_ID)).rejects.toMatchObject(notFound);
      await expect(metadata.clear(UNKNOWN_ID)).rejects.toMatchObject(notFound);
      await expect(metadata.update(UNKNOWN_ID, { publicMetadata: { a: 1 } })).rejects.toMatchObject(
        notFound,
      );
    });
  });
}
