import { HankoAdmin, type HankoAdminErrorCode, type HankoAdminUser } from 'nestjs-hanko/admin';
import { expect } from 'vitest';
import { totpCode } from '../../fake-hanko/src/store/totp.js';
import { type HankoClient, unique } from '../../fake-hanko/test/contract/client.js';
import { SoftwareKey } from '../../fake-hanko/test/support/authenticator.js';
import { FlowClient } from '../../fake-hanko/test/support/flow-client.js';

/** The only page that a Hanko without configuration takes passkeys from. */
const PAGE = 'http://localhost:8888';

/** A client of the server that the suite runs on; it has an address once that has started. */
export function adminOf(hanko: HankoClient): () => HankoAdmin {
  let admin: HankoAdmin | undefined;
  return () => {
    const { adminUrl: url, managementUrl } = hanko;
    admin ??= new HankoAdmin({ url, ...(managementUrl !== undefined && { managementUrl }) });
    return admin;
  };
}

export const newAddress = (): string => `${unique()}@example.test`;

/** A user with one verified address. */
export async function newUser(hanko: HankoClient, admin: HankoAdmin): Promise<HankoAdminUser> {
  const email = { address: newAddress(), isPrimary: true, isVerified: true };
  return hanko.adopt(await admin.users.create({ emails: [email] }));
}

/** How a call fails, every time. Words are Hanko's own. */
export const refusal = (code: HankoAdminErrorCode, status: number, reason?: RegExp): object => ({
  name: 'HankoAdminError',
  code,
  status,
  requestId: expect.stringMatching(/^\w{8,}$/) as unknown,
  ...(reason !== undefined && { reason: expect.stringMatching(reason) as unknown }),
});

/** Adds an authenticator app and a passkey on the user's own profile. */
export async function signedIn(hanko: HankoClient, token: string) {
  const key = new SoftwareKey(PAGE);
  const browser = new FlowClient(hanko.url);
  browser.token = token;
  await browser.enrolTotp({ totp: (secret) => totpCode(secret, Date.now()) });
  await browser.addKey(key, 'passkey');
  expect(browser.state).toBe('profile_init');
  return { key, browser };
}

/** What a tenant needs to take passkeys of that page. */
export const tenantConfig = () => ({
  cors: { allow_origins: [PAGE] },
  webauthn: { relying_party: { id: 'localhost', origins: [PAGE], display_name: 'Tests' } },
});
