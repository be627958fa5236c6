import { beforeEach, describe, expect, it } from 'vitest';
import type { AdminUser, HankoClient } from './client.js';
import { type Lies, SoftwareKey } from '../support/authenticator.js';
import { FlowClient } from '../support/flow-client.js';
import { decodeJws } from '../support/raw-http.js';

/** The only page that an unconfigured Hanko takes passkeys from. */
const PAGE = 'http://localhost:8888';
const PASSWORD = 'difference engine';

/** Passkeys and security keys in the Flow API (docs/hanko.md). */
export function passkeys(hanko: HankoClient): void {
  describe('passkeys and security keys', () => {
    let user: AdminUser;
    let key: SoftwareKey;
    let browser: FlowClient;

    beforeEach(async () => {
      user = await hanko.createUserWithEmail();
      key = new SoftwareKey(PAGE);
      browser = new FlowClient(hanko.url);
      browser.token = await hanko.createSession(user);
    });

    const amr = (): unknown => decodeJws(browser.token ?? '').claims.amr;

    it('one that is made on the profile signs in, by autofill and by button', async () => {
      expect(await browser.addKey(key, 'passkey')).toBe('profile_init');
      await browser.start('login', true);
      expect(await browser.sign(key)).toBe('success');
      expect(amr()).toEqual(['passkey']);
      await browser.start('login', true);
      expect(await browser.act('webauthn_generate_request_options')).toBe('login_passkey');
      expect(await browser.sign(key)).toBe('success');
      expect(browser.body.payload.user).toMatchObject({ id: user.id, passkeys: [{ id: key.id }] });
    });

    it.each<[string, Lies]>([
      ['another challenge', { challenge: 'A'.repeat(43) }],
      ['another page', { origin: 'http://localhost.evil.example' }],
      ['another relying party', { rpId: 'evil.example' }],
      ['another key', { signer: new SoftwareKey(PAGE) }],
      ['nobody present', { isPresent: false }],
      ['a counter that has been there', { count: 1 }],
      ['somebody else', { userHandle: Buffer.alloc(16, 7).toString('base64url') }],
    ])('%s: 401 passkey_invalid, and the truth is good afterwards', async (_name, lie) => {
      await browser.addKey(key, 'passkey');
      await browser.start('login', true);
      expect(await browser.sign(key, lie)).toBe('login_init');
      expect([browser.answer.status, browser.errors]).toEqual([401, ['passkey_invalid']]);
      expect(await browser.sign(key)).toBe('success');
    });

    it('a security key is the second factor, and no first one', async () => {
      await hanko.admin('POST', `/users/${user.id}/password`, { body: { password: PASSWORD } });
      expect(await browser.addKey(key, 'security key')).toBe('profile_init');
      await browser.start('login', true);
      expect(await browser.sign(key)).toBe('login_init');
      expect(browser.errors).toEqual(['webauthn_credential_invalid_mfa_only']);
      await browser.act('continue_with_login_identifier', { email: user.emails?.[0]?.address });
      await browser.act('continue_to_password_login');
      expect(await browser.act('password_login', { password: PASSWORD })).toBe(
        'login_security_key',
      );
      await browser.act('webauthn_generate_request_options');
      await browser.sign(key, { userHandle: undefined, isVerified: false });
      expect(await browser.skipAll()).toBe('success');
      expect(amr()).toEqual(['pwd', 'security_key']);
    });

    it('one that is deleted is none', async () => {
      await browser.addKey(key, 'passkey');
      await browser.act('webauthn_credential_delete', { passkey_id: key.id });
      expect(browser.state).toBe('profile_init');
      expect(browser.body.payload.user).not.toHaveProperty('passkeys');
      await browser.start('login', true);
      await browser.sign(key);
      expect(browser.errors).toEqual(['passkey_invalid']);
    });
  });
}
