import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { launch } from './chromium.js';
import { Sample } from '../sample/running-sample.js';
import { VirtualAuthenticator, WITHOUT_AUTOFILL } from './virtual-authenticator.js';
import { expectVisible, Visitor } from './visitor.js';

/** Whom the page names. */
const ADA = { email: 'ada@example.test', password: 'lovelace-1843' };

let browser: Browser;
let sample: Sample;
let visitor: Visitor;

beforeAll(async () => {
  [browser, sample] = await Promise.all([launch(), Sample.start()]);
});

afterAll(async () => {
  await browser?.close();
  await sample?.[Symbol.asyncDispose]();
});

beforeEach(async () => {
  visitor = await Visitor.of(browser);
});

afterEach(({ task }) =>
  visitor?.leave(task.result?.state === 'fail' ? `demo ${task.name}` : undefined),
);

/** The digits that the demo shows, once it says this. */
async function code(text: string): Promise<string> {
  const mail = visitor.page.locator('.mail', { hasText: text });
  await mail.waitFor({ timeout: 31_000 });
  return /\d{6}/.exec(await mail.innerText())?.[0] ?? '';
}

/** With the code of a mail, and without the passkey that is offered. */
async function register(email: string, password: string): Promise<void> {
  await visitor.register(email, password, () => code('Use passcode'));
  await visitor.button('Skip').click();
}

describe('npm start, without a Hanko of your own', () => {
  test('registers with the code that the page shows', async () => {
    const { page } = visitor;
    await page.goto(sample.url);
    expect(await visitor.violations()).toEqual([]);
    await visitor.open(`${sample.url}/svelte`);
    await register('grace@example.test', 'nanosecond');
    await expectVisible(visitor.greeting('grace@example.test'));
  });

  test('registers with a passkey, which is enough wherever more than a password is asked for', async () => {
    const { page } = visitor;
    await page.addInitScript(WITHOUT_AUTOFILL);
    await VirtualAuthenticator.plugInto(page, 'internal');
    await visitor.open(`${sample.url}/react`);
    await visitor.register('radia@example.test', 'spanning tree', () => code('Use passcode'));
    await visitor.button('Create a passkey').click();
    await expectVisible(visitor.greeting('radia@example.test'));
    expect((await visitor.call('Second factor')).status).toBe('/account/billing → 200');
    await visitor.button('Sign out').click();
    await expectVisible(visitor.notice('You are signed out.'));
    await page.reload();
    await visitor.formSettles(1);
    expect(await visitor.violations()).toEqual([]);
    await visitor.button('Sign in with a passkey').click();
    await expectVisible(visitor.greeting('radia@example.test'));
    await expectVisible(page.getByText('Signed in by passkey'));
  });

  test('the user whom the page names signs in, and learns that their session was ended', async () => {
    const { page } = visitor;
    await visitor.open(`${sample.url}/vue`);
    const [email, password] = await page.locator('.demo code').allInnerTexts();
    await visitor.signIn(String(email), String(password));
    await expectVisible(visitor.greeting(String(email)));
    await visitor.button('End all sessions').click();
    await expectVisible(visitor.notice('Your session has ended.'));
  });

  test('the administrator signs in with the code that the page shows, and another page is out at once', async () => {
    const ada = await Visitor.of(browser);
    await ada.open(`${sample.url}/chat/ws`);
    await ada.signIn(ADA.email, ADA.password);
    await expectVisible(ada.page.getByText('Connected over ws.'));
    const { page } = visitor;
    await visitor.open(`${sample.url}/admin`);
    const [, , email, password] = await page.locator('.demo code').allInnerTexts();
    await visitor.signIn(String(email), String(password));
    await visitor.enterCode(await code('Your authenticator app would show'));
    await page.getByRole('link', { name: ADA.email }).click();
    await page.getByRole('button', { name: 'End the session' }).first().click();
    await expectVisible(ada.page.getByText('Ended: session_revoked.'));
    await ada.leave();
  });

  test('an answer of the API goes when its user signs out', async () => {
    for (const name of ['react', 'vue', 'svelte']) {
      const { page } = visitor;
      await visitor.open(`${sample.url}/${name}`);
      const email = `${name}-user@example.test`;
      await register(email, 'difference engine');
      await expectVisible(visitor.greeting(email));
      expect((await visitor.call('Protected')).body).toContain(email);
      await visitor.button('Sign out').click();
      await expectVisible(page.locator('main output').getByText('Status and body of the answer.'));
      expect(await page.locator('main output').innerText()).not.toContain(email);
      await visitor.leave();
      visitor = await Visitor.of(browser);
    }
  });

  test('each page leads to the others, back, and to its source', async () => {
    const { page } = visitor;
    await page.goto(sample.url);
    for (const [name, path] of Object.entries({
      React: '/react',
      Vue: '/vue',
      Svelte: '/svelte',
      GraphQL: '/notes',
      'socket.io': '/chat/socket.io',
      ws: '/chat/ws',
      Administration: '/admin',
      'All samples': '/',
    })) {
      const links = page.getByRole('navigation', { name: 'Samples' });
      await links.getByRole('link', { name: 'Source code' }).click();
      expect(await page.locator('body').innerText()).toContain('// sample/');
      await page.goBack();
      await links.getByRole('link', { name }).click();
      await page.waitForURL(sample.url + path);
    }
    for (const file of [
      '02-react/src/App.tsx',
      '06-graphql/src/notes.resolver.ts',
      '08-realtime/page/src/ws.ts',
      '05-admin/src/users.controller.ts',
    ]) {
      await page.goto(`${sample.url}/source/${file.split('/')[0]}`);
      expect(await page.locator('body').innerText()).toContain(`// sample/${file}`);
    }
  });

  test('a mail covers nothing, on a wide screen and on a narrow one', async () => {
    for (const width of [1200, 360]) {
      const { page } = visitor;
      await page.setViewportSize({ width, height: 700 });
      await visitor.open(`${sample.url}/vue`);
      await visitor.button('Create account').click();
      await visitor.formSettles(2);
      await visitor.enter('Email', `mail-${width}@example.test`);
      await code('Use passcode');
      const [mail, main] = await Promise.all(
        ['.mail', 'main'].map((selector) => page.locator(selector).boundingBox()),
      );
      expect(Number(mail?.y) + Number(mail?.height)).toBeLessThanOrEqual(Number(main?.y));
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      await visitor.leave();
      visitor = await Visitor.of(browser);
    }
  });

  test('a mail shows up above the login that a step-up asks for', async () => {
    await visitor.open(`${sample.url}/svelte`);
    await visitor.signIn(ADA.email, ADA.password);
    await expectVisible(visitor.greeting(ADA.email));
    await visitor.stepUp('Second factor', 2);
    await visitor.enter('Email', ADA.email);
    await visitor.button('Passcode').click();
    await expectVisible(visitor.page.getByRole('dialog').getByText('Use passcode'));
  });

  test('an authenticator app is set up without a phone, and each of its codes is shown once', async () => {
    const { page } = visitor;
    const hedy = { email: 'hedy@example.test', password: 'frequency hopping' };
    await visitor.open(`${sample.url}/react`);
    await register(hedy.email, hedy.password);
    await page.getByText('Manage authenticator app').click();
    await visitor.button('Set up').click();
    const first = await code('Your authenticator app would show');
    await visitor.enterCode(first);
    await expectVisible(page.getByText('configured'));
    // Its next code comes within half a minute.
    await visitor.stepUp('Second factor', 3);
    await visitor.signIn(hedy.email, hedy.password);
    const second = await code('Your authenticator app would show');
    expect(second).not.toBe(first);
    await visitor.enterCode(second);
    expect((await visitor.answer('Second factor')).status).toBe('/account/billing → 200');
  }, 60_000);

  test('signed out at one instance of the API, the old token is refused by both', async () => {
    const { page } = visitor;
    const here = new URL(sample.url).host;
    await visitor.open(`${sample.url}/react`);
    await visitor.signIn(ADA.email, ADA.password);
    const answers = page.locator('.instances strong');
    await expectVisible(answers.nth(1));
    const [first, second] = await answers.allInnerTexts();
    expect(first).toBe(`${here} → 200`);
    expect(second).toMatch(/^localhost:\d+ → 200$/);
    expect(second).not.toBe(first);
    expect(await visitor.violations()).toEqual([]);
    await visitor.button('Sign out').click();
    await expectVisible(page.getByText('Your old token, asked again'));
    expect(await answers.allInnerTexts()).toEqual([
      `${here} → 401 session_revoked`,
      second?.replace('200', '401 session_revoked'),
    ]);
    // The browser itself no longer has it.
    expect((await visitor.call('Protected')).body).toContain('credentials_missing');
  });
});
