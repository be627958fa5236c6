import { beforeEach, describe, expect, it } from 'vitest';
import { RevocationList } from '../../../lib/revocation/revocation-list.js';
import { START } from '../../support/revocation.js';
import { TestClock } from '../../support/verifier.js';

const HOUR = 3_600_000;

let clock: TestClock;
let list: RevocationList;

beforeEach(() => {
  clock = new TestClock(START);
  list = new RevocationList(clock.now);
});

const has = (sessionId: string, userId = 'nobody', issuedAt = START): boolean =>
  list.has({ sessionId, userId, issuedAt });

/** Enough of others that expired entries are looked for. */
function addOthers(count = 1_000): void {
  for (let n = 0; n < count; n += 1) list.addSession('other', START + 100 * HOUR);
}

describe('an empty list', () => {
  it('has nobody', () => {
    expect(has('s', 'u')).toBe(false);
    expect(list.size).toBe(0);
  });
});

describe('a session', () => {
  it('is revoked, and no other one', () => {
    expect(list.addSession('s', START + HOUR)).toBe(true);

    expect(has('s')).toBe(true);
    expect(has('s', 'u', START + HOUR)).toBe(true);
    expect(has('t')).toBe(false);
    expect(has('nobody', 's')).toBe(false);
  });

  it('is news once', () => {
    list.addSession('s', START + HOUR);

    expect(list.addSession('s', START + HOUR)).toBe(false);
    expect(list.addSession('s', START + 2 * HOUR)).toBe(false);
    expect(list.size).toBe(1);
  });

  it('goes when its token has expired', () => {
    list.addSession('s', START + HOUR);
    clock.advanceMs(HOUR - 1);
    addOthers();
    expect([has('s'), list.size]).toEqual([true, 2]);

    clock.advanceMs(1);
    addOthers();
    expect([has('s'), list.size]).toEqual([false, 1]);
  });

  it.each([
    { name: 'earlier first', ends: [HOUR, 2 * HOUR] },
    { name: 'later first', ends: [2 * HOUR, HOUR] },
  ])('that is told twice goes at the later end: $name', ({ ends }) => {
    for (const end of ends) list.addSession('s', START + end);
    clock.advanceMs(2 * HOUR - 1);
    addOthers();
    expect(has('s')).toBe(true);

    clock.advanceMs(1);
    addOthers();
    expect(has('s')).toBe(false);
  });
});

describe('a user', () => {
  it('has no session left that was issued up to then, and later ones are good', () => {
    expect(list.addUser('u', START, START + HOUR)).toBe(true);

    expect(has('s', 'u', START - HOUR)).toBe(true);
    expect(has('s', 'u', START)).toBe(true);
    expect(has('s', 'u', START + 1)).toBe(false);
    expect(has('s', 'v', START)).toBe(false);
    expect(has('u', 'v', START)).toBe(false);
  });

  it('who is revoked again is news only for a later moment', () => {
    list.addUser('u', START, START + HOUR);

    expect(list.addUser('u', START, START + HOUR)).toBe(false);
    expect(list.addUser('u', START - 1, START + HOUR)).toBe(false);
    expect(list.addUser('u', START + 1, START + HOUR)).toBe(true);
    expect(list.size).toBe(1);
  });

  it('keeps the later moment, in whichever order they are told', () => {
    list.addUser('u', START, START + HOUR);
    list.addUser('u', START - HOUR, START + 2 * HOUR);
    expect(has('s', 'u', START)).toBe(true);

    list.addUser('u', START + HOUR, START + 2 * HOUR);
    list.addUser('u', START, START + 2 * HOUR);
    expect(has('s', 'u', START + HOUR)).toBe(true);
    expect(has('s', 'u', START + HOUR + 1)).toBe(false);
  });

  it('goes when the last token that it refuses has expired', () => {
    list.addUser('u', START, START + HOUR);
    clock.advanceMs(HOUR - 1);
    addOthers();
    expect([has('s', 'u'), list.size]).toEqual([true, 2]);

    clock.advanceMs(1);
    addOthers();
    expect([has('s', 'u'), list.size]).toEqual([false, 1]);
  });

  it('who is revoked until a later end with an earlier moment is remembered until then', () => {
    list.addUser('u', START - HOUR, START + 2 * HOUR);
    // An instance that believes in shorter sessions.
    list.addUser('u', START, START + HOUR);
    clock.advanceMs(2 * HOUR - 1);
    addOthers();

    expect(has('s', 'u', START - HOUR)).toBe(true);
  });
});

describe('the size', () => {
  it('is that of what can be alive, however much came', () => {
    let most = 0;
    for (let n = 0; n < 100_000; n += 1) {
      clock.advanceMs(1_000);
      const until = clock.now() + 500_000;
      if (n % 2 === 0) list.addSession(`s${n}`, until);
      else list.addUser(`u${n}`, clock.now(), until);
      most = Math.max(most, list.size);
    }
    // Of 500 s, and of the additions since the last look.
    expect(most).toBeLessThanOrEqual(500 + 1_000);
    expect(list.size).toBeGreaterThanOrEqual(500);
    expect(has('s99998')).toBe(true);
    expect(has('s', 'u99999', clock.now())).toBe(true);
  });

  it('shrinks by what is told twice, too', () => {
    for (let n = 0; n < 500; n += 1) list.addSession(`s${n}`, START + HOUR);
    for (let n = 0; n < 400; n += 1) list.addUser(`u${n}`, START, START + HOUR);
    expect(list.size).toBe(900);

    clock.advanceMs(HOUR);
    for (let n = 0; n < 1_000; n += 1) list.addUser('again', START, START + 2 * HOUR);

    expect(list.size).toBe(1);
  });
});
