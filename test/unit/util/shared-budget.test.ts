import { describe, expect, it } from 'vitest';
import { type BudgetMember, SharedBudget } from '../../../lib/util/shared-budget.js';

class Member implements BudgetMember {
  load = 0;

  constructor(private readonly budget: SharedBudget) {}

  take(count: number): void {
    for (let n = 0; n < count; n += 1) {
      this.load += 1;
      this.budget.note(this);
    }
  }

  shrink(): void {
    this.load = Math.floor(this.load / 2);
  }
}

describe('a bound for several', () => {
  it('is held, and whoever takes less than an equal share keeps all of it', () => {
    const budget = new SharedBudget(100);
    const [small, greedy] = [new Member(budget), new Member(budget)];
    small.take(49);
    greedy.take(10_000);
    expect(small.load).toBe(49);
    expect(greedy.load).toBeLessThanOrEqual(51);
    small.take(10_000);
    expect(small.load + greedy.load).toBeLessThanOrEqual(100);
    expect(greedy.load).toBeGreaterThan(20);
  });

  it('counts those who have left no more', () => {
    const budget = new SharedBudget(10);
    const [one, other] = [new Member(budget), new Member(budget)];
    one.take(9);
    budget.leave(one);
    other.take(10);
    expect([one.load, other.load]).toEqual([9, 10]);
  });

  it('ends where nobody can give up anything', () => {
    const budget = new SharedBudget(1);
    const stubborn = { load: 5, shrink: () => undefined };
    budget.note(stubborn);
    budget.note({ load: 0, shrink: () => undefined });
    expect(stubborn.load).toBe(5);
  });
});
