import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FakeHanko } from 'fake-hanko';
import { type Client, createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';

let hanko: FakeHanko;
let app: INestApplication;
let url: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  vi.stubEnv('HANKO_API_URL', hanko.url);
  vi.stubEnv('HANKO_AUDIENCE', 'localhost');
  const { AppModule } = await import('../../sample/06-graphql/src/app.module.js');
  app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
});

afterAll(async () => {
  await app?.close();
  await hanko?.stop();
  vi.unstubAllEnvs();
});

async function ask(query: string, token?: string): Promise<unknown> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

/** A page of the user with this token. */
async function connect(token?: string): Promise<Client> {
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { token },
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => undefined, // the app closes before the page does
  });
  await new Promise<void>((resolve) => client.on('connected', () => resolve()));
  return client;
}

/** All that the app sends to one operation. */
async function answers(page: Client, query: string): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  for await (const answer of page.iterate({ query })) all.push(answer);
  return all;
}

const NOTE_ADDED = 'subscription { noteAdded { text } }';

interface Added extends Record<string, unknown> {
  readonly noteAdded: { readonly text: string };
}

const refusal = (code: string, path: readonly string[]): object => ({
  path,
  extensions: { code: 'UNAUTHENTICATED', originalError: { statusCode: 401, code } },
});

describe('sample/06-graphql', () => {
  test('keeps the notes of each user for that user', async () => {
    const [ada, bob] = await Promise.all([hanko.token(), hanko.token()]);
    await ask('mutation { addNote(text: "of Ada") { id } }', ada);
    expect(await ask('{ notes { text } }', ada)).toEqual({ data: { notes: [{ text: 'of Ada' }] } });
    expect(await ask('{ notes { text } }', bob)).toEqual({ data: { notes: [] } });
  });

  test('answers an open field beside one that is refused', async () => {
    expect(await ask('{ greeting }')).toEqual({ data: { greeting: 'Hello stranger' } });
    const token = await hanko.token({ email: 'ada@example.test', amr: ['pwd'] });
    expect(await ask('{ greeting me { email card } }', token)).toMatchObject({
      data: { greeting: 'Hello ada@example.test', me: { email: 'ada@example.test', card: null } },
      errors: [refusal('step_up_required', ['me', 'card'])],
    });
    const stronger = await hanko.token({ amr: ['pwd', 'totp'] });
    expect(await ask('{ me { card } }', stronger)).toEqual({ data: { me: { card: '•••• 4242' } } });
  });

  test('refuses every operation without a token but the greeting', async () => {
    for (const [name, operation] of [
      ['notes', '{ notes { id } }'],
      ['me', '{ me { id } }'],
      ['addNote', 'mutation { addNote(text: "x") { id } }'],
    ] as const) {
      expect(await ask(operation)).toMatchObject({
        errors: [refusal('credentials_missing', [name])],
      });
    }
    const anonymous = await connect();
    expect(await answers(anonymous, NOTE_ADDED)).toMatchObject([
      { errors: [refusal('credentials_missing', ['noteAdded'])] },
    ]);
    await anonymous.dispose();
  });

  test('tells of a new note whoever has subscribed as the same user, until they leave', async () => {
    const [ada, bob] = await Promise.all([hanko.token(), hanko.token()]);
    // Known tokens are verified at once: messages of one socket are answered in their order.
    await Promise.all([ada, bob].map((token) => ask('{ me { id } }', token)));
    const pages = await Promise.all([ada, ada, bob].map(connect));
    const seen: unknown[][] = [];
    const subscriptions = pages.map((page, at) => {
      const texts: unknown[] = (seen[at] = []);
      return page.subscribe<Added>(
        { query: NOTE_ADDED },
        {
          next: ({ data }) => void texts.push(data?.noteAdded.text),
          error: (error) => void texts.push(error),
          complete: () => undefined,
        },
      );
    });
    // A message on each socket, and its answer: the subscription that was sent before is there.
    const settle = (): Promise<unknown> =>
      Promise.all(pages.map((page) => answers(page, '{ me { id } }')));
    await settle();
    await ask('mutation { addNote(text: "first") { id } }', ada);
    await ask('mutation { addNote(text: "of Bob") { id } }', bob);
    await settle();
    expect(seen).toEqual([['first'], ['first'], ['of Bob']]);
    subscriptions[1]?.();
    await settle();
    await ask('mutation { addNote(text: "second") { id } }', ada);
    await settle();
    expect(seen).toEqual([['first', 'second'], ['first'], ['of Bob']]);
    for (const page of pages) await page.dispose();
  });

  test('refuses a token once a webhook has said that its session has ended', async () => {
    const token = await hanko.token();
    const { data } = (await ask('{ me { sessionId } }', token)) as {
      data: { me: { sessionId: string } };
    };
    await hanko.sendWebhook(`${url}/webhooks/hanko`, 'session.delete.explicit.logout', {
      id: data.me.sessionId,
    });
    expect(await ask('{ me { id } }', token)).toMatchObject({
      errors: [refusal('session_revoked', ['me'])],
    });
  });
});
