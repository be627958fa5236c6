import type { webcrypto } from 'node:crypto';
import { Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ofTenant, publishJwks } from '../diagnostics/channels.js';
import {
  HankoTenantError,
  HankoTokenError,
  HankoUnavailableError,
} from '../errors/hanko.errors.js';
import { CircuitBreaker } from '../http/circuit-breaker.js';
import { FetchFailure, NoSuchTenant } from '../http/fetch-failure.js';
import { exchangeWithin } from '../http/fetch-json.js';
import { holdingProcess } from '../http/holding-process.js';
import { fetchHint } from './fetch-hint.js';
import { importKeys, parseJwkSet, type VerificationKeys } from './jwk-set.js';
import type { RemoteJwksSettings } from './remote-jwks-settings.js';
import { JWKS_REQUEST, readJwksReply } from './jwks-reply.js';
import type { JwksProvider, JwksStatus } from './jwks-provider.js';
import { withoutCredentials } from '../util/parse-url.js';
import { printable } from '../util/printable.js';

/** Keys in use are refreshed in the background once this share of their life is over. */
const REFRESH_AT = 0.8;

/**
 * Hanko's JWKS, cached as a whole.
 *
 * - A known key of a fresh set is returned at once, without a promise.
 * - There is at most one fetch at a time; all who need keys wait for it.
 * - A `kid` that a fresh set does not have is either new or forged: it causes at most one fetch per cooldown. Other
 *   fetches do not start the cooldown, so a rotation is normally accepted at once.
 * - After a failed fetch there is none for a while (back-off), and the last good keys are used for a bounded time
 *   (stale-if-error, RFC 5861 §4). Then the keys are fetched again without a request: a load balancer sends none while
 *   the app reports that it is down.
 * - A fetch does not keep the process running, unless a request waits for it.
 */
export class RemoteJwks implements JwksProvider, OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('HankoJwks');
  private readonly closing = new AbortController();
  private keys: VerificationKeys = new Map();
  /** Time of the last good fetch; -Infinity before the first one. */
  private fetchedAt = -Infinity;
  /** The fetch under way. Never rejects; resolves to whether it succeeded. */
  private inFlight: Promise<boolean> | undefined;
  /** Time of the last good fetch that an unknown `kid` caused. */
  private unknownKidFetchAt = -Infinity;
  /** The last warning about unusable keys: logged once, not at each refresh. */
  private unusable = '';
  private failedAt: number | null = null;
  private failure: string | null = null;
  /** Ends the back-off. */
  private retryTimer: NodeJS.Timeout | undefined;
  /** Whether Hanko said, last, that there is no such tenant. */
  private isUnknown = false;
  private isRetired = false;

  /** A fetch serves all requests, so one failure is enough to wait. */
  private readonly circuit: CircuitBreaker;

  constructor(private readonly settings: RemoteJwksSettings) {
    this.circuit = new CircuitBreaker(settings.now, { maxFailures: 1 });
  }

  /** Prefetches while the app starts, without holding it up. */
  onModuleInit(): void {
    void this.fetchOnce();
  }

  onModuleDestroy(): void {
    this.closing.abort();
    this.retire();
  }

  /** Fetches nothing more without a request: nobody uses it any more, except for those that wait for a reply. */
  retire(): void {
    this.isRetired = true;
    clearTimeout(this.retryTimer);
  }

  /** The moduli of the keys, by which they can be told apart, whatever they are called. */
  get moduli(): readonly string[] {
    return [...this.keys.values()].map(({ n }) => n);
  }

  status(): JwksStatus {
    const { fetchedAt, failedAt, failure, keys } = this;
    const age = this.elapsedSince(fetchedAt);
    const state = this.isFresh(age) ? 'fresh' : this.servesStale(age) ? 'stale' : 'missing';
    return {
      // Keys that are only old are fetched again by the next request: nothing is wrong.
      state: state === 'missing' && keys.size > 0 && !this.circuit.isOpen ? 'fresh' : state,
      fetchedAt: Number.isFinite(fetchedAt) ? fetchedAt : null,
      failedAt,
      failure,
    };
  }

  getKey(kid: string): webcrypto.CryptoKey | Promise<webcrypto.CryptoKey> {
    const nowMs = this.settings.now();
    if (nowMs < this.fetchedAt) this.onClockSetBack();
    const age = nowMs - this.fetchedAt;
    const known = this.keys.get(kid);
    if (known !== undefined && (this.isFresh(age) || this.servesStale(age))) {
      if (age >= this.settings.cacheSeconds * 1000 * REFRESH_AT && this.circuit.waitMs === 0) {
        void this.fetchOnce();
      }
      return known.key;
    }
    return this.findKey(kid);
  }

  private async findKey(kid: string): Promise<webcrypto.CryptoKey> {
    const joined = this.inFlight;
    if (joined !== undefined) {
      const succeeded = await holdingProcess(joined);
      const key = this.usableKey(kid);
      if (key !== undefined) return key;
      if (!succeeded) throw this.unavailable();
      // That fetch may have started before the key was made, so the key may exist.
    }

    // A fetch that is under way now started after this call, so its reply is final.
    const succeeded = await holdingProcess(this.inFlight ?? this.fetchFor(kid));
    const key = this.usableKey(kid);
    if (key !== undefined) return key;
    throw succeeded ? unknownKey() : this.unavailable();
  }

  /** Fetches because of `kid`, if that is allowed now. */
  private async fetchFor(kid: string): Promise<boolean> {
    if (this.circuit.waitMs > 0) return false;
    if (this.fetchedAt === -Infinity && this.settings.tenant?.mayFetch() === false) return false;
    const isFresh = this.isFresh(this.elapsedSince(this.fetchedAt));
    if (!isFresh || this.keys.has(kid)) return this.fetchOnce();

    if (this.elapsedSince(this.unknownKidFetchAt) < this.settings.cooldownSeconds * 1000) {
      throw unknownKey();
    }
    return this.fetchOnce({ isForUnknownKid: true });
  }

  private fetchOnce({ isForUnknownKid = false } = {}): Promise<boolean> {
    this.inFlight ??= this.fetchKeys(isForUnknownKid).finally(() => {
      this.inFlight = undefined;
    });
    return this.inFlight;
  }

  private async fetchKeys(isForUnknownKid: boolean): Promise<boolean> {
    const startedAt = performance.now();
    try {
      const bounds = { ...this.settings, signal: this.closing.signal, isBackground: true };
      const set = parseJwkSet(
        await exchangeWithin(this.settings.url, bounds, JWKS_REQUEST, readJwksReply),
      );
      if (set === null) throw new FetchFailure('the reply is not a JWK Set');
      const keys = await importKeys(set.usable, this.keys);
      if (keys.size === 0) throw new FetchFailure('the JWK Set has no usable key');
      this.keys = keys;
      this.fetchedAt = this.settings.now();
      // Failed fetches do not count for the cooldown: the back-off limits them.
      if (isForUnknownKid) this.unknownKidFetchAt = this.fetchedAt;
      this.isUnknown = false;
      this.onSuccess(
        startedAt,
        set.faults.map(({ index, fault }) => `keys[${index}]: ${fault}`).join('; '),
      );
      this.settings.tenant?.fetched('keys');
      return true;
    } catch (error) {
      // Hanko's own word: its keys sign no more. All else may be an outage.
      this.isUnknown = Boolean(this.settings.tenant) && error instanceof NoSuchTenant;
      const hadKeys = Number.isFinite(this.fetchedAt);
      if (this.isUnknown) this.forgetKeys();
      this.onFailure(
        startedAt,
        error instanceof FetchFailure ? error : new FetchFailure('unexpected error'),
        hadKeys,
      );
      this.settings.tenant?.fetched(this.isUnknown ? 'unknown' : 'failed');
      return false;
    }
  }

  private onSuccess(startedAt: number, unusable: string): void {
    if (this.circuit.succeeded()) this.logger.log(`${this.whose} keys could be fetched again`);
    if (unusable !== '' && unusable !== this.unusable) {
      this.logger.warn(`${this.whose} JWKS has unusable keys: ${unusable}`);
    }
    this.unusable = unusable;
    const kids = [...this.keys.keys()];
    const durationMs = performance.now() - startedAt;
    publishJwks({ outcome: 'refreshed', ...this.ofTenant, kids, durationMs });
  }

  private forgetKeys(): void {
    this.keys = new Map();
    this.fetchedAt = -Infinity;
  }

  private onFailure(startedAt: number, failure: FetchFailure, hadKeys: boolean): void {
    if (this.closing.signal.aborted) return;
    const { url, proxyVariable } = this.settings;
    const opensNow = this.circuit.failed(true);
    const reason = failure.message;
    const hint = this.isUnknown ? '' : fetchHint(failure, proxyVariable);
    this.failedAt = this.settings.now();
    this.failure = hint === '' ? reason : `${reason}. ${hint}`;
    const stale = this.servesStale(this.elapsedSince(this.fetchedAt));
    // Once per outage: a log line per try would be noise. Tenants that never were can be made up by anybody.
    if (opensNow && (hadKeys || !this.isUnknown)) {
      // If no fetch ever succeeded, the address itself may be wrong, so the log names it.
      const from = hadKeys ? '' : ` from ${withoutCredentials(url)}`;
      const effect = stale
        ? 'The last good keys are used meanwhile.'
        : `Requests with a token get ${this.isUnknown ? 404 : 503}.`;
      const line = [`${this.whose} keys cannot be fetched${from}: ${reason}.`, hint, effect];
      this.warn(line.filter(Boolean).join(' '));
    }
    publishJwks({
      outcome: 'failed',
      ...this.ofTenant,
      reason,
      errorType: failure.type,
      durationMs: performance.now() - startedAt,
      retryInMs: this.circuit.waitMs,
      servesStale: stale,
    });
    this.retryLater();
  }

  private retryLater(): void {
    clearTimeout(this.retryTimer);
    // A tenant that never had keys may be made up: only its requests ask again.
    const isStranger = Boolean(this.settings.tenant) && this.fetchedAt === -Infinity;
    if (this.isRetired || isStranger) return;
    this.retryTimer = setTimeout(() => {
      if (!this.circuit.isOpen) return;
      // The app's clock may differ from the timer's.
      if (this.circuit.waitMs > 0) this.retryLater();
      else void this.fetchOnce();
    }, this.circuit.waitMs + 1).unref();
  }

  private usableKey(kid: string): webcrypto.CryptoKey | undefined {
    const age = this.elapsedSince(this.fetchedAt);
    return this.isFresh(age) || this.servesStale(age) ? this.keys.get(kid)?.key : undefined;
  }

  private isFresh(age: number): boolean {
    return age < this.settings.cacheSeconds * 1000;
  }

  private servesStale(age: number): boolean {
    // While the app closes nothing is fetched, and the last requests are still served.
    const cannotFetch = this.circuit.isOpen || this.closing.signal.aborted;
    return cannotFetch && age < this.settings.staleIfErrorSeconds * 1000;
  }

  /** The age of the keys is unknown now: they count as fetched at this moment, and are fetched again. */
  private onClockSetBack(): void {
    this.fetchedAt = this.settings.now();
    if (this.circuit.waitMs === 0) void this.fetchOnce();
  }

  /** A clock that was set back must not prolong a wait, so its start counts as long ago. */
  private elapsedSince(moment: number): number {
    const elapsed = this.settings.now() - moment;
    return elapsed >= 0 ? elapsed : Infinity;
  }

  private warn(line: string): void {
    const { tenant } = this.settings;
    if (tenant) tenant.warn(line);
    else this.logger.warn(line);
  }

  private get ofTenant(): ReturnType<typeof ofTenant> {
    return ofTenant(this.settings.tenant?.id);
  }

  private get whose(): string {
    const { tenant } = this.settings;
    return tenant ? `Tenant "${printable(tenant.id)}": Hanko's` : "Hanko's";
  }

  private unavailable(): HankoUnavailableError | HankoTenantError {
    if (this.isUnknown) return new HankoTenantError('Hanko says that there is no such tenant');
    return new HankoUnavailableError(
      "Hanko's keys cannot be fetched, see the log of HankoJwks",
      Math.max(1, Math.ceil(this.circuit.waitMs / 1000)),
    );
  }
}

const unknownKey = (): HankoTokenError =>
  new HankoTokenError('token_key_unknown', "The kid header names no key of Hanko's JWKS");
