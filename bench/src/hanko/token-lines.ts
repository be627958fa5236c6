import { readFile } from 'node:fs/promises';

/** A file of tokens, in lines of equal length. */
export class TokenLines {
  private readonly lineLength: number;

  protected constructor(
    readonly file: string,
    private readonly bytes: Buffer,
  ) {
    this.lineLength = bytes.indexOf('\n') + 1;
  }

  static async read(file: string): Promise<TokenLines> {
    return new TokenLines(file, await readFile(file));
  }

  /** Not a whole number if the last line is not whole. */
  get count(): number {
    return this.bytes.length / this.lineLength;
  }

  /** @throws RangeError if there are not as many. */
  at(index: number): string {
    if (!(index < this.count)) throw new RangeError(`There is no token ${index}`);
    const start = index * this.lineLength;
    return this.bytes.toString('latin1', start, start + this.lineLength - 1);
  }

  slice(first: number, count: number): string[] {
    return Array.from({ length: count }, (_, i) => this.at(first + i));
  }
}
