import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type CanActivate, Injectable } from '@nestjs/common';
import { expect } from 'vitest';
import type { Answer } from './app.js';

/** Where Hanko is asked whether a session is alive. */
export const VALIDATE = '/sessions/validate';

/** What a caller is told whose session has ended: the whole answer. */
export function expectRevoked(answer: Answer): void {
  const { 'www-authenticate': challenge, 'retry-after': retryAfter } = answer.headers;
  expect({ status: answer.status, challenge, retryAfter, body: answer.body }).toEqual({
    status: 401,
    challenge: 'Bearer error="invalid_token", error_description="The session has ended"',
    retryAfter: undefined,
    body: { statusCode: 401, code: 'session_revoked', message: 'The session has ended' },
  });
}

/** Counts the requests that have come as far as the guards. Bind it before the guard of interest. */
@Injectable()
export class ArrivalGuard implements CanActivate {
  private count = 0;
  private readonly waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  canActivate(): boolean {
    this.count += 1;
    for (const { count, resolve } of this.waiting) {
      // By then the last one is past the guards that need nothing but promises.
      if (this.count === count) setImmediate(resolve);
    }
    return true;
  }

  /** Resolves when so many have come, and gone on as far as they could. */
  until(count: number): Promise<void> {
    if (this.count >= count) return new Promise((resolve) => setImmediate(resolve));
    return new Promise((resolve) => this.waiting.push({ count, resolve }));
  }
}

/** A `fetch` whose questions about sessions wait until they are let go. */
export class HeldFetch {
  private letGo: () => void = () => undefined;
  private onAsked: () => void = () => undefined;
  private readonly gone = new Promise<void>((resolve) => {
    this.letGo = resolve;
  });

  /** Resolves when there is a first question. */
  readonly isAsked = new Promise<void>((resolve) => {
    this.onAsked = resolve;
  });

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    if (url.endsWith(VALIDATE)) {
      this.onAsked();
      await this.gone;
    }
    return fetch(input, init);
  };

  /** From now on nothing waits. */
  release(): void {
    this.letGo();
  }
}

/** A question as Hanko gets it. */
export interface SpiedQuestion {
  readonly method: string;
  /** With the query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface SpiedAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Stands between an app and Hanko: sees what is asked about sessions, and can answer otherwise. */
export class SessionSpy implements AsyncDisposable {
  readonly questions: SpiedQuestion[] = [];
  /** What becomes of Hanko's answers about sessions. */
  change: (answer: SpiedAnswer) => SpiedAnswer = (answer) => answer;
  private readonly server = createServer((request, response) => {
    this.pass(request).then(
      ({ status, body }) =>
        response
          .writeHead(status, { 'content-type': 'application/json' })
          .end(JSON.stringify(body)),
      () => response.destroy(),
    );
  });

  private constructor(private readonly hanko: string) {}

  static async start(hanko: string): Promise<SessionSpy> {
    const spy = new SessionSpy(hanko);
    await new Promise<void>((resolve) => spy.server.listen(0, '127.0.0.1', resolve));
    return spy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async pass(request: IncomingMessage): Promise<SpiedAnswer> {
    const { method = '', url = '', headers } = request;
    const body = await text(request);
    const isAboutSession = url.includes('/sessions/');
    if (isAboutSession) this.questions.push({ method, url, headers, body });
    const { authorization, 'content-type': contentType } = headers;
    const response = await fetch(this.hanko + url, {
      method,
      headers: {
        ...(authorization !== undefined && { authorization }),
        ...(contentType !== undefined && { 'content-type': contentType }),
      },
      ...(method === 'POST' && { body }),
    });
    const answer: SpiedAnswer = { status: response.status, body: await response.json() };
    return isAboutSession ? this.change(answer) : answer;
  }
}
