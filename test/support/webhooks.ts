import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { type Agent, createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  Controller,
  Get,
  type INestApplication,
  Injectable,
  type ModuleMetadata,
  type NestApplicationOptions,
  type Provider,
  type Type,
} from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  CurrentUser,
  HANKO_CHANNELS,
  HankoModule,
  type HankoModuleOptions,
  OptionalAuth,
  RequireAuth,
} from 'nestjs-hanko';
import { type FakeHanko, type WebhookShape } from 'fake-hanko';
import {
  type HankoEvent,
  HankoWebhooksModule,
  type HankoWebhooksOptions,
  OnHankoEvent,
} from 'nestjs-hanko/webhooks';
import { expect } from 'vitest';
import { type Answer, type HeaderFields, type Platform, type RunningApp, send } from './app.js';
import { CapturedLog } from './log.js';

/** Where the apps of these tests receive, unless a test says otherwise. */
export const PATH = 'webhooks/hanko';

/** What a listener of `nestjs-hanko:webhook` gets. */
export type WebhookMessage = Readonly<Record<string, unknown>>;

/** Keeps every event that the app was told of. */
@Injectable()
export class EventRecorder {
  readonly events: HankoEvent[] = [];

  @OnHankoEvent()
  record(event: HankoEvent): void {
    this.events.push(event);
  }
}

/** Says who calls. Sessions are verified offline: only webhooks can end them. */
@Controller()
export class WhoController {
  @RequireAuth()
  @Get('closed')
  closed(@CurrentUser('sessionId') sessionId: string): string {
    return sessionId;
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser('sessionId') sessionId: string | null): string {
    return sessionId ?? 'nobody';
  }
}

export interface ReceiverSetup {
  readonly hanko: FakeHanko;
  readonly options?: HankoModuleOptions;
  readonly webhooks?: Partial<HankoWebhooksOptions>;
  /** In place of `HankoModule` and `HankoWebhooksModule`. */
  readonly imports?: ModuleMetadata['imports'];
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Provider[];
  /** What main.ts would pass to `create`. */
  readonly application?: NestApplicationOptions;
  /** What main.ts would do between `create` and `listen`. */
  readonly configure?: (app: INestApplication) => unknown;
  /** Where to post. Default `/webhooks/hanko`. */
  readonly at?: string;
  /** Fastify's limit of bodies that it parses, in bytes. */
  readonly bodyLimit?: number;
}

/** A started app that receives webhooks. */
export interface ReceiverApp extends RunningApp {
  /** Address of its receiver. */
  readonly hook: string;
  /** Events that a handler of the app was called with. */
  readonly events: readonly HankoEvent[];
  /** Posts to the receiver: text as it stands, everything else as JSON. */
  post(body: unknown, headers?: HeaderFields, agent?: Agent): Promise<Answer>;
  /** Posts an event as Hanko does. */
  deliver(event: string, data: unknown, shape?: WebhookShape): Promise<Answer>;
}

const JSON_TYPE = { 'Content-Type': 'application/json' };

export async function startReceiver(
  platform: Platform,
  {
    hanko,
    options = {},
    webhooks = {},
    imports,
    controllers = [],
    providers = [],
    application = {},
    configure,
    at = `/${PATH}`,
    bodyLimit,
  }: ReceiverSetup,
): Promise<ReceiverApp> {
  const log = new CapturedLog();
  const testing = await Test.createTestingModule({
    imports: imports ?? [
      HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', ...options }),
      HankoWebhooksModule.forRoot({ path: PATH, ...webhooks }),
    ],
    controllers: [WhoController, ...controllers],
    providers: [EventRecorder, ...providers],
  })
    .setLogger(log)
    .compile();
  const adapter =
    platform === 'Express'
      ? new ExpressAdapter()
      : new FastifyAdapter(bodyLimit === undefined ? {} : { bodyLimit });
  const app = testing.createNestApplication(adapter, application);
  try {
    await configure?.(app);
    await app.listen(0, '127.0.0.1');
  } catch (error) {
    await app.close();
    throw error;
  }
  const { port } = app.getHttpServer().address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const post: ReceiverApp['post'] = (body, headers = JSON_TYPE, agent) =>
    send(url + at, headers, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(agent !== undefined && { agent }),
    });
  return {
    app,
    url,
    log,
    hook: url + at,
    events: app.get(EventRecorder).events,
    get: (path, headers) => send(url + path, headers),
    request: (method, path, headers) => send(url + path, headers, { method }),
    post,
    deliver: async (event, data, shape) =>
      post({ token: await hanko.webhookToken(event, data, shape), event }),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

/** What Hanko is told: the whole answer, which says nothing but this. */
export function expectAnswer(answer: Answer, status: number, code: string): void {
  const { 'content-type': type, 'retry-after': retryAfter } = answer.headers;
  expect({
    status: answer.status,
    type,
    hasRetryAfter: /^[1-9]\d*$/.test(retryAfter ?? ''),
    body: answer.body ?? answer.text,
  }).toEqual({
    status,
    type: 'application/json',
    hasRetryAfter: status === 503,
    body: { statusCode: status, code },
  });
}

export const expectDone = (answer: Answer): void => expectAnswer(answer, 200, 'ok');
export const expectInvalid = (answer: Answer): void => expectAnswer(answer, 400, 'webhook_invalid');
export const expectFailed = (answer: Answer): void =>
  expectAnswer(answer, 500, 'webhook_handler_failed');

/** Resolves with the next message on `nestjs-hanko:webhook` that has this outcome. */
export function nextWebhook(outcome: string): Promise<WebhookMessage> {
  return new Promise((resolve) => {
    const listener = (message: unknown): void => {
      if ((message as WebhookMessage).outcome !== outcome) return;
      unsubscribe(HANKO_CHANNELS.webhook, listener);
      resolve(message as WebhookMessage);
    };
    subscribe(HANKO_CHANNELS.webhook, listener);
  });
}

/** Something that waits until it is let go. */
export class Gate {
  open: () => void = () => undefined;
  readonly isOpen = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

/**
 * Stands between FakeHanko, which has to know its receivers when it starts, and an app that starts
 * later, on a port of its own.
 */
export class Relay implements AsyncDisposable {
  /** The receiver; while there is none, deliveries are answered 200 and come to nothing. */
  target: string | null = null;
  /** Statuses that the receiver answered with. */
  readonly statuses: number[] = [];
  private readonly server = createServer((request, response) => {
    void text(request)
      .then(async (body) => {
        if (this.target === null) return 200;
        const { status } = await send(this.target, JSON_TYPE, { method: 'POST', body });
        this.statuses.push(status);
        return status;
      })
      .then(
        (status) => response.writeHead(status).end(),
        () => response.destroy(),
      );
  });

  static async start(): Promise<Relay> {
    const relay = new Relay();
    await new Promise<void>((resolve) => relay.server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}

interface RecordedDelivery {
  readonly takenAt: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly token: string; readonly event: string };
  readonly decoded: { readonly payload: { readonly data: unknown; readonly aud: string[] } };
}

/** What a real server posted, in the order in which it did. */
export function recordedDeliveries(file: string): readonly RecordedDelivery[] {
  const url = new URL(`../../fake-hanko/test/fixtures/server/${file}`, import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as { exchanges: RecordedDelivery[] }).exchanges;
}

/** A POST whose body is sent piece by piece, without Content-Length. */
export interface OpenPost {
  write(piece: string): void;
  end(): void;
  /** Goes away without an end. */
  abort(): void;
  /** The status; null if the connection was cut before there was one. */
  readonly status: Promise<number | null>;
  /** The answer's body; empty if there is none. */
  readonly text: Promise<string>;
}

export function openPost(url: string, headers: Readonly<Record<string, string>> = {}): OpenPost {
  const request = httpRequest(url, {
    method: 'POST',
    agent: false,
    headers: { ...JSON_TYPE, ...headers },
  });
  const answer = new Promise<{ status: number | null; text: string }>((resolve) => {
    request.on('error', () => resolve({ status: null, text: '' }));
    request.on('response', (response) => {
      const { statusCode = 0 } = response;
      text(response).then(
        (body) => resolve({ status: statusCode, text: body }),
        () => resolve({ status: statusCode, text: '' }),
      );
    });
  });
  request.flushHeaders();
  return {
    write: (piece) => void request.write(piece),
    end: () => void request.end(),
    abort: () => void request.destroy(),
    status: answer.then(({ status }) => status),
    text: answer.then(({ text: body }) => body),
  };
}
