/** One bit for each value of the last five hexadecimal digits of an id: 128 kB. */
const BITS = 16 ** 5;

/**
 * Says of nearly every id that was not added that it was not, in a place so small that it stays near the
 * processor: a look-up among 100,000 texts that lie all over the memory takes longer than all else that is
 * done for a known token. Upper and lower case are the same.
 */
export class IdFilter {
  private bits = new Uint8Array(BITS / 8);

  add(id: string): void {
    const bit = bitOf(id);
    this.bits[bit >> 3] = (this.bits[bit >> 3] as number) | (1 << (bit & 7));
  }

  /** False only if it was not added. */
  mayHave(id: string): boolean {
    const bit = bitOf(id);
    return ((this.bits[bit >> 3] as number) & (1 << (bit & 7))) !== 0;
  }

  clear(): void {
    this.bits.fill(0);
  }
}

/** Of other texts than UUIDs any bit, but always the same. */
function bitOf(id: string): number {
  let bit = 0;
  for (let at = Math.max(0, id.length - 5); at < id.length; at += 1) {
    const code = id.charCodeAt(at);
    // '0' to '9' end in their value, 'A' and 'a' in 1.
    bit = (bit << 4) | ((code + (code >> 6) * 9) & 15);
  }
  return bit;
}
