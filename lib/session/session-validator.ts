import { setMaxListeners } from 'node:events';
import { Logger } from '@nestjs/common';
import { publishSession } from '../diagnostics/channels.js';
import { HankoUnavailableError } from '../errors/hanko.errors.js';
import {
  type FetchBounds,
  fetchJson,
  type JsonAnswer,
  type JsonRequest,
} from '../http/bounded-fetch.js';
import { CircuitBreaker } from '../http/circuit-breaker.js';
import { FetchFailure } from '../http/exchange.js';
import { Slots } from '../http/slots.js';
import { parseValidation, type ValidationAnswer } from './validation-answer.js';

export interface SessionValidatorSettings extends Omit<FetchBounds, 'signal' | 'maxBytes'> {
  /** The whole address of `/sessions/validate`. */
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** How the last questions went. Times in milliseconds since 1970; null if there was none. */
export interface ValidatorStatus {
  readonly answeredAt: number | null;
  readonly failedAt: number | null;
  /** What went wrong last, without an address. */
  readonly failure: string | null;
  /** Milliseconds before Hanko is asked again; 0 while it is asked on demand. */
  readonly retryInMs: number;
  /** Whether the last question was not answered. */
  readonly isFailing: boolean;
}

/** Calls at a time, and so connections: `fetch` keeps them alive in between. */
const MAX_CALLS = 64;

/** The claims of a token fit in the largest token that is let through, and are said once. */
const MAX_ANSWER_BYTES = 65_536;

/** Asks Hanko about sessions: `POST` or `GET /sessions/validate` (contract §4). */
export class SessionValidator {
  private readonly logger = new Logger('HankoSessions');
  private readonly closing = new AbortController();
  private readonly slots = new Slots(MAX_CALLS);
  private readonly circuit: CircuitBreaker;
  private answeredAt: number | null = null;
  private failedAt: number | null = null;
  private failure: string | null = null;
  private isFailing = false;

  constructor(private readonly settings: SessionValidatorSettings) {
    this.circuit = new CircuitBreaker(settings.now);
    // Each call listens for the end of the app: that is no leak.
    setMaxListeners(0, this.closing.signal);
  }

  get status(): ValidatorStatus {
    const { answeredAt, failedAt, failure, isFailing } = this;
    return { answeredAt, failedAt, failure, isFailing, retryInMs: this.circuit.waitMs };
  }

  /** Gives up what is under way, and asks no more. */
  close(): void {
    this.closing.abort();
    this.slots.dismiss();
  }

  /**
   * @param token verified.
   * @param sessionId the token's.
   * @param keepAlive whether this counts as activity of the user.
   * @throws HankoUnavailableError `hanko_unavailable` if Hanko does not say, by the promise.
   */
  async ask(token: string, sessionId: string, keepAlive: boolean): Promise<ValidationAnswer> {
    const isTry = this.circuit.isOpen;
    if (this.closing.signal.aborted || !this.circuit.enter()) throw this.unavailable();
    try {
      return this.onAnswer(parseValidation(await this.call(token, keepAlive), sessionId));
    } catch (error) {
      this.onFailure(error instanceof FetchFailure ? error.message : 'unexpected error', isTry);
      throw this.unavailable();
    }
  }

  /** @throws FetchFailure */
  private async call(token: string, keepAlive: boolean): Promise<JsonAnswer> {
    const { fetch, url, timeoutMs } = this.settings;
    const { signal } = this.closing;
    const startedAt = performance.now();
    if (!(await this.slots.take(timeoutMs))) {
      if (signal.aborted) throw new FetchFailure('the app is closing');
      throw new FetchFailure(
        this.circuit.isOpen ? 'those before it failed' : `no answer within ${timeoutMs} ms`,
      );
    }
    try {
      const spentMs = performance.now() - startedAt;
      const bounds = { fetch, timeoutMs, spentMs, maxBytes: MAX_ANSWER_BYTES, signal };
      return await fetchJson(url, bounds, question(token, keepAlive));
    } finally {
      // The platform has the connection back a moment after the answer was read.
      setImmediate(() => this.slots.give());
    }
  }

  private onAnswer(answer: ValidationAnswer): ValidationAnswer {
    this.answeredAt = this.settings.now();
    this.isFailing = false;
    if (this.circuit.succeeded()) this.logger.log('Hanko can be asked about sessions again');
    publishSession({ outcome: answer.isAlive ? 'alive' : 'ended' });
    return answer;
  }

  private onFailure(reason: string, isTry: boolean): void {
    this.failedAt = this.settings.now();
    this.failure = reason;
    this.isFailing = true;
    const opensNow = this.circuit.failed(isTry);
    // Who is still in line would only fail too.
    if (opensNow) this.slots.dismiss();
    // Once per outage: a log line per request would be noise.
    if (opensNow && !this.closing.signal.aborted) {
      this.logger.warn(
        `Hanko cannot be asked about sessions: ${reason}. ` +
          'Until it can, policies with onUnavailable: "accept" let sessions through unasked, and others answer 503.',
      );
    }
    publishSession({ outcome: 'failed', reason, retryInMs: this.circuit.waitMs });
  }

  private unavailable(): HankoUnavailableError {
    return new HankoUnavailableError(
      'Hanko cannot be asked about sessions, see the log of HankoSessions',
      Math.max(1, Math.ceil(this.circuit.waitMs / 1000)),
    );
  }
}

function question(token: string, keepAlive: boolean): JsonRequest {
  const statuses = [200, 400];
  if (!keepAlive) return { statuses, headers: { authorization: `Bearer ${token}` } };
  return {
    statuses,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ session_token: token }),
  };
}
