import { type Agent, type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { AddressInfo } from 'node:net';
import { Controller, Get, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { vi } from 'vitest';
import { CapturedLog } from './log.js';

// RSA keys are made and apps are started: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

/** Every behaviour over HTTP is tested on both. */
export const PLATFORMS = ['Express', 'Fastify'] as const;
export type Platform = (typeof PLATFORMS)[number];

export type HeaderFields =
  Readonly<Record<string, string>> | readonly (readonly [string, string])[];

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; undefined if it is none. */
  readonly body: unknown;
}

interface SendOptions {
  readonly method?: string;
  readonly body?: string;
  /** Default: a connection for each request. */
  readonly agent?: Agent;
}

/** Sends header fields exactly as given, repeated ones and `Host` included. */
export async function send(
  url: string,
  headers: HeaderFields = {},
  { method = 'GET', body, agent }: SendOptions = {},
): Promise<Answer> {
  const fields = Array.isArray(headers) ? (headers as [string, string][]) : Object.entries(headers);
  const { host } = new URL(url);
  const hasHost = fields.some(([name]) => name.toLowerCase() === 'host');
  const framing =
    body === undefined && method === 'GET'
      ? []
      : [['Content-Length', String(Buffer.byteLength(body ?? ''))]];
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, {
      method,
      agent: agent ?? false,
      headers: [...(hasHost ? [] : [['Host', host]]), ...framing, ...fields].flat(),
    });
    request.once('error', reject).once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject).once('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          body: parseJson(text),
        });
      });
    });
    request.end(body);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A started app that listens on loopback. */
export interface RunningApp extends AsyncDisposable {
  readonly app: INestApplication;
  readonly url: string;
  readonly log: CapturedLog;
  get(path: string, headers?: HeaderFields): Promise<Answer>;
  request(method: string, path: string, headers?: HeaderFields): Promise<Answer>;
}

export interface StartOptions {
  readonly log?: CapturedLog;
  /** Overrides of providers and guards. */
  readonly override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
  /** What main.ts would do between `create` and `listen`. */
  readonly configure?: (app: INestApplication) => unknown;
}

const createAdapter = (platform: Platform): ExpressAdapter | FastifyAdapter =>
  platform === 'Express' ? new ExpressAdapter() : new FastifyAdapter();

/** Makes an app of one module with this metadata and lets it listen. Rejects as a real start does. */
export async function startApp(
  platform: Platform,
  metadata: ModuleMetadata,
  { log = new CapturedLog(), override = (builder) => builder, configure }: StartOptions = {},
): Promise<RunningApp> {
  const testing = await override(Test.createTestingModule(metadata).setLogger(log)).compile();
  const app = testing.createNestApplication(createAdapter(platform));
  try {
    await configure?.(app);
    await app.listen(0, '127.0.0.1');
  } catch (error) {
    await app.close();
    throw error;
  }
  const { port } = app.getHttpServer().address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    app,
    url,
    log,
    get: (path, headers) => send(url + path, headers),
    request: (method, path, headers) => send(url + path, headers, { method }),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

export const bearer = (token: string): Record<string, string> => ({
  Authorization: `Bearer ${token}`,
});

export const cookie = (...tokens: readonly string[]): Record<string, string> => ({
  Cookie: tokens.map((token) => `hanko=${token}`).join('; '),
});

/** What was published on a diagnostics channel. */
interface Recorded extends Disposable {
  /** Without `durationMs`, which differs each time. */
  readonly messages: unknown[];
  readonly durations: unknown[];
}

/** Collects what is published on a diagnostics channel until it is disposed of. */
export function recordChannel(name: string): Recorded {
  const messages: unknown[] = [];
  const durations: unknown[] = [];
  const listener = (message: unknown): void => {
    const { durationMs, ...rest } = message as { durationMs?: unknown };
    messages.push(rest);
    durations.push(durationMs);
  };
  subscribe(name, listener);
  return { messages, durations, [Symbol.dispose]: () => void unsubscribe(name, listener) };
}

/** A time that stands still until it is told to move. */
export class FakeClock {
  private time = Date.now();

  readonly now = (): number => this.time;

  advanceSeconds(seconds: number): void {
    this.time += seconds * 1000;
  }
}

/** For tests that only need some route. */
@Controller()
export class PlainController {
  @Get('plain')
  plain(): string {
    return 'plain';
  }
}
