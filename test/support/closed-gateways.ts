import type { INestApplication, Type } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { FakeHanko } from 'fake-hanko';
import { type HankoForRootOptions, HankoModule, hankoSockets } from 'nestjs-hanko';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type Platform, type RunningApp, startApp } from './app.js';
import { type Library, type Opening, openSocketIo, openWs } from './gateways.js';

export let hanko: FakeHanko;
/** Of a new user in each test. */
export let token: string;

/** To be called once in a file of tests. */
export function useHankoWithTokens(): void {
  beforeAll(async () => {
    hanko = await FakeHanko.start();
  });
  beforeEach(async () => {
    token = await hanko.token();
  });
  afterAll(() => hanko.stop());
}

/** For `configure` of `startApp`: the one line of a `main.ts`. */
export const closeLibrary =
  (library: Library) =>
  (app: INestApplication): void =>
    void app.useWebSocketAdapter(
      hankoSockets(app, library === 'ws' ? new WsAdapter(app) : new IoAdapter(app)),
    );

/** An app whose gateways are closed. */
export const startClosed = (
  library: Library,
  { url: apiUrl }: Pick<FakeHanko, 'url'>,
  gateways: readonly Type[],
  {
    platform = 'Express',
    options,
    configure = closeLibrary(library),
  }: {
    readonly platform?: Platform;
    readonly options?: HankoForRootOptions;
    readonly configure?: (app: INestApplication) => unknown;
  } = {},
): Promise<RunningApp> =>
  startApp(
    platform,
    {
      imports: [HankoModule.forRoot({ apiUrl, audience: 'localhost', ...options })],
      providers: [...gateways],
    },
    { configure },
  );

/** How a client was answered that wanted to connect. */
export interface ConnectAnswer {
  /** Of HTTP, or in the body; 0 for who is in. */
  readonly status: number;
  readonly code?: string;
  readonly body?: unknown;
  /** Of ws. */
  readonly headers?: Readonly<Record<string, unknown>>;
}

/** Tries to connect, and leaves at once. */
export const tryToConnect = (
  library: Library,
  url: string,
  opening: Opening = {},
): Promise<ConnectAnswer> => (library === 'ws' ? tryWs(url, opening) : trySocketIo(url, opening));

const IN: ConnectAnswer = { status: 0 };

function tryWs(url: string, opening: Opening): Promise<ConnectAnswer> {
  const socket = openWs(url, opening);
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      socket.terminate();
      resolve(IN);
    });
    socket.once('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.once('end', () => {
        const status = response.statusCode ?? -1;
        resolve({ status, headers: response.headers, ...bodyOf(text) });
      });
    });
    socket.once('error', reject);
  });
}

function bodyOf(text: string): Pick<ConnectAnswer, 'code' | 'body'> {
  if (!text.startsWith('{')) return { body: text };
  const body = JSON.parse(text) as { code?: string };
  return { body, ...(body.code !== undefined && { code: body.code }) };
}

function trySocketIo(url: string, opening: Opening): Promise<ConnectAnswer> {
  const socket = openSocketIo(url, opening);
  return new Promise((resolve) => {
    const answer = (found: ConnectAnswer): void => {
      socket.disconnect();
      resolve(found);
    };
    socket.once('connect', () => answer(IN));
    socket.once('connect_error', (error) => {
      const { data } = error as { data?: { statusCode: number; code?: string } };
      answer({
        status: data?.statusCode ?? -1,
        ...(data?.code !== undefined && { code: data.code }),
        body: data ?? error.message,
      });
    });
  });
}

/** Waits for what this process does by itself. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
