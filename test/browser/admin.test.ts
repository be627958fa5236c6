import { FakeHanko } from 'fake-hanko';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Sample } from '../sample/running-sample.js';
import { claimsIn } from '../support/claims-in.js';
import { launch } from './chromium.js';
import { expectVisible, Visitor } from './visitor.js';

const SECRET = 'JBSWY3DPEHPK3PXP';
const metadata = { public_metadata: { role: 'admin' } };
const MARGARET = {
  email: 'margaret@example.test',
  password: 'apollo-1969',
  totpSecret: SECRET,
  metadata,
};
/** An administrator who has no second factor. */
const CARELESS = { email: 'careless@example.test', password: 'difference engine', metadata };

let browser: Browser;
let hanko: FakeHanko;
let sample: Sample;
let visitor: Visitor;

beforeAll(async () => {
  browser = await launch();
});

afterAll(() => browser?.close());

beforeEach(async () => {
  visitor = await Visitor.of(browser);
});

afterEach(({ task }) =>
  visitor?.leave(task.result?.state === 'fail' ? `${task.suite?.name} ${task.name}` : undefined),
);

const shown = (page: Page, name: string): Locator => page.getByRole('heading', { name });
const connected = (page: Page): Locator => page.locator('.connection', { hasText: 'Connected.' });

describe.each(['cookie', 'header'] as const)('the administration, %s mode', (tokenTransport) => {
  beforeAll(async () => {
    // No webhooks: what the page ends, the API ends by itself.
    hanko = await FakeHanko.start({
      host: 'localhost',
      tokenTransport,
      onboarding: 'skipped',
      rateLimits: 'off',
      users: [MARGARET, CARELESS],
      config: {
        session: { jwt_template: { claims: { role: '{{ .User.Metadata.Public "role" }}' } } },
        audit_log: { storage: { enabled: true } },
      },
    });
    sample = await Sample.start({
      HANKO_API_URL: hanko.url,
      HANKO_ADMIN_URL: hanko.adminUrl,
      HANKO_TOKEN_TRANSPORT: tokenTransport,
    });
  });

  afterAll(async () => {
    await sample?.[Symbol.asyncDispose]();
    await hanko?.stop();
  });

  const url = (): string => `${sample.url}/admin`;

  async function arriveAsAdmin(path = '', email = MARGARET.email): Promise<void> {
    const token = await hanko.token({ email, amr: ['pwd', 'totp'] });
    await visitor.arrive(url() + path, token, tokenTransport);
  }

  test('ends a session, and the window that has it is out at once, and so is its socket', async () => {
    const other = await Visitor.of(browser);
    const ada = await hanko.token({ email: 'ada@example.test' });
    const [socket] = await Promise.all([
      other.page.waitForEvent('websocket'),
      other.arrive(url(), ada, tokenTransport),
    ]);
    await expectVisible(other.notice('You are no administrator.'));
    await expectVisible(connected(other.page));
    const closed = socket.waitForEvent('close');

    await arriveAsAdmin();
    const { page } = visitor;
    await page.getByLabel('Search', { exact: true }).fill('ADA@');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'ada@example.test' }).click();
    await expectVisible(page.getByText('online'));
    await page.getByRole('button', { name: 'End the session' }).click();
    await expectVisible(visitor.notice('One session has ended.'));
    await expectVisible(page.getByText('This user is not signed in anywhere.'));

    await closed;
    await expectVisible(other.notice('The server has ended your session: session_revoked.'));
    await expectVisible(other.button('Continue'));
    await other.leave();
  });

  test('ends all sessions of a user, also the own ones: nothing is left on the page', async () => {
    const email = `own-${tokenTransport}@example.test`;
    const { id } = hanko.createUser({ email, metadata });
    await hanko.token({ email });
    await arriveAsAdmin(`#user/${id}`, email);
    const { page } = visitor;
    await expectVisible(page.getByText('this page'));
    await page.getByRole('button', { name: 'End all of their sessions' }).click();
    // By the socket or by the next call, whichever is first.
    await expectVisible(visitor.notice('your session'));
    await expectVisible(visitor.button('Continue'));
    expect(await page.locator('main').innerText()).not.toContain('@example.test');
    expect(hanko.sessions(id)).toEqual([]);
  });

  test('saves what was changed of the metadata, and tells what is no JSON', async () => {
    const { id } = hanko.createUser({
      email: 'meta@example.test',
      metadata: { public_metadata: { plan: 'gold', since: 1843 }, unsafe_metadata: { a: [1] } },
    });
    await arriveAsAdmin(`#user/${id}`);
    const { page } = visitor;
    const field = page.getByLabel('Public');
    await field.fill('{ "plan": ');
    await visitor.button('Save metadata').click();
    expect(await field.evaluate((area) => area.matches(':invalid:focus'))).toBe(true);
    // Meanwhile somebody else changes another member.
    await fetch(`${hanko.adminUrl}/users/${id}/metadata`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: '{"public_metadata":{"by":"somebody else"}}',
    });
    const patched = page.waitForRequest((request) => request.method() === 'PATCH');
    await field.fill('{ "plan": "iron" }');
    await visitor.button('Save metadata').click();
    expect((await patched).postDataJSON()).toEqual({
      publicMetadata: { plan: 'iron', since: null },
    });
    await expectVisible(visitor.notice('Saved.'));
    expect(JSON.parse(await page.getByLabel('Public').inputValue())).toEqual({
      plan: 'iron',
      by: 'somebody else',
    });
    const grace = await hanko.token({ email: 'meta@example.test' });
    await page.getByLabel('Public').fill('{ "role": "admin" }');
    await visitor.button('Save metadata').click();
    await expectVisible(visitor.notice('Saved. One session has ended.'));
    expect(hanko.sessions(claimsIn(grace).sub)).toEqual([]);
  });

  test('shows markup of users as text, wherever it comes from', async () => {
    const markup = '<img src=x onerror="hacked = 1"></script><script>hacked = 1</script>';
    const { id } = hanko.createUser({
      email: '<b>bold</b>@example.test',
      username: markup,
      metadata: { unsafe_metadata: { markup }, private_metadata: { [markup]: markup } },
    });
    const post = (path: string, method: string, body: object): Promise<Response> =>
      fetch(hanko.adminUrl + path, {
        method,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    await post(`/users/${id}`, 'PATCH', { name: markup, picture: 'javascript:hacked=1' });
    await post('/sessions', 'POST', { user_id: id, user_agent: markup, ip_address: '192.0.2.1' });
    await arriveAsAdmin();
    const { page } = visitor;
    await expectVisible(page.getByRole('cell', { name: markup }));
    await page.getByRole('link', { name: '<b>bold</b>@example.test' }).click();
    await expectVisible(page.getByRole('definition').filter({ hasText: markup }).first());
    expect(await page.locator('main').innerText()).toContain('192.0.2.1');
    expect(await page.getByLabel('Unsafe').inputValue()).toContain('</script>');
    await page.goto(`${url()}?#users?by=username&q=${encodeURIComponent(markup)}`);
    await expectVisible(page.getByRole('cell', { name: markup }));
    await page.goto(`${url()}?1#user/${encodeURIComponent(markup)}`);
    await expectVisible(visitor.notice('That did not work'));
    // Nor is somebody else left there.
    await page.goto(`${url()}?2#user/${id}`);
    await expectVisible(visitor.button('Save metadata'));
    await page.evaluate(`location.hash = '#user/${crypto.randomUUID()}'`);
    await expectVisible(visitor.notice('Hanko does not have that'));
    expect(await page.getByRole('button', { name: 'End' }).count()).toBe(0);
    await page.goto(`${url()}?3#audit-log?type=${encodeURIComponent(markup)}`);
    await expectVisible(shown(page, `Audit log: ${markup}`));
    expect(await page.evaluate('globalThis.hacked')).toBeUndefined();
    expect(await page.locator('main img, main script, main b').count()).toBe(0);
    // And if it became HTML, it would not run.
    const violated = await page.evaluate(`new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', (event) => resolve(event.violatedDirective));
      document.body.innerHTML = ${JSON.stringify(markup)};
    })`);
    expect(violated).toBe('script-src-attr');
    expect(await page.evaluate('globalThis.hacked')).toBeUndefined();
  });

  test('asks an administrator for the second factor, and goes on with it', async () => {
    await visitor.arrive(url(), await hanko.token({ email: MARGARET.email }), tokenTransport);
    const dialog = visitor.page.getByRole('dialog', { name: 'Please sign in again' });
    await expectVisible(dialog);
    await visitor.formSettles(1);
    await visitor.signIn(MARGARET.email, MARGARET.password);
    await visitor.enterCode(hanko.totp(MARGARET.email));
    await expectVisible(shown(visitor.page, 'Users'));
    await expectVisible(connected(visitor.page));
    await visitor.page.getByRole('link', { name: 'Audit log' }).click();
    await expectVisible(visitor.page.getByRole('link', { name: 'login_success' }).first());
  });

  test('tells an administrator without one, once, and lets them set it up', async () => {
    await visitor.arrive(url(), await hanko.token({ email: CARELESS.email }), tokenTransport);
    await visitor.formSettles(1);
    await visitor.signIn(CARELESS.email, CARELESS.password);
    await expectVisible(visitor.page.getByText('still without a second factor'));
    await expectVisible(visitor.page.getByText('Manage authenticator app'));
    expect(await visitor.page.getByRole('dialog').count()).toBe(0);
    expect(await visitor.violations()).toEqual([]);
  });

  test('removes an authenticator app only after a second thought', async () => {
    const { id } = hanko.createUser({ email: 'lost@example.test', totpSecret: SECRET });
    await arriveAsAdmin(`#user/${id}`);
    const { page } = visitor;
    const app = page.getByRole('button', { name: 'Remove the authenticator app' });
    page.once('dialog', (dialog) => void dialog.dismiss());
    await app.click();
    await expectVisible(app);
    page.once('dialog', (dialog) => void dialog.accept());
    await app.click();
    await expectVisible(visitor.notice('Removed the authenticator app.'));
    await expectVisible(page.getByText('None: this user signs in with codes by mail.'));
  });

  test('goes through the pages, back with the browser, and to a user by id', async () => {
    for (let at = 0; at < 12; at += 1) {
      hanko.createUser({ email: `${tokenTransport}-${at}@example.test` });
    }
    await arriveAsAdmin(`#users?by=email&q=${tokenTransport}-`);
    const { page } = visitor;
    await expectVisible(page.getByText('12 entries, page 1 of 2'));
    await page.getByRole('button', { name: 'Next page' }).click();
    await expectVisible(page.getByText('12 entries, page 2 of 2'));
    expect(await page.getByRole('button', { name: 'Next page' }).isDisabled()).toBe(true);
    await page.goBack();
    await expectVisible(page.getByText('12 entries, page 1 of 2'));
    const { id } = hanko.createUser({ email: `by-id-${tokenTransport}@example.test` });
    await page.getByLabel('Search', { exact: true }).fill(id);
    await visitor.button('Search').click();
    await expectVisible(shown(page, `by-id-${tokenTransport}@example.test`));
    expect(await page.evaluate('document.activeElement.textContent')).toContain('by-id');
  });

  test('has nothing of the users left when the administrator signs out', async () => {
    await arriveAsAdmin('#users?q=margaret');
    await expectVisible(visitor.page.getByRole('link', { name: MARGARET.email }));
    await visitor.button('Sign out').click();
    await expectVisible(visitor.notice('You are signed out.'));
    expect(await visitor.page.locator('main').innerText()).not.toContain('@example.test');
  });

  test('axe finds nothing serious, and nothing is wider than a telephone', async () => {
    const { id } = hanko.createUser({
      email: `axe-${tokenTransport}@example.test`,
      totpSecret: SECRET,
    });
    await hanko.token({ email: `axe-${tokenTransport}@example.test` });
    for (const [path, heading] of [
      ['', 'Users'],
      [`#user/${id}`, 'axe-'],
      ['#audit-log', 'Audit log'],
    ] as const) {
      await arriveAsAdmin(path);
      await expectVisible(shown(visitor.page, heading));
      expect(await visitor.violations()).toEqual([]);
      await visitor.page.setViewportSize({ width: 360, height: 700 });
      expect(await visitor.page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      await visitor.leave();
      visitor = await Visitor.of(browser, 'dark');
    }
  });
});
