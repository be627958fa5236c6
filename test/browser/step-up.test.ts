import { beforeEach, describe, expect, test } from 'vitest';
import {
  FRONT_ENDS,
  hanko,
  meetVisitor,
  sample,
  type SampleOnHanko,
  useSampleOnHanko,
  useVisitors,
  visitor,
} from './sample-on-hanko.js';
import { expectVisible } from './visitor.js';

const PASSWORD = 'difference engine';
const SECRET = 'JBSWY3DPEHPK3PXP';

/** Of one front end alone: each code of an authenticator app is good once. */
const withApp = (name: string): string => `${name}-with-app@example.test`;
const ADA = 'ada@example.test';
const GRACE = 'grace@example.test';

/** Paths of the API that the page has called. */
let calls: string[];
/** How many login flows it has begun. */
let logins: number;

const setUp = (
  tokenTransport: 'cookie' | 'header',
  environment?: Record<string, string>,
): SampleOnHanko => ({
  hanko: {
    tokenTransport,
    onboarding: 'skipped',
    users: [
      { email: ADA, password: PASSWORD },
      { email: GRACE, password: PASSWORD },
      ...FRONT_ENDS.map((name) => ({
        email: withApp(name),
        password: PASSWORD,
        totpSecret: SECRET,
      })),
    ],
  },
  ...(environment && { environment }),
});

useVisitors();
beforeEach(() => watch());

function watch(): void {
  calls = [];
  logins = 0;
  visitor.page.on('request', (request) => {
    const { pathname, search } = new URL(request.url());
    if (pathname.startsWith('/api/account/')) calls.push(pathname);
    if (pathname === '/login' && search === '') logins += 1;
  });
}

/** Somebody who signed in an hour ago, with a password and nothing else. */
async function arrive(name: string, email: string, mode: 'cookie' | 'header'): Promise<string> {
  const token = await hanko.token({ email, amr: ['pwd'], ageSeconds: 3600 });
  await visitor.arrive(`${sample.url}/${name}`, token, mode);
  return token;
}

const hasFocus = (name: string): Promise<boolean> =>
  visitor.button(name).evaluate((element) => element.matches(':focus'));

describe('cookie mode', () => {
  useSampleOnHanko(() => setUp('cookie'));

  describe.each(FRONT_ENDS)('%s', (name) => {
    test('an old login: asks for a new one, and the call is made without another click', async () => {
      await arrive(name, ADA, 'cookie');
      const dialog = await visitor.stepUp('Recent login');
      await expectVisible(dialog.getByRole('status').getByText('a login within the last minute.'));
      expect(await dialog.getByLabel('Email').inputValue()).toBe(ADA);
      await visitor.signIn(ADA, PASSWORD);
      expect((await visitor.answer('Recent login')).status).toBe('/account/export → 200');
      expect(await dialog.count()).toBe(0);
      expect(await hasFocus('Recent login')).toBe(true);
      expect(calls).toEqual(['/api/account/export', '/api/account/export']);
    });

    // On a device that it trusts Hanko skips the second factor: the same answer, and the same page.
    test('without a second factor: asks once, then explains, and does not loop', async () => {
      await arrive(name, ADA, 'cookie');
      const dialog = await visitor.stepUp('Second factor');
      await expectVisible(dialog.getByText('This needs a second factor or a passkey.'));
      await visitor.signIn(ADA, PASSWORD);
      await expectVisible(visitor.notice('You have signed in again, and still without'));
      expect((await visitor.answer('Second factor')).status).toBe('/account/billing → 401');
      expect(await dialog.count()).toBe(0);
      expect(calls).toEqual(['/api/account/billing', '/api/account/billing']);
      expect(logins).toBe(1);
      await expectVisible(visitor.greeting(ADA));
      expect((await visitor.call('Recent login')).status).toBe('/account/export → 200');
    });

    test('with an authenticator app: its code brings the second factor', async () => {
      const email = withApp(name);
      await arrive(name, email, 'cookie');
      await visitor.stepUp('Second factor');
      await visitor.signIn(email, PASSWORD);
      await visitor.enterCode(hanko.totp(email));
      expect((await visitor.answer('Second factor')).status).toBe('/account/billing → 200');
      await expectVisible(visitor.page.getByText('pwd, totp'));
      expect(calls).toHaveLength(2);
    });

    test('is used by keyboard alone, and Escape changes nothing', async () => {
      const { page } = visitor;
      const token = await arrive(name, ADA, 'cookie');
      await visitor.tabTo(visitor.button('Recent login'));
      await page.keyboard.press('Enter');
      await visitor.formSettles(1);
      const title = page.getByRole('heading', { name: 'Please sign in again' });
      expect(await title.evaluate((element) => element.matches(':focus'))).toBe(true);
      await page.keyboard.press('Escape');
      await expectVisible(visitor.notice('You did not sign in again.'));
      expect(calls).toHaveLength(1);
      expect(await hasFocus('Recent login')).toBe(true);
      expect((await visitor.cookies()).map(({ value }) => value)).toEqual([token]);
      await page.keyboard.press('Enter');
      await visitor.formSettles(2);
      const form = page.getByRole('dialog');
      await visitor.tabTo(form.getByLabel('Email'));
      await page.keyboard.press('Enter');
      await visitor.tabTo(form.getByRole('button', { name: 'Password' }));
      await page.keyboard.press('Enter');
      await visitor.tabTo(form.getByLabel('Password'));
      await visitor.typeInto(form.getByLabel('Password'), PASSWORD);
      await page.keyboard.press('Enter');
      await expectVisible(page.getByText('/account/export → 200'));
      expect(await hasFocus('Recent login')).toBe(true);
    });
  });

  // The rest is sample/shared, whatever the front end.

  test('the new session takes the place of the old one', async () => {
    const email = 'hedy@example.test';
    const { id } = hanko.createUser({ email, password: PASSWORD });
    await arrive('react', email, 'cookie');
    const [old] = hanko.sessions(id);
    await visitor.stepUp('Recent login');
    const ended = visitor.page.waitForResponse(/session_delete/);
    await visitor.signIn(email, PASSWORD);
    await ended;
    expect(hanko.sessions(id)).toHaveLength(1);
    expect(hanko.sessions(id)[0]?.id).not.toBe(old?.id);
  });

  test('what one user began is not done in the name of another', async () => {
    await arrive('vue', ADA, 'cookie');
    await visitor.stepUp('Recent login');
    await visitor.signIn(GRACE, PASSWORD);
    await expectVisible(visitor.notice('maybe not as who you were'));
    await expectVisible(visitor.greeting(GRACE));
    expect(calls).toHaveLength(1);
  });

  test('two calls that are refused together ask once', async () => {
    await arrive('svelte', ADA, 'cookie');
    await visitor.button('Recent login').dblclick();
    await visitor.formSettles(1);
    expect(await visitor.page.getByRole('dialog').count()).toBe(1);
    await visitor.signIn(ADA, PASSWORD);
    expect((await visitor.answer('Recent login')).status).toBe('/account/export → 200');
    expect(await visitor.page.getByRole('dialog').count()).toBe(0);
    expect(calls).toHaveLength(4);
  });

  test.each(['light', 'dark'] as const)('%s: axe finds nothing serious', async (scheme) => {
    await visitor.leave();
    await meetVisitor(scheme);
    watch();
    await arrive('react', ADA, 'cookie');
    await visitor.stepUp('Second factor');
    expect(await visitor.violations()).toEqual([]);
    await visitor.signIn(ADA, PASSWORD);
    await expectVisible(visitor.notice('You have signed in again'));
    expect(await visitor.violations()).toEqual([]);
  });
});

describe('header mode, the API on a port of its own', () => {
  useSampleOnHanko(() => setUp('header', { API_PORT: '0' }));

  test.each(FRONT_ENDS)('%s: the call is repeated with the new token', async (name) => {
    const tokens: (string | undefined)[] = [];
    visitor.page.on('request', (request) => {
      if (request.method() !== 'GET' || !request.url().endsWith('/account/billing')) return;
      tokens.push(request.headers().authorization);
    });
    const email = withApp(name);
    const old = await arrive(name, email, 'header');
    await visitor.stepUp('Second factor');
    await visitor.signIn(email, PASSWORD);
    await visitor.enterCode(hanko.totp(email));
    expect((await visitor.answer('Second factor')).status).toBe('/account/billing → 200');
    expect(tokens).toEqual([`Bearer ${old}`, expect.stringMatching(/^Bearer ey/)]);
    expect(tokens[1]).not.toBe(tokens[0]);
    expect(await visitor.cookies()).toEqual([]);
  });
});
