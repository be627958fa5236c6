import { Agent, request } from 'node:http';
import type { Hook } from '../config/settings.js';

/** A webhook that was sent, or was to be; its token is a credential and is omitted. */
export interface WebhookDelivery {
  /** Its name, such as `email.send`. */
  readonly event: string;
  /** Address of the receiver. */
  readonly url: string;
  /** Status of the receiver's response, below 400 if all is well; null if there was none. */
  readonly status: number | null;
  /** Why there was no answer; null if there was one. */
  readonly error: string | null;
}

/** As Hanko's own client waits (hanko backend/webhooks/webhook.go). */
const TIMEOUT_MS = 10_000;
const MAX_UNDER_WAY = 100;
const MAX_DELIVERIES = 1000;

/**
 * Tells receivers on this machine of events, once each: nothing is tried again. The receivers of one
 * event are told one after another; what happens next does not wait for them.
 */
export class Webhooks {
  readonly deliveries: WebhookDelivery[] = [];
  private readonly agent = new Agent();
  private readonly abort = new AbortController();
  private readonly underWay = new Set<Promise<unknown>>();
  private isOpen = false;

  /** @param sign makes the token that says what happened. */
  constructor(
    private readonly hooks: readonly Hook[],
    private readonly sign: (event: string, data: unknown) => Promise<string>,
  ) {}

  /** From now on: what is there from the start is no event. */
  open(): void {
    this.isOpen = true;
  }

  /** Returns at once: who signs in does not wait for a receiver. */
  send(event: string, data: unknown): void {
    const hooks = this.hooks.filter(([, events]) => events.some((name) => event.startsWith(name)));
    if (hooks.length === 0 || !this.isOpen) return;
    const urls = hooks.map(([url]) => url);
    if (this.underWay.size >= MAX_UNDER_WAY) {
      const error = `more than ${MAX_UNDER_WAY} are waiting`;
      for (const url of urls) this.note({ event, url, status: null, error });
      return;
    }
    // Now, not when its turn comes: the token lives from the event on.
    const token = this.sign(event, data);
    token.catch(() => undefined);
    void this.track(this.deliverInTurn(urls, event, token));
  }

  /** Sends one by hand. @throws Error if there is no answer. */
  async sendOne(url: string, event: string, token: string): Promise<{ readonly status: number }> {
    const delivery = this.deliver(url, event, Promise.resolve(token));
    const { status, error } = await this.track(delivery);
    if (status === null) throw new Error(`FakeHanko: no response from ${url}: ${error}`);
    return { status };
  }

  /** Also what the receivers set off by what they did. */
  async settled(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  /** Cuts what is under way, and sends no more. */
  stop(): void {
    this.abort.abort();
    this.agent.destroy();
  }

  /** @param work must not fail. */
  private track<T>(work: Promise<T>): Promise<T> {
    const tracked = work.finally(() => this.underWay.delete(tracked));
    this.underWay.add(tracked);
    return tracked;
  }

  private async deliverInTurn(
    urls: readonly string[],
    event: string,
    token: Promise<string>,
  ): Promise<void> {
    for (const url of urls) await this.deliver(url, event, token);
  }

  private deliver(url: string, event: string, token: Promise<string>): Promise<WebhookDelivery> {
    return token
      .then((signed) => this.post(url, JSON.stringify({ token: signed, event })))
      .then(
        (status) => this.note({ event, url, status, error: null }),
        (failure: Error) => this.note({ event, url, status: null, error: failure.message }),
      );
  }

  private note(delivery: WebhookDelivery): WebhookDelivery {
    if (this.deliveries.length >= MAX_DELIVERIES) this.deliveries.shift();
    this.deliveries.push(delivery);
    return delivery;
  }

  private post(url: string, body: string): Promise<number> {
    const { agent } = this;
    const signal = AbortSignal.any([this.abort.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const headers = {
      'user-agent': 'Go-http-client/1.1',
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
