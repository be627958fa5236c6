import type { Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import {
  hanko,
  newVisitor,
  sample,
  useSampleOnHanko,
  useVisitors,
  visitor,
} from './sample-on-hanko.js';
import { expectVisible, type Visitor } from './visitor.js';

const ADA = { email: 'ada@example.test', password: 'difference engine' };
const GRACE = { email: 'grace@example.test', password: 'nanosecond' };
/** Has an authenticator app. */
const HEDY = {
  email: 'hedy@example.test',
  password: 'frequency hopping',
  totpSecret: 'JBSWY3DPEHPK3PXP',
};

useVisitors();

/** The notes that a page shows. */
const notes = (page: Page): Locator => page.locator('.notes li');

async function addNote(page: Page, text: string): Promise<void> {
  await page.getByLabel('New note').fill(text);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
}

/** Settles when the page has subscribed. @returns the frames that it has sent until then */
async function subscribed(page: Page): Promise<readonly string[]> {
  const frames: string[] = [];
  const socket = await page.waitForEvent('websocket');
  await socket.waitForEvent('framesent', ({ payload }) => {
    frames.push(String(payload));
    return String(payload).includes('"type":"subscribe"');
  });
  return [socket.url(), ...frames];
}

/** Asks by a button. @returns what the page shows of the answer. */
async function ask(name: string, query: string, outcome: 'data' | 'errors'): Promise<unknown> {
  await visitor.button(name).click();
  return answer(query, outcome);
}

async function answer(query: string, outcome: 'data' | 'errors'): Promise<unknown> {
  await expectVisible(visitor.page.getByText(`${query} → ${outcome}`));
  return JSON.parse(await visitor.page.locator('main output pre').innerText());
}

describe.each(['cookie', 'header'] as const)('the GraphQL page, %s mode', (tokenTransport) => {
  useSampleOnHanko(() => ({
    hanko: { tokenTransport, onboarding: 'skipped', users: [ADA, GRACE, HEDY] },
  }));

  /** As somebody who has signed in by password. */
  async function arrive(who: Visitor, email: string): Promise<readonly string[]> {
    const token = await hanko.token({ email, amr: ['pwd'] });
    const [frames] = await Promise.all([
      subscribed(who.page),
      who.arrive(`${sample.url}/notes`, token, tokenTransport),
    ]);
    return frames;
  }

  test('signs in, adds a note, and it arrives in the other window of the same user alone', async () => {
    await visitor.open(`${sample.url}/notes`);
    await Promise.all([subscribed(visitor.page), visitor.signIn(ADA.email, ADA.password)]);
    await expectVisible(visitor.greeting(ADA.email));
    const [sameUser, otherUser] = await Promise.all([newVisitor(), newVisitor()]);
    await Promise.all([arrive(sameUser, ADA.email), arrive(otherUser, GRACE.email)]);
    await addNote(otherUser.page, `Grace, ${tokenTransport}`);
    await expectVisible(notes(otherUser.page));
    await addNote(visitor.page, `Ada, ${tokenTransport}`);
    await expectVisible(notes(sameUser.page));
    for (const { page } of [visitor, sameUser]) {
      expect(await notes(page).allInnerTexts()).toEqual([`Ada, ${tokenTransport}`]);
    }
    expect(await notes(otherUser.page).allInnerTexts()).toEqual([`Grace, ${tokenTransport}`]);
    await Promise.all([sameUser.leave(), otherUser.leave()]);
  });

  test('one field needs a second factor: the page asks for it, and answers the others without', async () => {
    const query = '{ me { email card } }';
    await arrive(visitor, ADA.email);
    await visitor.stepUp('Second factor');
    const dialog = visitor.page.getByRole('dialog', { name: 'Please sign in again' });
    await expectVisible(dialog.getByText('This needs a second factor or a passkey.'));
    await dialog.getByRole('button', { name: 'Not now' }).click();
    expect(await answer(query, 'errors')).toMatchObject({
      data: { me: { email: ADA.email, card: null } },
      errors: [
        {
          path: ['me', 'card'],
          extensions: { code: 'UNAUTHENTICATED', originalError: { code: 'step_up_required' } },
        },
      ],
    });
    await expectVisible(visitor.page.getByText('You did not sign in again.'));
  });

  test('a new login with a second factor answers that field, and the notes go on', async () => {
    await arrive(visitor, HEDY.email);
    await visitor.stepUp('Second factor');
    const subscribedAgain = subscribed(visitor.page);
    await visitor.signIn(HEDY.email, HEDY.password);
    await visitor.enterCode(hanko.totp(HEDY.email));
    await subscribedAgain;
    expect(await answer('{ me { email card } }', 'data')).toEqual({
      data: { me: { email: HEDY.email, card: '•••• 4242' } },
    });
    await expectVisible(visitor.page.getByText('pwd, totp'));
    await addNote(visitor.page, 'after the new login');
    await expectVisible(notes(visitor.page).filter({ hasText: 'after the new login' }));
  });

  test('signed out, the optional query answers, the protected one is refused, and nothing is left', async () => {
    await arrive(visitor, ADA.email);
    expect(await ask('Optional', '{ greeting }', 'data')).toEqual({
      data: { greeting: `Hello ${ADA.email}` },
    });
    await visitor.button('Sign out').click();
    await expectVisible(visitor.notice('You are signed out.'));
    expect(await notes(visitor.page).count()).toBe(0);
    expect(await ask('Optional', '{ greeting }', 'data')).toEqual({
      data: { greeting: 'Hello stranger' },
    });
    expect(await ask('Protected', '{ notes { text } }', 'errors')).toMatchObject({
      errors: [{ extensions: { originalError: { statusCode: 401, code: 'credentials_missing' } } }],
    });
  });

  test('has the token in the first frame in header mode, and in none in cookie mode', async () => {
    const [url, ...frames] = await arrive(visitor, ADA.email);
    expect(url).toBe(`${sample.url.replace('http', 'ws')}/graphql`);
    expect(frames.map((frame) => frame.includes('"token":"ey'))).toEqual([
      tokenTransport === 'header',
      false,
    ]);
  });

  test('axe finds nothing serious', async () => {
    await arrive(visitor, ADA.email);
    await addNote(visitor.page, 'looked at by axe');
    await ask('Protected', '{ notes { text } }', 'data');
    await expectVisible(notes(visitor.page).last());
    expect(await visitor.violations()).toEqual([]);
  });
});
