/** Something that is due at a moment. The schedule alone writes `place`. */
export interface Due {
  /** Milliseconds since 1970. */
  dueAt: number;
  /** Where it stands in the schedule; -1 if it does not. */
  place: number;
  /** Whether it waits for some time, whatever becomes of the clock, and not for a moment. */
  readonly isInterval: boolean;
  /** Called once it is due. It is in the schedule no longer, unless it enters again. It must not throw. */
  onDue(): void;
}

/** How long the timer waits at most: the clock may be set meanwhile, and while a machine sleeps no timer runs. */
const MAX_WAIT_MS = 500;

/** How far a clock may go back before that counts as set back. */
const MAX_BACK_MS = 1_000;

/** What is due at the same moment is done in turns, so that the rest of the app goes on in between. */
const MAX_PER_TURN = 500;

/** Things that are due, the earliest first, with one timer for all of them. It holds no process. */
export class Schedule {
  /** A binary heap: each is due no earlier than its parent, at `(place - 1) >> 1`. */
  private readonly heap: Due[] = [];
  private timer: NodeJS.Timeout | undefined;
  private timerAt = Infinity;
  private isClosed = false;
  /** The time when it looked last. */
  private latest = -Infinity;

  /** @param now milliseconds since 1970. */
  constructor(private readonly now: () => number) {}

  get size(): number {
    return this.heap.length;
  }

  /** Enters something, or moves it. */
  set(item: Due, dueAt: number): void {
    if (this.isClosed) return;
    const now = this.look();
    if (item.place === -1) item.place = this.heap.push(item) - 1;
    item.dueAt = dueAt;
    this.moveUp(item);
    this.moveDown(item);
    this.wake(now);
  }

  delete(item: Due): void {
    const { place } = item;
    if (place === -1) return;
    item.place = -1;
    const last = this.heap.pop() as Due;
    if (last !== item) {
      this.put(last, place);
      this.moveUp(last);
      this.moveDown(last);
    }
    if (this.heap.length === 0) this.sleep();
  }

  /** Forgets everything, takes nothing more, and waits for nothing. */
  close(): void {
    this.isClosed = true;
    this.sleep();
    for (const item of this.heap) item.place = -1;
    this.heap.length = 0;
  }

  private readonly run = (): void => {
    this.timerAt = Infinity;
    const now = this.look();
    for (let done = 0; done < MAX_PER_TURN; done += 1) {
      const [first] = this.heap;
      if (first === undefined || first.dueAt > now) break;
      this.delete(first);
      first.onDue();
    }
    this.wake(now);
  };

  private look(): number {
    const now = this.now();
    if (now < this.latest - MAX_BACK_MS) this.setBack(this.latest - now);
    this.latest = now;
    return now;
  }

  /** What waits for some time waits no longer because the clock was set back. */
  private setBack(byMs: number): void {
    for (const item of this.heap) {
      if (item.isInterval) item.dueAt -= byMs;
    }
    const sorted = this.heap.toSorted((a, b) => a.dueAt - b.dueAt);
    for (const [place, item] of sorted.entries()) this.put(item, place);
  }

  /** The timer may be too early, never too late: what is deleted does not move it. */
  private wake(now: number): void {
    const [first] = this.heap;
    if (first === undefined) return;
    const at = Math.min(first.dueAt, now + MAX_WAIT_MS);
    if (at >= this.timerAt) return;
    clearTimeout(this.timer);
    this.timerAt = at;
    this.timer = setTimeout(this.run, Math.max(0, at - now)).unref();
  }

  private sleep(): void {
    clearTimeout(this.timer);
    this.timerAt = Infinity;
  }

  private moveUp(item: Due): void {
    while (item.place > 0) {
      const parent = this.heap[(item.place - 1) >> 1] as Due;
      if (parent.dueAt <= item.dueAt) return;
      this.swap(parent, item);
    }
  }

  private moveDown(item: Due): void {
    for (;;) {
      const left = this.heap[2 * item.place + 1];
      const right = this.heap[2 * item.place + 2];
      const child = right !== undefined && right.dueAt < (left as Due).dueAt ? right : left;
      if (child === undefined || child.dueAt >= item.dueAt) return;
      this.swap(item, child);
    }
  }

  private swap(a: Due, b: Due): void {
    const { place } = a;
    this.put(a, b.place);
    this.put(b, place);
  }

  private put(item: Due, place: number): void {
    item.place = place;
    this.heap[place] = item;
  }
}
