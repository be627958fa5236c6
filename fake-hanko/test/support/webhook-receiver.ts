import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { decodeJws } from './raw-http.js';

/** What came: the event of the body, and what the token says. */
export interface ReceivedWebhook {
  readonly event: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A receiver of webhooks on this machine. */
export class WebhookReceiver implements AsyncDisposable {
  readonly received: ReceivedWebhook[] = [];
  /** Answers; the default is 200 at once. */
  answer: RequestListener = (_request, response) => response.end();

  private readonly server = createServer((request, response) => {
    void text(request).then((json) => {
      const body = JSON.parse(json) as { token: string; event: string };
      const { claims } = decodeJws(body.token);
      this.received.push({ event: body.event, claims, headers: request.headers, body });
      return this.answer(request, response);
    });
  });

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`;
  }

  /** The names, in order of the alphabet: events overtake each other. */
  get events(): readonly string[] {
    return this.received.map(({ event }) => event).toSorted();
  }

  /** What the only webhook of this name says. */
  data(event: string): unknown {
    const found = this.received.filter((webhook) => webhook.event === event);
    if (found.length !== 1) throw new Error(`${found.length} webhooks of ${event}`);
    return found[0]?.claims.data;
  }

  /** Takes the names of what has come so far. */
  take(): readonly string[] {
    const { events } = this;
    this.received.length = 0;
    return events;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
