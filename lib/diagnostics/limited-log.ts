/** Whoever floods us with bad tokens must not write our log. */
const MAX_LINES_PER_SECOND = 10;

/** Writes ten lines a second at most, and says how many it left out. */
export class LimitedLog {
  private second = -Infinity;
  private linesInSecond = 0;

  /**
   * @param writeLine where lines go.
   * @param what the lines are about, such as `requests were refused`.
   * @param now any clock that goes forward, in milliseconds.
   */
  constructor(
    private readonly writeLine: (line: string) => void,
    private readonly what: string,
    private readonly now: () => number = () => performance.now(),
  ) {}

  write(line: () => string): void {
    const second = Math.floor(this.now() / 1000);
    if (second !== this.second) {
      const leftOut = this.linesInSecond - MAX_LINES_PER_SECOND;
      if (leftOut > 0) this.writeLine(`${leftOut} more ${this.what} before this one`);
      this.second = second;
      this.linesInSecond = 0;
    }
    this.linesInSecond += 1;
    if (this.linesInSecond <= MAX_LINES_PER_SECOND) this.writeLine(line());
  }
}
