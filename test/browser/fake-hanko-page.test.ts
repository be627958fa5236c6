import { createRequire } from 'node:module';
import { FakeHanko } from 'fake-hanko';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FlowClient } from '../../fake-hanko/test/support/flow-client.js';
import { launch } from './chromium.js';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const ADA = 'ada@example.test';

let browser: Browser;
let hanko: FakeHanko;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  [browser, hanko] = await Promise.all([
    launch(),
    FakeHanko.start({
      host: 'localhost',
      users: [
        { email: ADA, password: 'correct horse' },
        { username: '<img src=x onerror=alert(1)>' },
      ],
    }),
  ]);
});
afterAll(() => Promise.all([browser?.close(), hanko?.stop()]));

const open = async (options: object = {}): Promise<void> => {
  page = await (await browser.newContext(options)).newPage();
  complaints = [];
  // What its own policy forbids is reported here, too.
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${hanko.adminUrl}/`);
  await page.getByRole('heading', { name: ADA }).waitFor();
};

beforeEach(() => open());
afterEach(() => page.context().close());

const button = (name: string) => page.getByRole('button', { name });

describe('the page of fake-hanko', () => {
  test('makes a token, and ends the session of it', async () => {
    await button(`Make a token for ${ADA}`).click();
    const token = await page.getByRole('textbox').inputValue();
    const response = await fetch(`${hanko.url}/me`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(200);
    await page
      .getByRole('status')
      .filter({ hasText: `A session of ${ADA} has begun.` })
      .waitFor();
    await button(`End this session of ${ADA}`).click();
    await page
      .getByRole('status')
      .filter({ hasText: `A session of ${ADA} has ended.` })
      .waitFor();
    await expect.poll(() => hanko.sessions()).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('is used with the keyboard alone', async () => {
    await button(`Make a token for ${ADA}`).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('textbox').waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('token');
    await button(`End this session of ${ADA}`).focus();
    await page.keyboard.press('Space');
    await expect.poll(() => hanko.sessions()).toEqual([]);
  });

  test('shows a passcode when it is sent, without being asked', async () => {
    const client = new FlowClient(hanko.url);
    await client.start('login');
    await client.act('continue_with_login_identifier', { email: ADA });
    await client.act('continue_to_passcode_confirmation');
    await page.getByText(hanko.passcode(ADA) ?? 'none', { exact: true }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('shows what users are called as text', async () => {
    await page.getByRole('heading', { name: '<img src=x onerror=alert(1)>' }).waitFor();
    expect(await page.locator('img').count()).toBe(0);
  });

  test.each(['light', 'dark'])(
    'has no serious fault of accessibility (%s)',
    async (colorScheme) => {
      await page.context().close();
      // Axe is a script that its policy would not let in.
      await open({ bypassCSP: true, colorScheme });
      await button(`Make a token for ${ADA}`).click();
      await page.getByRole('textbox').waitFor();
      await page.addScriptTag({ path: axe });
      const { violations } = await page.evaluate(() =>
        (globalThis as unknown as { axe: typeof import('axe-core') }).axe.run(),
      );
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    },
  );
});
