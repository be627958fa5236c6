import { Agent, request } from 'node:http';
import type { StoredHooks } from './stored-hooks.js';
import type { Hook } from '../config/settings.js';
import { isLocalUrl } from '../server/parse-url.js';

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

/** Whom to tell; with the id of what is stored about it. */
interface Receiver {
  readonly url: string;
  readonly id?: string;
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

  /**
   * @param stored receivers that come and go.
   * @param sign makes the token that says what happened.
   */
  constructor(
    private readonly hooks: readonly Hook[],
    private readonly stored: StoredHooks,
    private readonly sign: (event: string, data: unknown) => Promise<string>,
  ) {}

  /** From now on: what is there from the start is no event. */
  open(): void {
    this.isOpen = true;
  }

  /** Returns at once: who signs in does not wait for a receiver. */
  send(event: string, data: unknown): void {
    if (!this.isOpen) return;
    const receivers: readonly Receiver[] = [
      ...this.hooks
        .filter(([, events]) => events.some((name) => event.startsWith(name)))
        .map(([url]) => ({ url })),
      ...this.stored.for(event).map(({ id, callback }) => ({ url: callback, id })),
    ];
    if (receivers.length === 0) return;
    if (this.underWay.size >= MAX_UNDER_WAY) {
      const error = `more than ${MAX_UNDER_WAY} are waiting`;
      for (const { url } of receivers) this.note({ event, url, status: null, error });
      return;
    }
    // Now, not when its turn comes: the token lives from the event on.
    const token = this.sign(event, data);
    token.catch(() => undefined);
    void this.track(this.deliverInTurn(receivers, event, token));
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
    receivers: readonly Receiver[],
    event: string,
    token: Promise<string>,
  ): Promise<void> {
    for (const { url, id } of receivers) {
      const { status } = await this.deliver(url, event, token);
      if (id !== undefined) this.stored.note(id, status !== null && status < 400);
    }
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

  private async post(url: string, body: string): Promise<number> {
    // Whoever reaches the Admin API can store any address.
    if (!isLocalUrl(url)) throw new Error('it is not on this machine, or not http://');
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
