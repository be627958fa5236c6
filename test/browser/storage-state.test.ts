import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { FakeHanko } from 'fake-hanko';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch } from './chromium.js';
import { Sample } from '../sample/running-sample.js';

const EMAIL = 'ada@example.test';
const elements = createRequire(import.meta.url).resolve('@teamhanko/hanko-elements');

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

describe('a browser with the storage state that FakeHanko makes', () => {
  let hanko: FakeHanko;
  let sample: Sample;
  beforeAll(async () => {
    hanko = await FakeHanko.start({ host: 'localhost' });
    sample = await Sample.start({ HANKO_API_URL: hanko.url });
  });
  afterAll(async () => {
    await sample?.[Symbol.asyncDispose]();
    await hanko?.stop();
  });

  test('is signed in, notices that the session is ended, and can sign out', async () => {
    const storageState = await hanko.storageState(sample.url, { email: EMAIL, amr: ['passkey'] });
    const context = await browser.newContext({ storageState });
    const page = await context.newPage();
    await page.goto(`${sample.url}/react`);
    await page.getByRole('heading', { name: `Hello ${EMAIL}` }).waitFor();
    await page.getByText('Signed in by passkey').waitFor();
    // What the page does not ask for it is told of.
    for (const { id } of hanko.sessions()) hanko.revoke(id);
    await page.getByText('Your session has ended. Please sign in again.').waitFor();
    await context.close();

    const other = await browser.newContext({
      storageState: await hanko.storageState(sample.url, { email: EMAIL }),
    });
    const otherPage = await other.newPage();
    await otherPage.goto(`${sample.url}/vue`);
    await otherPage.getByRole('button', { name: 'Sign out' }).click();
    await otherPage.getByText('You are signed out.').waitFor();
    expect(await other.cookies()).toEqual([]);
    expect(hanko.sessions()).toEqual([]);
    await other.close();
  });
});

describe('where the header brings the token', () => {
  let hanko: FakeHanko;
  let server: Server;
  let url: string;
  beforeAll(async () => {
    hanko = await FakeHanko.start({ tokenTransport: 'header' });
    // The smallest page that Hanko's SDK runs on.
    server = createServer((request, response) => {
      const isScript = request.url === '/elements.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(
        isScript
          ? readFileSync(elements)
          : `<script type="module">
              import { register } from '/elements.js';
              const { hanko } = await register('${hanko.url}');
              const { is_valid } = await hanko.validateSession();
              const user = await hanko.getCurrentUser().catch(() => null);
              document.body.textContent = is_valid + ' ' + user?.emails?.[0].address;
            </script>`,
      );
    });
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    url = `http://localhost:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await hanko?.stop();
    if (server?.listening) await new Promise((resolve) => server.close(resolve));
  });

  const shown = async (page: Page): Promise<string> => {
    await page.goto(url);
    return page.getByText(/^(true|false) /).innerText();
  };

  test('the SDK finds its cookie, and Hanko takes the token from it', async () => {
    const storageState = await hanko.storageState(url, { email: EMAIL });
    const context = await browser.newContext({ storageState });
    expect(await shown(await context.newPage())).toBe(`true ${EMAIL}`);
    await context.close();
  });
});
