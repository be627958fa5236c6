/** Far fewer than calls to Hanko at a time: requests, whose callers wait, find a free one. */
const MAX_AT_A_TIME = 16;

interface Asking {
  /** Asks, and never rejects. */
  ask(): Promise<void>;
}

/** Lets a few at a time ask Hanko, in the order in which they came. */
export class AskingLine<T extends Asking> {
  private readonly waiting = new Set<T>();
  private busy = 0;

  enter(asking: T): void {
    this.waiting.add(asking);
    if (this.busy < MAX_AT_A_TIME) void this.work();
  }

  /** One that waits no longer. */
  leave(asking: T): void {
    this.waiting.delete(asking);
  }

  clear(): void {
    this.waiting.clear();
  }

  private async work(): Promise<void> {
    this.busy += 1;
    for (let next = this.take(); next !== undefined; next = this.take()) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
      await next.ask();
    }
    this.busy -= 1;
  }

  private take(): T | undefined {
    const [first] = this.waiting;
    if (first !== undefined) this.waiting.delete(first);
    return first;
  }
}
