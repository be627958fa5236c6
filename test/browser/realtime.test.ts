import type { Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { freePort } from '../sample/free-port.js';
import { hanko, sample, useSampleOnHanko, useVisitors, visitor } from './sample-on-hanko.js';
import { expectVisible } from './visitor.js';

const ADA = { email: 'ada@example.test', password: 'difference engine' };
const LIBRARIES = ['socket.io', 'ws'] as const;

useVisitors();

const messages = (page: Page): Locator => page.locator('.notes li');
const connection = (page: Page, text: string): Locator =>
  page.locator('.connection', { hasText: text });
const send = (page: Page): Locator => page.getByRole('button', { name: 'Send' });

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text);
  await send(page).click();
}

describe.each(['cookie', 'header'] as const)('the chat, %s mode', (tokenTransport) => {
  useSampleOnHanko(async () => {
    const PORT = await freePort();
    return {
      hanko: {
        tokenTransport,
        onboarding: 'skipped',
        users: [ADA],
        webhooks: LIBRARIES.map((library) => ({
          url: `http://localhost:${PORT}/chat/${library}/webhooks/hanko`,
          events: ['session.delete'],
        })),
      },
      environment: { PORT },
    };
  });

  describe.each(LIBRARIES)('over %s', (library) => {
    const url = (): string => `${sample.url}/chat/${library}`;
    const connected = `Connected over ${library}.`;

    test('two tabs: signed out in one, the connection of the other ends, says why, and a new login connects it', async () => {
      const token = await hanko.token({ email: ADA.email });
      await visitor.arrive(url(), token, tokenTransport);
      await expectVisible(connection(visitor.page, connected));
      const second = await visitor.secondTab();
      const [socket] = await Promise.all([
        second.page.waitForEvent('websocket'),
        second.arrive(url(), token, tokenTransport),
      ]);
      await expectVisible(connection(second.page, connected));
      const closed = socket.waitForEvent('close');
      const text = `${tokenTransport}, ${library}`;
      await say(visitor.page, text);
      await expectVisible(messages(second.page).filter({ hasText: `${ADA.email}: ${text}` }));

      await visitor.button('Sign out').click();
      await expectVisible(visitor.notice('You are signed out.'));
      await expectVisible(connection(second.page, 'Ended: session_revoked.'));
      await expectVisible(second.notice('The server has ended the connection.'));
      await closed;
      for (const { page } of [visitor, second]) {
        expect(await messages(page).count()).toBe(0);
        expect(await send(page).isDisabled()).toBe(true);
      }

      await second.formSettles(1);
      await second.signIn(ADA.email, ADA.password);
      await expectVisible(connection(second.page, connected));
      await expectVisible(messages(second.page).filter({ hasText: text }));
    });

    test('goes on by itself where another login has taken the place of the session that ended', async () => {
      const [before, after] = [
        await hanko.token({ email: ADA.email }),
        await hanko.token({ email: 'grace@example.test' }),
      ];
      await visitor.arrive(url(), before, tokenTransport);
      await expectVisible(connection(visitor.page, connected));
      if (tokenTransport === 'cookie') await visitor.setCookie(url(), after);
      else await visitor.page.evaluate(`sessionStorage.setItem('hanko', ${JSON.stringify(after)})`);
      const again = visitor.page.waitForEvent('websocket');
      hanko.revoke(before);
      await again;
      await expectVisible(visitor.greeting('grace@example.test'));
      await expectVisible(connection(visitor.page, connected));
      const text = `over ${library}, with another login`;
      await say(visitor.page, text);
      await expectVisible(
        messages(visitor.page).filter({ hasText: `grace@example.test: ${text}` }),
      );
    });

    test('nobody who is not signed in has a connection', async () => {
      const sockets: string[] = [];
      visitor.page.on('websocket', (socket) => sockets.push(socket.url()));
      await visitor.open(url());
      await expectVisible(connection(visitor.page, 'Not connected.'));
      expect(sockets).toEqual([]);
      expect(await visitor.violations()).toEqual([]);
    });

    test('axe finds nothing serious', async () => {
      await visitor.arrive(url(), await hanko.token({ email: ADA.email }), tokenTransport);
      await expectVisible(connection(visitor.page, connected));
      await say(visitor.page, 'looked at by axe');
      await expectVisible(messages(visitor.page).last());
      expect(await visitor.violations()).toEqual([]);
    });
  });

  test('what is said over one library is heard over the other', async () => {
    const token = await hanko.token({ email: ADA.email });
    const second = await visitor.secondTab();
    await visitor.arrive(`${sample.url}/chat/ws`, token, tokenTransport);
    await second.arrive(`${sample.url}/chat/socket.io`, token, tokenTransport);
    await expectVisible(connection(visitor.page, 'Connected over ws.'));
    await expectVisible(connection(second.page, 'Connected over socket.io.'));
    for (const [from, to] of [
      [visitor, second],
      [second, visitor],
    ] as const) {
      const text = `from ${from.page.url()}`;
      await say(from.page, text);
      await expectVisible(messages(to.page).filter({ hasText: text }));
    }
  });

  test('over ws, a page that is told to try again later does it', async () => {
    let connections = 0;
    await visitor.page.routeWebSocket(/./, (socket) => {
      connections += 1;
      if (connections < 3) void socket.close({ code: 1013, reason: 'hanko_unavailable' });
      else socket.connectToServer();
    });
    await visitor.arrive(
      `${sample.url}/chat/ws`,
      await hanko.token({ email: ADA.email }),
      tokenTransport,
    );
    await expectVisible(connection(visitor.page, 'Connected over ws.'));
    expect(connections).toBe(3);
  });

  test('over ws, a page whose session ended while it was away tries no more', async () => {
    const { page } = visitor;
    let connections = 0;
    await page.routeWebSocket(/./, (socket) => {
      connections += 1;
      for (const { id } of hanko.sessions()) hanko.revoke(id);
      void socket.close({ code: 1001 });
    });
    const token = await hanko.token({ email: ADA.email });
    await visitor.arrive(`${sample.url}/chat/ws`, token, tokenTransport);
    await expectVisible(connection(page, 'Ended: session_revoked.'));
    expect(connections).toBe(1);
  });
});
