import { table } from '../report/markdown.js';
import { quantile } from '../report/statistics.js';

/** What happened, and what should not have. */
export class Tally {
  private readonly delays = new Map<string, number[]>();
  private readonly counts = new Map<string, number>();
  private readonly faults = new Map<string, number>();

  count(what: string): void {
    add(this.counts, what);
  }

  fault(what: string): void {
    if (!this.faults.has(what)) console.error(`fault: ${what}`);
    add(this.faults, what);
  }

  /** @param delayMs from the moment when it should have ended; below 0 if it ended before. */
  ended(
    how: string,
    why: string,
    delayMs: number,
    { promisedMs, graceMs }: { readonly promisedMs: number; readonly graceMs: number },
  ): void {
    const delays = this.delays.get(how);
    if (delays === undefined) this.delays.set(how, [delayMs]);
    else delays.push(delayMs);
    this.count(`ended: ${why}`);
    if (delayMs > promisedMs + graceMs) this.fault(`${how}: ended too late`);
    else if (delayMs > promisedMs) this.count(`later than promised: ${how}`);
  }

  get faultCount(): number {
    return [...this.faults.values()].reduce((sum, count) => sum + count, 0);
  }

  text(): string {
    const delays = [...this.delays].toSorted(byName).map(([how, values]) => {
      const sorted = values.toSorted((a, b) => a - b);
      const at = (share: number): string => Math.round(quantile(sorted, share)).toString();
      return [how, String(sorted.length), at(0.5), at(0.99), at(1)];
    });
    const rows = (counts: ReadonlyMap<string, number>): string[][] =>
      [...counts].toSorted(byName).map(([what, count]) => [what, String(count)]);
    return [
      table([['socket ended, ms after', 'sockets', 'median', 'p99', 'slowest'], ...delays]),
      table([['', 'how often'], ...rows(this.counts)]),
      `Faults: ${this.faultCount}`,
      ...rows(this.faults).map(([what, count]) => `- ${what}: ${count}`),
    ].join('\n\n');
  }
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : 1;

function add(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}
