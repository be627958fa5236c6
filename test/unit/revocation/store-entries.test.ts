import { beforeEach, describe, expect, it } from 'vitest';
import type { RevocationStore } from '../../../lib/options/revocation-options.js';
import { StoreClient } from '../../../lib/revocation/store-client.js';
import { type RevocationEntry, StoreEntries } from '../../../lib/revocation/store-entries.js';
import { ADA_ID, ADA_SESSION_ID, DAY, SharedStore, START } from '../../support/revocation.js';

const now = (): number => START;

/** A store whose every step waits until it is let go: a set, or the read of one key. */
class SteppedStore implements RevocationStore {
  readonly waiting: (() => void)[] = [];

  constructor(private readonly values: Map<string, string>) {}

  async getMany(keys: string[]): Promise<readonly unknown[]> {
    const values: unknown[] = [];
    for (const key of keys) {
      // oxlint-disable-next-line no-await-in-loop -- no store promises to read all at once
      await this.step();
      const text = this.values.get(key);
      values.push(text === undefined ? undefined : JSON.parse(text));
    }
    return values;
  }

  async set(key: string, value: unknown): Promise<void> {
    await this.step();
    this.values.set(key, JSON.stringify(value));
  }

  private step(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  }
}

/** What each of two writers may do next, and what the store holds. */
class Race {
  readonly values = new Map<string, string>();
  private readonly writers: { readonly store: SteppedStore; isOver: boolean; steps: number }[];

  constructor(moments: readonly number[]) {
    this.writers = moments.map((issuedUpTo) => {
      const store = new SteppedStore(this.values);
      const writer = { store, isOver: false, steps: 0 };
      const entries = new StoreEntries(new StoreClient(store, now), now);
      void entries
        .keep({ kind: 'user', userId: ADA_ID, issuedUpTo, until: START + DAY })
        .then(() => (writer.isOver = true));
      return writer;
    });
  }

  /** @returns false if that writer has nothing left to do. */
  async step(which: number): Promise<boolean> {
    const writer = this.writers[which];
    // A step takes as many turns as there are promises around it.
    for (let turn = 0; turn < 50 && writer?.store.waiting.length === 0; turn += 1) {
      // oxlint-disable-next-line no-await-in-loop -- until it has got to its next step
      await Promise.resolve();
    }
    const next = writer?.store.waiting.shift();
    if (writer === undefined || next === undefined) return false;
    writer.steps += 1;
    next();
    return true;
  }

  async finish(): Promise<void> {
    for (let left = true; left;) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      left = (await this.step(0)) || (await this.step(1));
    }
  }

  get areOver(): boolean {
    return this.writers.every(({ isOver }) => isOver);
  }

  /** What an instance that reads the store learns. */
  async latest(): Promise<number> {
    const store: RevocationStore = {
      set: async () => undefined,
      getMany: async (keys) =>
        keys.map((key) => {
          const text = this.values.get(key);
          return text === undefined ? undefined : JSON.parse(text);
        }),
    };
    const found = await new StoreEntries(new StoreClient(store, now), now).find({
      sessionId: 's',
      userId: ADA_ID,
    });
    return Math.max(...found.map((entry) => (entry.kind === 'user' ? entry.issuedUpTo : 0)));
  }
}

describe('two instances that revoke a user at the same time', () => {
  const [early, late] = [START - 60_000, START];

  /** The order of the first steps; what is left is done one writer after the other. */
  const schedules = (length: number): readonly (readonly number[])[] =>
    Array.from({ length: 2 ** length }, (_, bits) =>
      Array.from({ length }, (_step, at) => (bits >> at) & 1),
    );

  it.each([[[early, late]], [[late, early]]])(
    'keep the later moment, in whatever order their steps come: %j',
    async (moments) => {
      const kept = new Set<number>();
      let deepest = 0;
      for (const schedule of schedules(11)) {
        /* oxlint-disable no-await-in-loop -- one race after the other */
        const race = new Race(moments);
        for (const which of schedule) await race.step(which);
        await race.finish();
        expect([schedule, race.areOver]).toEqual([schedule, true]);
        kept.add(await race.latest());
        deepest = Math.max(deepest, race.values.size);
        /* oxlint-enable no-await-in-loop */
      }

      expect([...kept]).toEqual([late]);
      expect(deepest).toBe(2);
    },
  );

  it('keep the later moment though the earlier one is written last, long afterwards', async () => {
    // The one with the earlier moment stops just before each of its steps while the other one does all of its.
    for (let pause = 0; pause < 12; pause += 1) {
      /* oxlint-disable no-await-in-loop -- one race after the other */
      const race = new Race([early, late]);
      for (let step = 0; step < pause; step += 1) await race.step(0);
      for (let isLeft = true; isLeft;) isLeft = await race.step(1);
      expect([pause, await race.latest()]).toEqual([pause, late]);
      await race.step(0);
      // It may be killed now, or go on.
      expect([pause, await race.latest()]).toEqual([pause, late]);
      await race.finish();
      expect([pause, await race.latest()]).toEqual([pause, late]);
      /* oxlint-enable no-await-in-loop */
    }
  });
});

describe('an entry', () => {
  let store: SharedStore;
  let entries: StoreEntries;
  beforeEach(() => {
    store = new SharedStore();
    entries = new StoreEntries(new StoreClient(store, now), now);
  });

  const user = (issuedUpTo: number, until = START + DAY): RevocationEntry => ({
    kind: 'user',
    userId: ADA_ID,
    issuedUpTo,
    until,
  });

  it('is not written again where the store has it', async () => {
    await entries.keep(user(START));
    const { length } = store.writes;
    await entries.keep(user(START));
    await entries.keep(user(START - 1));

    expect(store.writes).toHaveLength(length);
  });

  it('is written to the place that lost it, with the latest times of both', async () => {
    await entries.keep(user(START - 1));
    store.values.delete(`nestjs-hanko:revoked-user:${ADA_ID}`);
    await entries.keep(user(START - 2, START + 2 * DAY));

    for (const key of [
      `nestjs-hanko:revoked-user:${ADA_ID}`,
      `nestjs-hanko:revoked-user:${ADA_ID}:2`,
    ]) {
      expect(store.read(key)).toEqual({ issuedUpTo: START - 1, until: START + 2 * DAY });
    }
  });

  it('is found in whichever place has the later moment', async () => {
    await entries.keep(user(START));
    store.values.set(
      `nestjs-hanko:revoked-user:${ADA_ID}`,
      JSON.stringify({ issuedUpTo: START - DAY, until: START + DAY }),
    );

    expect(await entries.find({ sessionId: ADA_SESSION_ID, userId: ADA_ID })).toEqual([
      user(START - DAY),
      user(START),
    ]);
  });
});
