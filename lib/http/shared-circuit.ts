import { RecentMap } from '../util/recent-map.js';
import { CircuitBreaker } from './circuit-breaker.js';

/** A call that may be made; say afterwards how it went. */
export interface SharedCall {
  readonly caller: string;
  /** Whether it is made while the circuit is open: the one try for all, or one of the caller's own. */
  readonly kind: 'ordinary' | 'try' | 'own try';
}

/** So many different callers in a row must fail before the server is to blame. */
const MIN_CALLERS = 3;

/** Callers in each half of those whose last call failed. */
const MAX_HALF = 500;

/**
 * A circuit that callers share, of which one whose calls always fail cannot keep the others out.
 *
 * - It opens when five calls in a row have failed, of three callers at least.
 * - A caller who failed five times in a row, or whose try failed, has a wait of its own from then on: the next
 *   try for all is somebody else's, and its failures say nothing about the server any more.
 */
export class SharedCircuit {
  private readonly common: CircuitBreaker;
  private readonly own = new RecentMap<CircuitBreaker>(MAX_HALF);
  /** Who failed since the last success. */
  private readonly failing = new Set<string>();

  /** @param now milliseconds since 1970. */
  constructor(private readonly now: () => number) {
    this.common = new CircuitBreaker(now);
  }

  /** Whether calls are refused, whoever makes them. */
  get isOpen(): boolean {
    return this.common.isOpen;
  }

  /** Milliseconds before the next try for all; 0 if calls are made. */
  get waitMs(): number {
    return this.common.waitMs;
  }

  /** Milliseconds before it is worth this caller's while to come again. */
  waitMsOf(caller: string): number {
    return Math.max(this.common.waitMs, this.own.get(caller)?.waitMs ?? 0);
  }

  /** Whether this caller's last call failed, and none has succeeded since. */
  hasFailed(caller: string): boolean {
    return this.own.get(caller) !== undefined;
  }

  /** @returns null if no call is to be made now. */
  enter(caller: string): SharedCall | null {
    const own = this.own.get(caller);
    if (own?.isOpen === true) {
      return this.common.waitMs === 0 && own.enter() ? { caller, kind: 'own try' } : null;
    }
    const kind = this.common.isOpen ? 'try' : 'ordinary';
    return this.common.enter() ? { caller, kind } : null;
  }

  /** Whether to look from here if the server is there again. */
  enterTry(): boolean {
    return this.common.isOpen && this.common.enter();
  }

  /** @returns whether the circuit was open. */
  succeeded({ caller }: SharedCall): boolean {
    this.own.delete(caller);
    this.failing.clear();
    return this.common.succeeded();
  }

  /**
   * Only for failures that say something of the server; else {@link leave}.
   * @returns whether the circuit opened by this.
   */
  failed({ caller, kind }: SharedCall): boolean {
    const own = this.own.get(caller) ?? new CircuitBreaker(this.now);
    this.own.set(caller, own);
    if (kind === 'own try') {
      own.failed(true);
      return false;
    }
    own.failed(false, kind === 'try' ? 1 : undefined);
    if (this.failing.size < MIN_CALLERS) this.failing.add(caller);
    const isAnybodys = this.failing.size >= MIN_CALLERS;
    return this.common.failed(kind === 'try', isAnybodys ? undefined : Infinity);
  }

  /** The call came to nothing that says anything of the server. */
  leave({ caller, kind }: SharedCall): void {
    if (kind === 'try') this.common.leave();
    if (kind === 'own try') this.own.get(caller)?.leave();
  }

  /**
   * A try found the server there, though its reply was of no use: calls are made again, on trial.
   *
   * @param call none if it was made from here.
   * @returns whether the circuit was open.
   */
  tryAnswered(call?: SharedCall): boolean {
    if (call !== undefined) this.own.delete(call.caller);
    this.failing.clear();
    return this.common.close();
  }

  /** The try from here failed. */
  tryFailed(): void {
    this.common.failed(true);
  }
}
