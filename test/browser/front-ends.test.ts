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

const ADA = { email: 'ada@example.test', password: 'difference engine' };
const SIGNED_OUT = 'You are signed out.';
const ENDED = 'Your session has ended. Please sign in again.';

const setUp = (
  tokenTransport: 'cookie' | 'header',
  environment?: Record<string, string>,
): SampleOnHanko => ({
  hanko: { tokenTransport, onboarding: 'skipped', users: [ADA] },
  ...(environment && { environment }),
});

useVisitors();

describe('cookie mode', () => {
  useSampleOnHanko(() => setUp('cookie'));

  describe.each(FRONT_ENDS)('%s', (name) => {
    beforeEach(() => visitor.open(`${sample.url}/${name}`));

    test('registers with the code of a mail, and greets', async () => {
      const email = `${name}@example.test`;
      await visitor.register(email, 'analytical engine', async () => {
        const code = hanko.passcode(email);
        expect(code).toMatch(/^\d{6}$/);
        return String(code);
      });
      await expectVisible(visitor.greeting(email));
    });

    test('refuses a wrong password, takes the right one, and the API knows the user', async () => {
      await visitor.signIn(ADA.email, 'wrong password');
      await expectVisible(visitor.page.getByText('The entered value is invalid.'));
      expect(await visitor.greeting(ADA.email).count()).toBe(0);
      await visitor.enter('Password', ADA.password);
      await expectVisible(visitor.greeting(ADA.email));
      const answer = await visitor.call('Protected');
      expect(answer.status).toBe('/me → 200');
      expect(JSON.parse(answer.body)).toMatchObject({ email: { address: ADA.email } });
      expect(JSON.parse((await visitor.call('Optional')).body)).toEqual({
        message: `Hello ${ADA.email}`,
      });
    });

    test('shows the profile, which lists the session', async () => {
      await visitor.signIn(ADA.email, ADA.password);
      await expectVisible(visitor.page.locator('hanko-profile').getByText('Current session'));
    });

    test('signed out, the public and the optional route answer, the protected one is 401', async () => {
      await visitor.signIn(ADA.email, ADA.password);
      await visitor.button('Sign out').click();
      await expectVisible(visitor.notice(SIGNED_OUT));
      const refused = await visitor.call('Protected');
      expect(refused.status).toBe('/me → 401');
      expect(JSON.parse(refused.body)).toMatchObject({ code: 'credentials_missing' });
      expect((await visitor.call('Optional')).body).toContain('Hello stranger');
      expect((await visitor.call('Public')).status).toBe('/ → 200');
      expect(await visitor.cookies()).toEqual([]);
    });

    test('is still signed in after a reload', async () => {
      await visitor.signIn(ADA.email, ADA.password);
      await expectVisible(visitor.greeting(ADA.email));
      await visitor.page.reload();
      await expectVisible(visitor.greeting(ADA.email));
    });

    test('notices by itself that the session was revoked, and stays signed out', async () => {
      await visitor.signIn(ADA.email, ADA.password);
      await expectVisible(visitor.greeting(ADA.email));
      const answer = await visitor.call('Protected');
      hanko.revoke((JSON.parse(answer.body) as { sessionId: string }).sessionId);
      await expectVisible(visitor.notice(ENDED));
      await expectVisible(visitor.page.getByRole('heading', { name: 'Sign in' }));
      // The cookie is still there; nobody takes it for a session.
      await visitor.open(`${sample.url}/${name}`);
      expect(await visitor.greeting(ADA.email).count()).toBe(0);
    });

    test('is used by keyboard alone', async () => {
      const { page } = visitor;
      await visitor.tabTo(page.getByLabel('Email'));
      await visitor.typeInto(page.getByLabel('Email'), ADA.email);
      await page.keyboard.press('Enter');
      await visitor.tabTo(visitor.button('Password'));
      await page.keyboard.press('Enter');
      await visitor.tabTo(page.getByLabel('Password'));
      await visitor.typeInto(page.getByLabel('Password'), ADA.password);
      await page.keyboard.press('Enter');
      await expectVisible(visitor.greeting(ADA.email));
      expect(
        await visitor.greeting(ADA.email).evaluate((element) => element.matches(':focus')),
      ).toBe(true);
      await visitor.tabTo(visitor.button('Protected'));
      await page.keyboard.press('Enter');
      await expectVisible(page.getByText('/me → 200'));
      await visitor.tabTo(visitor.button('Sign out'), 'Shift+Tab');
      await page.keyboard.press('Enter');
      await expectVisible(visitor.notice(SIGNED_OUT));
    });
  });

  describe.each(FRONT_ENDS)('%s, looked at by axe', (name) => {
    test.each(['light', 'dark'] as const)('%s: nothing serious', async (scheme) => {
      await visitor.leave();
      await meetVisitor(scheme);
      await visitor.open(`${sample.url}/${name}`);
      expect(await visitor.violations()).toEqual([]);
      await visitor.signIn(ADA.email, ADA.password);
      await expectVisible(visitor.page.locator('hanko-profile').getByText('Current session'));
      await visitor.call('Protected');
      expect(await visitor.violations()).toEqual([]);
    });
  });
});

describe('header mode, the API on a port of its own', () => {
  useSampleOnHanko(() => setUp('header', { API_PORT: '0' }));

  test.each(FRONT_ENDS)('%s: signs in, calls, signs out, and there is no cookie', async (name) => {
    const calls: string[] = [];
    visitor.page.on('request', (request) => {
      const { origin, pathname } = new URL(request.url());
      if (pathname === '/api/me') calls.push(origin, String(request.headers().authorization));
    });
    await visitor.open(`${sample.url}/${name}`);
    await visitor.signIn(ADA.email, ADA.password);
    await expectVisible(visitor.greeting(ADA.email));
    expect((await visitor.call('Protected')).status).toBe('/me → 200');
    expect(calls[0]).not.toBe(sample.url);
    expect(calls[1]).toMatch(/^Bearer ey/);
    expect(await visitor.cookies()).toEqual([]);
    await visitor.button('Sign out').click();
    await expectVisible(visitor.notice(SIGNED_OUT));
    expect((await visitor.call('Protected')).status).toBe('/me → 401');
  });
});
