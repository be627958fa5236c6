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
import { expectVisible } from './visitor.js';

const PASSWORD = 'difference engine';
const SECRET = 'JBSWY3DPEHPK3PXP';

let count = 0;
/** A user of its own for each case. */
let email: string;

useVisitors();
useSampleOnHanko(() => ({
  hanko: {
    config: {
      account: { allow_deletion: true },
      mfa: { acquire_on_registration: false },
      passkey: { enabled: false },
      session: { cookie: { retention: 'prompt' } },
      third_party: { providers: { google: { enabled: true } } },
    },
  },
}));
beforeEach(() => {
  email = `person${(count += 1)}@example.test`;
});

describe.each(FRONT_ENDS)('with a third party, %s', (name) => {
  beforeEach(async () => {
    hanko.createUser({ email, password: PASSWORD });
    await visitor.open(`${sample.url}/${name}`);
    await visitor.button('Continue with Google').click();
    await expectVisible(visitor.page.getByRole('heading', { name: 'Sign in with Google' }));
  });

  test('a user of FakeHanko is chosen, by keyboard, and greeted', async () => {
    expect(await visitor.violations()).toEqual([]);
    await visitor.tabTo(visitor.button(`Continue as ${email}`));
    await visitor.page.keyboard.press('Enter');
    await expectVisible(visitor.greeting(email));
    await signedInBy('ext:google');
    expect(new URL(visitor.page.url()).search).toBe('');
  });

  test('somebody else, whose address is not verified, proves it', async () => {
    const other = `other-${email}`;
    await visitor.page.getByLabel('has verified the address').uncheck();
    await visitor.enter('Email', other);
    await expectVisible(visitor.page.getByRole('heading', { name: 'Enter passcode' }));
    await visitor.enterCode(String(hanko.passcode(other)));
    await expectVisible(visitor.greeting(other));
    await signedInBy('ext:google');
  });

  test('who cancels is back at the sign-in, and told', async () => {
    await visitor.button('Cancel').click();
    await expectVisible(
      visitor.page.getByText('Access denied. The request was cancelled by the user'),
    );
    await visitor.signIn(email, PASSWORD);
    await expectVisible(visitor.greeting(email));
  });
});

describe('in the components', () => {
  beforeEach(() => visitor.open(`${sample.url}/react`));

  test('a forgotten password is recovered', async () => {
    hanko.createUser({ email, password: PASSWORD });
    await visitor.enter('Email', email);
    await visitor.button('Password').click();
    await visitor.page.getByText('Forgot your password?').click();
    await expectVisible(visitor.page.getByRole('heading', { name: 'Enter passcode' }));
    await visitor.enterCode(String(hanko.passcode(email)));
    await visitor.enter('New password', 'analytical engine');
    await expectVisible(visitor.greeting(email));
    await signedInBy('pwd');
  });

  test('"remember me" keeps the cookie when the browser ends', async () => {
    hanko.createUser({ email, password: PASSWORD });
    const ticked = visitor.page.waitForResponse(/remember_me/);
    await visitor.page.getByText('Stay signed in').click();
    await ticked;
    await visitor.signIn(email, PASSWORD);
    await expectVisible(visitor.greeting(email));
    const [cookie] = (await visitor.cookies()).filter(({ name }) => name === 'hanko');
    expect(cookie?.expires).toBeGreaterThan(Date.now() / 1000);
  });

  test('a trusted device skips the second factor, and a route that wants one says so', async () => {
    hanko.createUser({ email, password: PASSWORD, totpSecret: SECRET });
    await visitor.signIn(email, PASSWORD);
    await visitor.enterCode(hanko.totp(email));
    await visitor.button('Trust this browser').click();
    await expectVisible(visitor.greeting(email));
    await signedInBy('pwd, totp');
    expect((await visitor.call('Second factor')).status).toBe('/account/billing → 200');
    await visitor.button('Sign out').click();
    await expectVisible(visitor.notice('You are signed out.'));
    await visitor.page.reload();
    await visitor.formSettles(1);
    await visitor.signIn(email, PASSWORD);
    await expectVisible(visitor.greeting(email));
    await signedInBy('pwd');
    await visitor.stepUp('Second factor', 2);
    await visitor.signIn(email, PASSWORD);
    await expectVisible(visitor.notice('You have signed in again, and still without'));
  });

  test('an account is deleted on the profile', async () => {
    const { id } = hanko.createUser({ email, password: PASSWORD });
    await visitor.signIn(email, PASSWORD);
    await expectVisible(visitor.greeting(email));
    const profile = visitor.page.locator('hanko-profile');
    await profile.getByText('Delete account').first().click();
    await profile.getByRole('checkbox').check();
    await profile.getByRole('button', { name: 'Delete', exact: true }).click();
    await expect.poll(() => hanko.sessions(id)).toEqual([]);
    await expect
      .poll(async () => (await visitor.cookies()).filter(({ name }) => name === 'hanko'))
      .toEqual([]);
  });
});
