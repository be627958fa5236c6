/** Bounds of a circuit. */
interface CircuitBounds {
  /** Failures in a row before calls are no longer made. Default 5: one odd reply must not stop everybody. */
  readonly maxFailures?: number;
  /** The longest wait, in milliseconds. Default 30,000. */
  readonly maxWaitMs?: number;
}

/** The wait after the circuit opened, doubled each time a try fails. */
const FIRST_WAIT_MS = 1_000;

/**
 * Says whether a call is worth a try, so that a dead server costs microseconds and not a time-out per
 * request.
 *
 * While a server is dead there is one call per wait, not one per caller: whoever comes first after the wait
 * tries for all.
 */
export class CircuitBreaker {
  private failuresInARow = 0;
  private isOpenNow = false;
  /** Times that it opened, or a try failed, without a success in between. */
  private opened = 0;
  private openedAt = -Infinity;
  private isTrying = false;

  private readonly maxFailures: number;
  private readonly maxWaitMs: number;

  /** @param now milliseconds since 1970. */
  constructor(
    private readonly now: () => number,
    { maxFailures = 5, maxWaitMs = 30_000 }: CircuitBounds = {},
  ) {
    this.maxFailures = maxFailures;
    this.maxWaitMs = maxWaitMs;
  }

  get isOpen(): boolean {
    return this.isOpenNow;
  }

  /** Milliseconds before the next try; 0 if a call may be made at once. */
  get waitMs(): number {
    if (!this.isOpen) return 0;
    const elapsed = this.now() - this.openedAt;
    // A clock that was set back must not freeze the wait.
    return elapsed < 0 ? 0 : Math.max(0, this.backoffMs() - elapsed);
  }

  /** Whether to make a call now; if so, say afterwards how it went. While it is open, that is the one try. */
  enter(): boolean {
    if (!this.isOpen) return true;
    if (this.isTrying || this.waitMs > 0) return false;
    this.isTrying = true;
    return true;
  }

  /** @returns whether the circuit was open. */
  succeeded(): boolean {
    this.opened = 0;
    return this.close();
  }

  /**
   * Calls are made again, on trial: if they fail, the wait goes on from where it was.
   * @returns whether the circuit was open.
   */
  close(): boolean {
    const wasOpen = this.isOpen;
    this.failuresInARow = 0;
    this.isOpenNow = false;
    this.isTrying = false;
    return wasOpen;
  }

  /** The try said nothing: somebody else makes it. */
  leave(): void {
    this.isTrying = false;
  }

  /**
   * @param wasTry whether the call was made while the circuit was open. Others, that were under way when it
   * opened, say nothing new.
   * @param maxFailures failures in a row that open it.
   * @returns whether the circuit opened by this.
   */
  failed(wasTry = this.isTrying, maxFailures = this.maxFailures): boolean {
    this.failuresInARow += 1;
    if (this.isOpen ? !wasTry : this.failuresInARow < maxFailures) return false;
    const opensNow = !this.isOpen;
    this.isOpenNow = true;
    this.isTrying = false;
    this.opened += 1;
    this.openedAt = this.now();
    return opensNow;
  }

  private backoffMs(): number {
    return Math.min(FIRST_WAIT_MS * 2 ** (this.opened - 1), this.maxWaitMs);
  }
}
