import { setMaxListeners } from 'node:events';
import { Logger } from '@nestjs/common';
import { ofTenant, publishSession } from '../diagnostics/channels.js';
import { HankoTenantError, HankoUnavailableError } from '../errors/hanko.errors.js';
import { FetchFailure, NoSuchTenant } from '../http/fetch-failure.js';
import {
  type FetchBounds,
  fetchJson,
  type JsonReply,
  type JsonRequest,
} from '../http/fetch-json.js';
import { Semaphore } from '../http/semaphore.js';
import { type SharedCall, SharedCircuit } from '../http/shared-circuit.js';
import { printable } from '../util/printable.js';
import { question } from './session-question.js';
import { parseValidation, type SessionVerdict } from './session-verdict.js';

export interface SessionValidatorSettings extends Omit<
  FetchBounds,
  'signal' | 'maxBytes' | 'isBackground'
> {
  /** The whole address of `/sessions/validate`. */
  readonly url: string;
  /** The longest token that is asked about, in bytes. */
  readonly maxTokenBytes: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Whose sessions they are; undefined if the app has one Hanko. */
  readonly tenantId?: string | undefined;
}

/** How the last questions went. Times in milliseconds since 1970; null if there was none. */
export interface ValidatorStatus {
  readonly answeredAt: number | null;
  readonly failedAt: number | null;
  /** What went wrong last, without an address. */
  readonly failure: string | null;
  /** Milliseconds before Hanko is asked again; 0 while it is asked on demand. */
  readonly retryInMs: number;
  /** Whether no calls are made because those for several sessions had no reply. */
  readonly isFailing: boolean;
}

/** Calls at a time, and so connections: they are kept alive in between. */
const MAX_CALLS = 64;

/** Additional calls for sessions whose last one had no reply, so that calls that hang cannot block the others. */
const MAX_CALLS_AGAIN = 8;

/** A reply repeats the claims of the token, and Go writes each `<`, `>` and `&` in them as six letters. */
const maxReplyBytes = (maxTokenBytes: number): number => Math.max(65_536, 8 * maxTokenBytes);

/** Any reply to this invalid token shows that Hanko is reachable. */
const NO_TOKEN = 'nestjs-hanko.is-hanko-there';

/** How long a repeated warning about single requests is held back. */
const SAY_AGAIN_MS = 600_000;

/** The wait before the next test call if a request's call is under way. */
const LOOK_AGAIN_MS = 100;

/**
 * Asks Hanko about sessions: `POST` or `GET /sessions/validate`.
 *
 * After failures for several sessions no calls are made for a while. Then a test call, without a user's token, finds out
 * whether Hanko replies again: this needs no request, and no user's session decides it.
 */
export class SessionValidator {
  private readonly logger = new Logger('HankoSessions');
  private readonly closing = new AbortController();
  private readonly slots = new Semaphore(MAX_CALLS);
  private readonly slotsAgain = new Semaphore(MAX_CALLS_AGAIN);
  private readonly circuit: SharedCircuit;
  private answeredAt: number | null = null;
  private failedAt: number | null = null;
  private failure: string | null = null;
  /** When each kind of useless reply was last warned of. */
  private readonly saidAt = new Map<string, number>();
  private tryTimer: NodeJS.Timeout | undefined;
  private isTrying = false;
  private isRetired = false;

  constructor(private readonly settings: SessionValidatorSettings) {
    this.circuit = new SharedCircuit(settings.now);
    // Each call listens for the end of the app, so Node's warning of a leak would be wrong.
    setMaxListeners(0, this.closing.signal);
  }

  get status(): ValidatorStatus {
    const { answeredAt, failedAt, failure, circuit, isTrying } = this;
    return {
      answeredAt,
      failedAt,
      failure,
      // After the wait the next request calls Hanko, unless the test call comes first.
      isFailing: circuit.isOpen && (circuit.waitMs > 0 || isTrying),
      retryInMs: circuit.waitMs,
    };
  }

  /** Aborts calls that are under way, and makes no more. */
  close(): void {
    this.closing.abort();
    clearTimeout(this.tryTimer);
    this.dismissLines();
  }

  /** Makes no more test calls: nobody uses it any more, except for those that wait for a reply. */
  retire(): void {
    this.isRetired = true;
    clearTimeout(this.tryTimer);
  }

  /**
   * @param token verified.
   * @param sessionId the token's.
   * @param keepAlive whether this counts as activity of the user.
   * @param onSend called when the request is sent: it may have to wait for a free connection.
   * @throws HankoTenantError rejects with `tenant_unknown` if Hanko says that there is no such tenant.
   * @throws HankoUnavailableError rejects with `hanko_unavailable` if Hanko gives no usable reply.
   */
  async ask(
    token: string,
    sessionId: string,
    keepAlive: boolean,
    onSend: () => void = () => undefined,
  ): Promise<SessionVerdict> {
    const call = this.closing.signal.aborted ? null : this.circuit.enter(sessionId);
    if (call === null) throw this.unavailable(sessionId);
    const startedAt = performance.now();
    const isOfTenant = this.settings.tenantId !== undefined;
    try {
      const slots = this.circuit.hasFailed(sessionId) ? this.slotsAgain : this.slots;
      const reply = await this.call(question(token, keepAlive, isOfTenant), slots, onSend);
      const verdict = parseValidation(reply, sessionId);
      this.onAnswer(this.circuit.succeeded(call));
      const durationMs = performance.now() - startedAt;
      publishSession({
        outcome: verdict.isAlive ? 'alive' : 'ended',
        ...ofTenant(this.settings.tenantId),
        durationMs,
      });
      return verdict;
    } catch (error) {
      this.onFailure(
        error instanceof FetchFailure ? error : new FetchFailure('unexpected error'),
        call,
        startedAt,
      );
      if (error instanceof NoSuchTenant && isOfTenant) throw noTenant();
      throw this.unavailable(sessionId);
    }
  }

  /** @throws FetchFailure */
  private async call(
    request: JsonRequest,
    slots: Semaphore,
    onSend: () => void,
  ): Promise<JsonReply> {
    const { fetch, url, timeoutMs, maxTokenBytes } = this.settings;
    const { signal } = this.closing;
    const startedAt = performance.now();
    if (!(await slots.take(timeoutMs))) throw new NotAsked(this.whyNotAsked());
    onSend();
    try {
      const spentMs = performance.now() - startedAt;
      const maxBytes = maxReplyBytes(maxTokenBytes);
      return await fetchJson(url, { fetch, timeoutMs, spentMs, maxBytes, signal }, request);
    } finally {
      // The connection is free again only after the reply was read.
      setImmediate(() => slots.give());
    }
  }

  private dismissLines(): void {
    this.slots.dismiss();
    this.slotsAgain.dismiss();
  }

  private whyNotAsked(): string {
    if (this.closing.signal.aborted) return 'the app is closing';
    return this.circuit.isOpen
      ? 'earlier calls failed'
      : `no free connection within ${this.settings.timeoutMs} ms`;
  }

  private onAnswer(wasOpen: boolean): void {
    this.answeredAt = this.settings.now();
    if (wasOpen) this.logger.log(`${this.of}Hanko validates sessions again`);
  }

  private onFailure(failure: FetchFailure, call: SharedCall, startedAt: number): void {
    const reason = failure.message;
    this.failedAt = this.settings.now();
    this.failure = reason;
    if (failure.isOutage) this.onOutage(reason, call);
    else if (failure instanceof NotAsked || this.closing.signal.aborted) this.circuit.leave(call);
    else this.onUselessReply(reason, call);
    const retryInMs = this.circuit.waitMsOf(call.caller);
    const durationMs = performance.now() - startedAt;
    publishSession({
      outcome: 'failed',
      ...ofTenant(this.settings.tenantId),
      reason,
      errorType: failure.type,
      retryInMs,
      durationMs,
    });
  }

  private onOutage(reason: string, call: SharedCall): void {
    const opensNow = this.circuit.failed(call);
    if (this.circuit.isOpen) this.tryLater();
    if (!opensNow) return;
    // Calls that wait for a connection would fail too.
    this.dismissLines();
    // Once per outage: a log line per request would be noise.
    if (this.closing.signal.aborted) return;
    this.logger.warn(
      `${this.of}Hanko cannot validate sessions: ${reason}. ` +
        'Until it can, policies with onUnavailable: "accept" accept any valid token, and the others respond with 503.',
    );
  }

  /** A useless reply is still a reply: Hanko, or a gateway in front of it, can be reached. */
  private onUselessReply(reason: string, call: SharedCall): void {
    if (call.kind !== 'ordinary') this.onAnswer(this.circuit.tryAnswered(call));
    const now = this.settings.now();
    if (now - (this.saidAt.get(reason) ?? -Infinity) < SAY_AGAIN_MS) return;
    this.saidAt.set(reason, now);
    this.logger.warn(
      `${this.of}Hanko's reply about a session is unusable: ${reason}. Such requests get 503, ` +
        'unless their policy has onUnavailable: "accept". A gateway in front of Hanko may refuse long tokens.',
    );
  }

  private tryLater(): void {
    if (this.closing.signal.aborted || this.isRetired) return;
    clearTimeout(this.tryTimer);
    const waitMs = Math.max(this.circuit.waitMs, LOOK_AGAIN_MS);
    this.tryTimer = setTimeout(() => void this.tryAgain(), waitMs).unref();
  }

  /** Makes the test call. */
  private async tryAgain(): Promise<void> {
    if (this.circuit.enterTry()) {
      this.isTrying = true;
      const failure = await this.knock();
      this.isTrying = false;
      if (this.closing.signal.aborted) return;
      if (failure?.isOutage === true) this.circuit.tryFailed();
      else this.onAnswer(this.circuit.tryAnswered());
    }
    if (this.circuit.isOpen) this.tryLater();
  }

  private async knock(): Promise<FetchFailure | undefined> {
    const { fetch, url, timeoutMs, maxTokenBytes } = this.settings;
    const bounds = { fetch, timeoutMs, maxBytes: maxReplyBytes(maxTokenBytes), isBackground: true };
    try {
      const signal = this.closing.signal;
      await fetchJson(url, { ...bounds, signal }, question(NO_TOKEN, false, false));
      return undefined;
    } catch (failure) {
      return failure as FetchFailure;
    }
  }

  /** For the log: the tenant. */
  private get of(): string {
    const { tenantId } = this.settings;
    return tenantId === undefined ? '' : `Tenant "${printable(tenantId)}": `;
  }

  private unavailable(sessionId: string): HankoUnavailableError {
    return new HankoUnavailableError(
      'Hanko cannot validate sessions, see the log of HankoSessions',
      Math.max(1, Math.ceil(this.circuit.waitMsOf(sessionId) / 1000)),
    );
  }
}

/** A call that was not made says nothing about Hanko. */
class NotAsked extends FetchFailure {
  constructor(reason: string) {
    super(reason, { type: 'not_called' });
  }
}

const noTenant = (): HankoTenantError =>
  new HankoTenantError('Hanko says that there is no such tenant');
