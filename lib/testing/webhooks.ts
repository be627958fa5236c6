import { Agent, request } from 'node:http';
import type { Hook } from './options.js';

/** A webhook that was sent, or was to be; its token is a credential and is left out. */
export interface WebhookDelivery {
  /** Its name, such as `email.send`. */
  readonly event: string;
  /** Of the receiver. */
  readonly url: string;
  /** Of the receiver's answer, below 400 if all is well; null if there was none. */
  readonly status: number | null;
  /** Why there was no answer; null if there was one. */
  readonly error: string | null;
}

/** As Hanko's own client waits (hanko backend/webhooks/webhook.go). */
const TIMEOUT_MS = 10_000;
const MAX_WAITING = 100;
const MAX_DELIVERIES = 1000;

/** Tells receivers on this machine of events, one after another and once each: nothing is tried again. */
export class Webhooks {
  readonly deliveries: WebhookDelivery[] = [];
  private readonly agent = new Agent();
  private readonly abort = new AbortController();
  private waiting = 0;
  private last: Promise<void> = Promise.resolve();

  /** @param sign makes the token that says what happened. */
  constructor(
    private readonly hooks: readonly Hook[],
    private readonly sign: (event: string, data: unknown) => Promise<string>,
  ) {}

  /** Returns at once: who signs in does not wait for a receiver. */
  send(event: string, data: unknown): void {
    const hooks = this.hooks.filter(([, events]) => events.some((name) => event.startsWith(name)));
    if (hooks.length === 0) return;
    // Now, not when its turn comes: the token lives from the event on.
    const token = this.sign(event, data);
    token.catch(() => undefined);
    for (const [url] of hooks) this.enqueue(url, event, token);
  }

  /** Cuts what is under way, and sends no more. */
  stop(): void {
    this.abort.abort();
    this.agent.destroy();
  }

  private enqueue(url: string, event: string, token: Promise<string>): void {
    const note = (status: number | null, error: string | null): void => {
      if (this.deliveries.length >= MAX_DELIVERIES) this.deliveries.shift();
      this.deliveries.push({ event, url, status, error });
    };
    if (this.waiting >= MAX_WAITING) return note(null, `more than ${MAX_WAITING} are waiting`);
    this.waiting += 1;
    this.last = this.last
      .then(async () => this.post(url, JSON.stringify({ token: await token, event })))
      .then(
        (status) => note(status, null),
        (failure: Error) => note(null, failure.message),
      )
      .finally(() => {
        this.waiting -= 1;
      });
  }

  private post(url: string, body: string): Promise<number> {
    const { agent } = this;
    const signal = AbortSignal.any([this.abort.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    return new Promise((resolve, reject) => {
      request(url, { method: 'POST', headers, agent, signal }, (response) => {
        // The status is all that counts.
        response.destroy();
        resolve(response.statusCode ?? 0);
      })
        .on('error', reject)
        .end(body);
    });
  }
}
