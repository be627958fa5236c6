import type { HankoAdmin, HankoAdminUser } from 'nestjs-hanko/admin';
import { describe, expect, it } from 'vitest';
import { type HankoClient, unique, UNKNOWN_ID } from '../../fake-hanko/test/contract/client.js';
import { decodeJws } from '../../fake-hanko/test/support/raw-http.js';
import { adminOf, newAddress, newUser, refusal, signedIn } from './admin-of.js';

const PASSWORD = 'difference engine';
const date = (): unknown => expect.any(Date);
const id = (): unknown => expect.stringMatching(/^[0-9a-f-]{36}$/);
const times = { createdAt: date(), updatedAt: date() };
const notFound = refusal('not_found', 404);

/** Addresses, passwords, authenticator apps and passkeys by the client. */
export function adminCredentials(hanko: HankoClient): void {
  const admin = adminOf(hanko);

  describe('admin.emails', () => {
    const emailsOf = (user: HankoAdminUser) => admin().emails.list(user.id);

    it('adds, shows, makes primary and deletes', async () => {
      const user = await newUser(hanko, admin());
      const address = newAddress();
      const added = await admin().emails.create(user.id, { address: address.toUpperCase() });
      expect(added).toEqual({ id: id(), address, isVerified: false, isPrimary: false, ...times });
      expect(await emailsOf(user)).toEqual([user.emails[0], added]);
      await admin().emails.setPrimary(user.id, added.id);
      await admin().emails.setPrimary(user.id, added.id);
      expect(await admin().emails.get(user.id, added.id)).toEqual({ ...added, isPrimary: true });
      const claims = decodeJws(await admin().sessions.create({ userId: user.id })).claims;
      expect(claims).toMatchObject({ email: { address } });

      await expect(admin().emails.delete(user.id, added.id)).rejects.toMatchObject(
        refusal('conflict', 409),
      );
      await admin().emails.delete(user.id, user.emails[0]?.id ?? '');
      expect(await emailsOf(user)).toEqual([{ ...added, isPrimary: true }]);
    });

    it('says that the first address of a user is the primary one', async () => {
      const user = hanko.adopt(await admin().users.create({ username: unique() }));
      const address = newAddress();
      const added = await admin().emails.create(user.id, { address, isVerified: true });
      expect(added).toMatchObject({ address, isPrimary: true, isVerified: true });
      expect(await emailsOf(user)).toEqual([added]);
    });

    it('refuses what is invalid, in use, one too many, or of nobody', async () => {
      const user = await newUser(hanko, admin());
      const add = (address: string) => admin().emails.create(user.id, { address });
      await expect(add('nobody')).rejects.toMatchObject(
        refusal('invalid', 400, /address must be a valid email address/),
      );
      await expect(add(user.emails[0]?.address ?? '')).rejects.toMatchObject(
        refusal('invalid', 400),
      );
      for (let n = 0; n < 4; n += 1) await add(newAddress());
      await expect(add(newAddress())).rejects.toMatchObject(refusal('conflict', 409));

      const nobody = { address: newAddress() };
      await expect(admin().emails.create(UNKNOWN_ID, nobody)).rejects.toMatchObject(notFound);
      expect(await admin().emails.list(UNKNOWN_ID)).toEqual([]);
      for (const call of ['get', 'delete', 'setPrimary'] as const) {
        await expect(admin().emails[call](user.id, UNKNOWN_ID)).rejects.toMatchObject(notFound);
      }
    });
  });

  describe('admin.passwords', () => {
    const call: Readonly<Record<string, (to: HankoAdmin, userId: string) => Promise<unknown>>> = {
      get: (to, userId) => to.passwords.get(userId),
      create: (to, userId) => to.passwords.create(userId, PASSWORD),
      update: (to, userId) => to.passwords.update(userId, PASSWORD),
      delete: (to, userId) => to.passwords.delete(userId),
    };

    it('creates, changes and deletes; whoever knew the old one is signed out', async () => {
      const { id: userId } = await newUser(hanko, admin());
      const signIn = () => admin().sessions.create({ userId });
      const sessions = async () => (await admin().sessions.list(userId)).length;
      for (const name of ['get', 'update', 'delete']) {
        await expect(call[name]?.(admin(), userId)).rejects.toMatchObject(notFound);
      }
      const made = await admin().passwords.create(userId, PASSWORD);
      expect(made).toEqual({ id: id(), ...times });
      await expect(admin().passwords.create(userId, 'x')).rejects.toMatchObject(
        refusal('conflict', 409),
      );

      await signIn();
      await admin().passwords.update(userId, 'analytical engine', { keepSessions: true });
      expect(await sessions()).toBe(1);
      const changed = await admin().passwords.update(userId, 'punched cards');
      expect(changed).toMatchObject({ id: made.id, createdAt: made.createdAt });
      expect(changed.updatedAt.getTime()).toBeGreaterThanOrEqual(made.updatedAt.getTime());
      expect(await sessions()).toBe(0);
      expect(await admin().passwords.get(userId)).toEqual(changed);

      await signIn();
      await admin().passwords.delete(userId);
      expect(await sessions()).toBe(0);
      await expect(admin().passwords.get(userId)).rejects.toMatchObject(notFound);
    });

    it('refuses one that Hanko cannot store', async () => {
      const { id: userId } = await newUser(hanko, admin());
      // Each of these letters takes two bytes.
      await expect(admin().passwords.create(userId, 'ä'.repeat(37))).rejects.toThrow(/72 bytes/);
      expect(await admin().passwords.create(userId, 'ä'.repeat(36))).toEqual({
        id: id(),
        ...times,
      });
      await admin().sessions.create({ userId });
      await expect(admin().passwords.update(userId, 'x'.repeat(73))).rejects.toThrow(/72 bytes/);
      expect(await admin().sessions.list(userId)).toHaveLength(1);
    });

    it.each(Object.keys(call))('%s: not found for nobody', async (name) => {
      await expect(call[name]?.(admin(), UNKNOWN_ID)).rejects.toMatchObject(notFound);
    });
  });

  describe('admin.otp and admin.credentials', () => {
    it('show and remove what a user has set up on the profile', async () => {
      const user = await newUser(hanko, admin());
      const { id: userId } = user;
      const { key } = await signedIn(hanko, await admin().sessions.create({ userId }));
      const otp = await admin().otp.get(userId);
      expect(otp).toEqual({ id: id(), createdAt: date() });
      const credential = await admin().credentials.get(userId, key.id);
      expect(credential).toEqual({
        id: key.id,
        publicKey: expect.any(String) as unknown,
        attestationType: 'packed',
        aaguid: id(),
        createdAt: date(),
        // Hanko sets it when the passkey is made.
        lastUsedAt: date(),
        transports: expect.any(Array) as unknown,
        isBackupEligible: false,
        isBackedUp: false,
        isMfaOnly: false,
      });
      expect(await admin().credentials.list(userId)).toEqual([credential]);
      expect(await admin().users.get(userId)).toMatchObject({ otp, credentials: [credential] });
      const [listed] = await admin()
        .users.list({ ids: [userId] })
        .all();
      expect(listed?.credentials).toEqual([credential]);

      await admin().otp.delete(userId);
      await admin().credentials.delete(userId, key.id);
      expect(await admin().credentials.list(userId)).toEqual([]);
      expect(await admin().users.get(userId)).not.toHaveProperty('otp');
      for (const resource of [admin().otp, admin().credentials]) {
        await expect(resource.get(userId, key.id)).rejects.toMatchObject(notFound);
        await expect(resource.delete(userId, key.id)).rejects.toMatchObject(notFound);
        await expect(resource.get(UNKNOWN_ID, key.id)).rejects.toMatchObject(notFound);
      }
      await expect(admin().credentials.list(UNKNOWN_ID)).rejects.toMatchObject(notFound);
    });
  });
}
