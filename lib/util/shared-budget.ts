/** Something that takes part of a budget. */
export interface BudgetMember {
  /** What it takes now. */
  readonly load: number;
  /** Gives some of it back. */
  shrink(): void;
}

/**
 * One bound for several: whoever takes most gives up first. So nobody who takes less than an equal share is crowded out,
 * however much the others take.
 */
export class SharedBudget {
  /** What each took when it last said so. */
  private readonly loads = new Map<BudgetMember, number>();
  private total = 0;

  constructor(private readonly max: number) {}

  /** To be called by a member that has grown or shrunk. */
  note(member: BudgetMember): void {
    this.update(member);
    while (this.total > this.max) {
      const largest = this.largest();
      const before = this.total;
      largest?.shrink();
      if (largest !== undefined) this.update(largest);
      // What cannot shrink must not be asked for ever.
      if (this.total >= before) return;
    }
  }

  /** It takes nothing any more. */
  leave(member: BudgetMember): void {
    this.total -= this.loads.get(member) ?? 0;
    this.loads.delete(member);
  }

  private update(member: BudgetMember): void {
    const { load } = member;
    this.total += load - (this.loads.get(member) ?? 0);
    this.loads.set(member, load);
  }

  private largest(): BudgetMember | undefined {
    let found: BudgetMember | undefined;
    let most = -1;
    for (const [member, load] of this.loads) {
      if (load > most) [found, most] = [member, load];
    }
    return found;
  }
}
