import { beforeEach, describe, expect, test } from 'vitest';
import {
  FRONT_ENDS,
  hanko,
  sample,
  signedInBy,
  useSampleOnHanko,
  useVisitors,
  visitor,
} from './sample-on-hanko.js';
import { VirtualAuthenticator, WITHOUT_AUTOFILL } from './virtual-authenticator.js';
import { expectVisible } from './visitor.js';

const PASSWORD = 'difference engine';

let count = 0;
/** A user of its own for each case. */
let email: string;

useVisitors();
useSampleOnHanko(() => ({ hanko: {} }));
beforeEach(() => {
  email = `user${(count += 1)}@example.test`;
});

/** Somebody who is signed in, with an authenticator. */
async function arrive(name: string, transport: 'internal' | 'usb') {
  hanko.createUser({ email, password: PASSWORD });
  await visitor.page.addInitScript(WITHOUT_AUTOFILL);
  const authenticator = await VirtualAuthenticator.plugInto(visitor.page, transport);
  await visitor.arrive(`${sample.url}/${name}`, await hanko.token({ email }), 'cookie');
  return authenticator;
}

/** Presses Delete below this heading of the profile, and says yes. */
async function deleteShown(heading: string): Promise<void> {
  const profile = visitor.page.locator('hanko-profile');
  const paragraph = profile.locator('[part~="paragraph"]', { hasText: heading });
  await paragraph.getByText('Delete', { exact: true }).click();
  await profile.getByText('yes', { exact: true }).click();
}

describe.each(FRONT_ENDS)('%s', (name) => {
  test('registers with a passkey, and signs in with it by its button', async () => {
    const { page } = visitor;
    await page.addInitScript(WITHOUT_AUTOFILL);
    const authenticator = await VirtualAuthenticator.plugInto(page, 'internal');
    await visitor.open(`${sample.url}/${name}`);
    await visitor.register(email, PASSWORD, async () => String(hanko.passcode(email)));
    await visitor.button('Skip').click();
    await visitor.button('Create a passkey').click();
    await expectVisible(visitor.greeting(email));
    await signedInBy('otp, pwd, passkey');
    expect(await authenticator.passkeys()).toBe(1);
    await visitor.button('Sign out').click();
    await expectVisible(visitor.notice('You are signed out.'));
    // The components tell of one new session a second.
    await page.reload();
    await visitor.formSettles(1);
    await visitor.button('Sign in with a passkey').click();
    await expectVisible(visitor.greeting(email));
    await signedInBy('passkey');
  });

  test('signs in by autofill, without a click', async () => {
    const { page } = visitor;
    hanko.createUser({ email });
    const authenticator = await VirtualAuthenticator.plugInto(page, 'internal');
    await authenticator.add(hanko.addPasskey(email));
    await page.goto(`${sample.url}/${name}`);
    await expectVisible(visitor.greeting(email));
    await signedInBy('passkey');
  });

  test('adds a passkey on the profile, names it, and deletes it', async () => {
    const { page } = visitor;
    const authenticator = await arrive(name, 'internal');
    const profile = page.locator('hanko-profile');
    await profile.getByText('Create a passkey').first().click();
    await visitor.button('Create a passkey').click();
    await profile.getByText(/^Passkey-/).click();
    expect(await authenticator.passkeys()).toBe(1);
    await profile.getByText('Rename', { exact: true }).click();
    await visitor.enter('New passkey name', 'Laptop');
    await profile.getByText('Laptop').click();
    expect(await visitor.violations()).toEqual([]);
    await deleteShown('Delete passkey');
    await profile.getByText('Laptop').waitFor({ state: 'detached' });
  });

  test('a security key is named, is the second factor, and is deleted', async () => {
    const { page } = visitor;
    await arrive(name, 'usb');
    const profile = page.locator('hanko-profile');
    await profile.getByText('Add a security key').first().click();
    await visitor.button('Add a security key').click();
    await profile.getByText(/^SecurityKey-/).click();
    await profile.getByText('Rename', { exact: true }).click();
    await visitor.enter('New security key name', 'Key ring');
    await expectVisible(profile.getByText('Key ring'));
    await visitor.button('Sign out').click();
    await visitor.formSettles(1);
    await visitor.signIn(email, PASSWORD);
    await visitor.button('Use security key').click();
    await visitor.button('Skip').click();
    await visitor.button('Skip').click();
    await expectVisible(visitor.greeting(email));
    await signedInBy('pwd, security_key');
    expect((await visitor.call('Second factor')).status).toBe('/account/billing → 200');
    await profile.getByText('Key ring').click();
    await deleteShown('Delete security key');
    await profile.getByText('Key ring').waitFor({ state: 'detached' });
  });

  test('a passkey is enough where a second factor is asked for, by keyboard alone', async () => {
    const { page } = visitor;
    const authenticator = await arrive(name, 'internal');
    await authenticator.add(hanko.addPasskey(email));
    await visitor.tabTo(visitor.button('Second factor'));
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Please sign in again' });
    await visitor.formSettles(1);
    const button = dialog.getByRole('button', { name: 'Sign in with a passkey' });
    await visitor.tabTo(button);
    expect(await visitor.violations()).toEqual([]);
    await page.keyboard.press('Enter');
    expect((await visitor.answer('Second factor')).status).toBe('/account/billing → 200');
    await signedInBy('passkey');
  });

  test('whoever has no passkey comes back to the form, and signs in by other means', async () => {
    const { page } = visitor;
    hanko.createUser({ email, password: PASSWORD });
    await page.addInitScript(WITHOUT_AUTOFILL);
    const authenticator = await VirtualAuthenticator.plugInto(page, 'internal');
    await visitor.open(`${sample.url}/${name}`);
    expect(await authenticator.passkeys()).toBe(0);
    await visitor.button('Sign in with a passkey').click();
    await page.locator('html[data-states="3"]').waitFor();
    await visitor.signIn(email, PASSWORD);
    await visitor.button('Skip').click();
    await expectVisible(visitor.greeting(email));
    await signedInBy('pwd');
  });
});

test("Playwright's own authenticator signs in with the passkey that FakeHanko gives a user", async () => {
  hanko.createUser({ email });
  const { page } = visitor;
  const { credentials } = page.context();
  const passkey = hanko.addPasskey(email);
  await credentials.create(passkey.rpId, passkey);
  await credentials.install();
  await page.addInitScript(WITHOUT_AUTOFILL);
  await visitor.open(`${sample.url}/react`);
  await visitor.button('Sign in with a passkey').click();
  await expectVisible(visitor.greeting(email));
  await signedInBy('passkey');
});

test("Playwright's own authenticator makes a passkey on the profile", async () => {
  hanko.createUser({ email });
  const { page } = visitor;
  await page.context().credentials.install();
  await page.addInitScript(WITHOUT_AUTOFILL);
  await visitor.arrive(`${sample.url}/react`, await hanko.token({ email }), 'cookie');
  const profile = page.locator('hanko-profile');
  await profile.getByText('Create a passkey').first().click();
  await visitor.button('Create a passkey').click();
  await expectVisible(profile.getByText(/^Passkey-/));
  expect(await page.context().credentials.get({ rpId: 'localhost' })).toHaveLength(1);
});
