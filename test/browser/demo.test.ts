import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { launch } from './chromium.js';
import { Sample } from '../sample/running-sample.js';
import { expectVisible, Visitor } from './visitor.js';

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

describe('npm start, without a Hanko of your own', () => {
  test('registers with the code that the page shows', async () => {
    const { page } = visitor;
    await page.goto(sample.url);
    expect(await visitor.violations()).toEqual([]);
    await visitor.open(`${sample.url}/svelte`);
    await visitor.register('grace@example.test', 'nanosecond', async () => {
      const mail = await page.getByText('Use passcode').innerText();
      return /\d{6}/.exec(mail)?.[0] ?? '';
    });
    await expectVisible(visitor.greeting('grace@example.test'));
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
});
