import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Sample } from '../sample/running-sample.js';
import { useVisitors, visitor } from './sample-on-hanko.js';
import { expectVisible } from './visitor.js';

const ADA = 'ada@example.test';
const PASSWORDS = { acme: 'lovelace-1843', globex: 'babbage-1871' };
type TenantName = keyof typeof PASSWORDS;

let sample: Sample;

useVisitors();
// As `npm start` starts it: the tenants have a fake Hanko of their own.
beforeAll(async () => {
  sample = await Sample.start();
});
afterAll(() => sample?.[Symbol.asyncDispose]());

const urlOf = (name: TenantName): string => sample.url.replace('//', `//${name}.`);

async function signInAt(name: TenantName): Promise<void> {
  await visitor.open(urlOf(name));
  await visitor.signIn(ADA, PASSWORDS[name]);
  await expectVisible(visitor.greeting(ADA));
}

const verdict = (name: string, text: string): Locator =>
  visitor.page.getByRole('listitem').filter({ hasText: name }).getByText(text);

test('the front page leads there; a sign-in at one host name is none at the other', async () => {
  const { page } = visitor;
  await page.goto(sample.url);
  await page.getByRole('main').getByRole('link', { name: 'Tenants' }).click();
  await expectVisible(page.getByRole('heading', { name: 'Acme' }));
  expect(page.url()).toBe(`${urlOf('acme')}/`);
  await signInAt('acme');
  await expectVisible(verdict('Acme', 'valid'));
  await expectVisible(verdict('Globex', 'token_audience_mismatch'));
  await page.getByLabel('Note').fill('Only for us');
  await page.keyboard.press('Enter');
  await expectVisible(page.getByText('Only for us'));
  expect(await visitor.violations()).toEqual([]);
  const [cookie] = await visitor.cookies();
  expect(cookie).toMatchObject({ name: 'hanko', domain: 'acme.localhost' });

  await page.getByRole('listitem').getByRole('link', { name: 'Globex' }).click();
  await expectVisible(page.getByRole('heading', { name: 'Globex' }));
  await expectVisible(visitor.button('Continue'));
  expect(await visitor.violations()).toEqual([]);
});

test('the same address with the other password is somebody else, who sees other notes', async () => {
  await visitor.open(urlOf('globex'));
  await visitor.signIn(ADA, PASSWORDS.acme);
  await expectVisible(visitor.page.getByText('The entered value is invalid.'));
  await visitor.enter('Password', PASSWORDS.globex);
  await expectVisible(visitor.greeting(ADA));
  await expectVisible(verdict('Acme', 'token_audience_mismatch'));
  await expectVisible(verdict('Globex', 'valid'));
  expect(await visitor.page.locator('main').innerText()).not.toContain('Only for us');
});

test('even its cookie is refused there, and one cookie in both names does not mix them up', async () => {
  await signInAt('acme');
  const [cookie] = await visitor.cookies();
  await visitor.setCookie(urlOf('globex'), String(cookie?.value));
  const { page } = visitor;
  await page.goto(urlOf('globex'));
  await expectVisible(visitor.button('Continue'));
  const call = (path: string): Promise<number> =>
    page.evaluate((url) => fetch(url).then(({ status }) => status), path);
  expect([await call('/api/me'), await call('/api/notes')]).toEqual([401, 401]);
});

test('a sign-out at one is none at the other', async () => {
  await signInAt('globex');
  await signInAt('acme');
  await visitor.button('Sign out').click();
  await expectVisible(visitor.notice('You are signed out.'));
  await visitor.page.goto(urlOf('globex'));
  await expectVisible(visitor.greeting(ADA));
});
