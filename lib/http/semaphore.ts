/** Lets a number of callers in at a time; the others wait in line. */
export class Semaphore {
  /** Called with true when it is one's turn, with false when the line is sent home. */
  private readonly line = new Set<(isMyTurn: boolean) => void>();

  constructor(private free: number) {}

  /** @returns false if no place came free within the time, or the line was sent home. */
  async take(timeoutMs: number): Promise<boolean> {
    if (this.free > 0) {
      this.free -= 1;
      return true;
    }
    return new Promise((resolve) => {
      const settle = (isMyTurn: boolean): void => {
        clearTimeout(timer);
        this.line.delete(settle);
        resolve(isMyTurn);
      };
      const timer = setTimeout(settle, timeoutMs, false);
      this.line.add(settle);
    });
  }

  /** Gives a place back. */
  give(): void {
    const [next] = this.line;
    if (next === undefined) this.free += 1;
    else next(true);
  }

  /** Sends everybody in line home. */
  dismiss(): void {
    for (const settle of this.line) settle(false);
  }
}
