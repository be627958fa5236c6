import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';

/** Where screenshots of failed tests go. */
export const FAILURES = fileURLToPath(new URL('failures', import.meta.url));

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Its buttons, and what they call. */
const ROUTES = {
  Public: '/',
  Optional: '/greeting',
  Protected: '/me',
  'Recent login': '/account/export',
  'Second factor': '/account/billing',
};
type Call = keyof typeof ROUTES;

/** In the page, as text: nothing else here knows what a document is. */
const COUNT_STATES = `
  document.addEventListener('hanko-after-state-change', ({ detail: { state } }) => {
    if (!['login_init', 'registration_init'].includes(state.name)) return;
    const { dataset } = document.documentElement;
    dataset.states = Number(dataset.states ?? 0) + 1;
  });
`;

/** In the page: until colours that fade have faded. */
const ANIMATIONS_END = `
  Promise.allSettled(
    [document, ...[...document.querySelectorAll('*')].flatMap(({ shadowRoot }) => shadowRoot ?? [])]
      .flatMap((root) => root.getAnimations())
      .map((animation) => animation.finished),
  )
`;

/** Waits for it. @throws Error if it does not come. */
export const expectVisible = (thing: Locator): Promise<void> => thing.waitFor();

/** Somebody who sees the page and has a mouse and a keyboard. */
export class Visitor {
  private constructor(
    readonly page: Page,
    private readonly context: BrowserContext,
  ) {}

  /** In a browser profile of their own. */
  static async of(browser: Browser, colorScheme: 'light' | 'dark' = 'light'): Promise<Visitor> {
    const context = await browser.newContext({ colorScheme });
    context.setDefaultTimeout(15_000);
    return new Visitor(await context.newPage(), context);
  }

  /** Until the sign-in form can be used. */
  async open(url: string): Promise<void> {
    await this.page.addInitScript(COUNT_STATES);
    await this.page.goto(url);
    await this.formSettles(1);
  }

  /** As somebody who has signed in before, with this token, and is greeted. */
  async arrive(url: string, token: string, tokenTransport: 'cookie' | 'header'): Promise<void> {
    await this.page.addInitScript(COUNT_STATES);
    if (tokenTransport === 'cookie') {
      await this.setCookie(url, token);
    } else {
      await this.page.addInitScript(`sessionStorage.setItem('hanko', ${JSON.stringify(token)})`);
    }
    await this.page.goto(url);
    await this.page.getByRole('heading', { name: 'Hello' }).waitFor();
  }

  /** As a login does, in whatever tab. */
  async setCookie(url: string, token: string): Promise<void> {
    const { hostname: domain } = new URL(url);
    await this.context.addCookies([{ name: 'hanko', value: token, domain, path: '/' }]);
  }

  /** In a second tab of the same browser. */
  async secondTab(): Promise<Visitor> {
    return new Visitor(await this.context.newPage(), this.context);
  }

  /** Presses a button of a route that wants a better login. @returns the form that asks for it, ready for use. */
  async stepUp(name: Call, flows = 1): Promise<Locator> {
    await this.button(name).click();
    await this.formSettles(flows);
    return this.page.getByRole('dialog', { name: 'Please sign in again' });
  }

  /**
   * <hanko-auth> shows the first page of a flow again half a second after it has shown it, and throws
   * away what was done in between.
   */
  async formSettles(flows: number): Promise<void> {
    await this.page.locator(`html[data-states="${2 * flows}"]`).waitFor();
  }

  /** As a hand does: the components lose letters that come faster than they draw. */
  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text, { delay: 20 });
  }

  /** Into the field that has the focus, and again if letters got lost on a slow machine, as somebody who looks does. */
  async typeInto(field: Locator, text: string): Promise<void> {
    for (let tries = 0; tries < 3; tries += 1) {
      await this.page.keyboard.press('ControlOrMeta+A');
      await this.type(text);
      if ((await field.inputValue()) === text) return;
    }
    throw new Error('What is typed does not arrive');
  }

  async register(email: string, password: string, passcode: () => Promise<string>): Promise<void> {
    await this.button('Create account').click();
    await this.formSettles(2);
    await this.enter('Email', email);
    await this.page.getByRole('heading', { name: 'Enter passcode' }).waitFor();
    await this.enterCode(await passcode());
    await this.enter('New password', password);
  }

  /** Six digits, one field each; sent by themselves. */
  async enterCode(code: string): Promise<void> {
    await this.page.locator('[part~="passcode-input"]').first().click();
    await this.type(code);
  }

  /** Up to the password, which is typed and sent. */
  async signIn(email: string, password: string): Promise<void> {
    await this.enter('Email', email);
    await this.button('Password').click();
    await this.enter('Password', password);
  }

  /** Types into a field and sends it. */
  async enter(label: string, text: string): Promise<void> {
    const field = this.page.getByLabel(label, { exact: true });
    await field.fill(text);
    await field.press('Enter');
  }

  /** Presses Tab until something has the focus. @throws Error if the keyboard does not get there. */
  async tabTo(target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
    await target.waitFor();
    for (let presses = 0; presses < 30; presses += 1) {
      if (await target.evaluate((element) => element.matches(':focus'))) return;
      await this.page.keyboard.press(key);
    }
    throw new Error(`${key} does not lead to ${String(target)}`);
  }

  /** Calls a route of the API, by its button. @returns the route, the status and the body. */
  async call(name: Call): Promise<{ status: string; body: string }> {
    const answered = this.page.waitForResponse((response) => {
      const { pathname } = new URL(response.url());
      return pathname === `/api${ROUTES[name]}` && response.request().method() === 'GET';
    });
    await this.button(name).click();
    // What the page shows may still be the answer before this one.
    const body = JSON.stringify(await (await answered).json(), null, 2);
    await this.page.locator('main output pre', { hasText: body }).waitFor();
    return this.answer(name);
  }

  /** Waits for it. @returns the route, the status and the body. */
  async answer(name: Call): Promise<{ status: string; body: string }> {
    const route = ROUTES[name];
    const status = this.page.locator('main output strong', { hasText: `${route} →` });
    await status.waitFor();
    return {
      status: await status.innerText(),
      body: await this.page.locator('main output pre').innerText(),
    };
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name });
  }

  greeting(email: string): Locator {
    return this.page.getByRole('heading', { name: `Hello ${email}` });
  }

  notice(text: string): Locator {
    return this.page.getByRole('status').filter({ hasText: text });
  }

  /** What axe finds that is serious or critical: the rule and where. */
  async violations(): Promise<readonly string[]> {
    await this.page.evaluate(ANIMATIONS_END);
    // No script element: a page may forbid all of them.
    await this.page.evaluate(axe);
    const { violations, passes } = await this.page.evaluate(() =>
      (globalThis as unknown as { axe: typeof import('axe-core') }).axe.run(),
    );
    if (passes.length < 10) throw new Error('axe has hardly looked at anything');
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes.map(({ html, target }) => `${id}: ${JSON.stringify(target)} ${html}`),
      );
  }

  async leave(failedTest?: string): Promise<void> {
    if (failedTest !== undefined) {
      const path = join(FAILURES, `${failedTest.replaceAll(/\W+/g, '-')}.png`);
      await this.page.screenshot({ path, fullPage: true });
    }
    await this.context.close();
  }

  cookies(): ReturnType<BrowserContext['cookies']> {
    return this.context.cookies();
  }
}
