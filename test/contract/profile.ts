import { Test, type TestingModule } from '@nestjs/testing';
import { HankoAuthService, HankoModule, HankoProfile } from 'nestjs-hanko';
import { HankoAdmin, HankoAdminModule } from 'nestjs-hanko/admin';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HankoClient, sessionIdOf, unique } from '../../fake-hanko/test/contract/client.js';
import { adminOf, newUser, signedIn } from './admin-of.js';

const date = (): unknown => expect.any(Date);
const revoked = { name: 'HankoTokenError', code: 'session_revoked' };

/** What users can do by their own token, and what an app that has HankoAdmin, too, knows of sessions at once. */
export function profile(hanko: HankoClient): void {
  const admin = adminOf(hanko);

  describe('HankoProfile', () => {
    let app: TestingModule;
    let own: HankoProfile;
    beforeAll(async () => {
      app = await Test.createTestingModule({
        imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: null })],
      }).compile();
      own = app.get(HankoProfile);
    });
    afterAll(() => app.close());

    it('shows all that there is, as it is now and not as it was at login', async () => {
      const user = await newUser(hanko, admin());
      const { id: userId } = user;
      const token = await admin().sessions.create({ userId });
      const plain = {
        id: userId,
        emails: user.emails.map(({ createdAt: _c, updatedAt: _u, ...email }) => email),
        passkeys: [],
        securityKeys: [],
        identities: [],
        hasAuthenticatorApp: false,
        publicMetadata: {},
        unsafeMetadata: {},
        createdAt: user.createdAt,
        updatedAt: date(),
      };
      expect(await own.get(token)).toEqual(plain);

      const { key, browser } = await signedIn(hanko, token);
      const username = unique();
      const names = { name: 'Ada Lovelace', givenName: 'Ada', familyName: 'Lovelace' };
      const picture = 'https://app.test/ada.png';
      await admin().users.update(userId, { username, ...names, picture });
      await admin().metadata.update(userId, {
        publicMetadata: { role: 'admin' },
        privateMetadata: { note: 'not for the user' },
        unsafeMetadata: { theme: 'dark' },
      });
      expect(browser.token).toBe(token);
      expect(await own.get(token)).toEqual({
        ...plain,
        username,
        ...names,
        picture,
        passkeys: [{ id: key.id, createdAt: date(), lastUsedAt: date() }],
        hasAuthenticatorApp: true,
        publicMetadata: { role: 'admin' },
        unsafeMetadata: { theme: 'dark' },
      });
    });

    it('says that a session has ended, by whatever ended it', async () => {
      const user = await newUser(hanko, admin());
      const create = () => admin().sessions.create({ userId: user.id });
      const [byUser, byAdmin, byDeletion] = [await create(), await create(), await create()];

      await own.logout(byUser);
      expect(await hanko.isAlive(byUser)).toBe(false);
      await expect(own.get(byUser)).rejects.toMatchObject(revoked);
      await own.logout(byUser);

      const [, session] = await admin().sessions.list(user.id);
      await admin().sessions.revoke(user.id, session?.id ?? '');
      await expect(own.get(byAdmin)).rejects.toMatchObject(revoked);
      expect(await own.get(byDeletion)).toMatchObject({ id: user.id });
      await admin().users.delete(user.id);
      await expect(own.get(byDeletion)).rejects.toMatchObject(revoked);
      await own.logout(byDeletion);
    });
  });
  describe('HankoAdmin beside HankoModule', () => {
    let app: TestingModule;
    let own: HankoAdmin;
    beforeAll(async () => {
      app = await Test.createTestingModule({
        imports: [
          HankoModule.forRoot({ apiUrl: hanko.url, audience: null }),
          HankoAdminModule.forRoot({ url: hanko.adminUrl }),
        ],
      }).compile();
      own = app.get(HankoAdmin);
    });
    afterAll(() => app.close());

    const verify = (token: string) => app.get(HankoAuthService).verifyToken(token);
    const ways: Readonly<Record<string, (userId: string, sessionId: string) => Promise<unknown>>> =
      {
        'sessions.revoke': (userId, sessionId) => own.sessions.revoke(userId, sessionId),
        'sessions.revokeAll': (userId) => own.sessions.revokeAll(userId),
        'users.revokeSessions': (userId) => own.users.revokeSessions(userId),
        'users.delete': (userId) => own.users.delete(userId),
        'passwords.update': (userId) => own.passwords.update(userId, 'analytical engine'),
        'passwords.delete': (userId) => own.passwords.delete(userId),
        'sessions.create, beyond the limit': async (userId) => {
          for (let n = 0; n < 5; n += 1) await own.sessions.create({ userId });
        },
      };

    it.each(Object.keys(ways))('%s: the token is refused at once', async (name) => {
      const { id: userId } = await newUser(hanko, own);
      await own.passwords.create(userId, 'difference engine');
      const token = await own.sessions.create({ userId });
      expect(await verify(token)).toMatchObject({ id: userId });
      await ways[name]?.(userId, sessionIdOf(token));
      await expect(verify(token)).rejects.toMatchObject(revoked);
      expect(await hanko.isAlive(token)).toBe(false);
    });

    it("does not refuse another user's token", async () => {
      const user = await newUser(hanko, own);
      const other = await newUser(hanko, own);
      const token = await own.sessions.create({ userId: other.id });
      await own.sessions.revoke(user.id, sessionIdOf(token));
      expect(await verify(token)).toMatchObject({ id: other.id });
      await own.sessions.revoke(other.id.toUpperCase(), sessionIdOf(token).toUpperCase());
      await expect(verify(token)).rejects.toMatchObject(revoked);
    });
  });
}
