/** The ids that came last, as many as are worth remembering. */
export class RecentIds {
  private readonly ids = new Set<string>();

  /** How many there were in all. */
  count = 0;

  constructor(private readonly most: number) {}

  /** Whether none was forgotten. */
  get isComplete(): boolean {
    return this.ids.size === this.count;
  }

  /** What is not among them; it is from now on. */
  without<Item extends { readonly id: string }>(items: readonly Item[]): readonly Item[] {
    const fresh = items.filter(({ id }) => !this.ids.has(id));
    for (const { id } of fresh) this.ids.add(id);
    this.count += fresh.length;
    for (const id of this.ids) {
      if (this.ids.size <= this.most) break;
      this.ids.delete(id);
    }
    return fresh;
  }
}
