import { randomUUID } from 'node:crypto';
import { array, assert, oneof, property, string, uuid } from 'fast-check';
import { expect, it } from 'vitest';
import { IdFilter } from '../../lib/revocation/id-filter.js';

const filterOf = (...ids: string[]): IdFilter => {
  const filter = new IdFilter();
  for (const id of ids) filter.add(id);
  return filter;
};

it('never denies what was added, in upper case or lower', () => {
  const text = oneof(uuid(), string(), string({ unit: 'binary' }));
  assert(
    property(array(text), (ids) => {
      const filter = filterOf(...ids);
      expect(ids.filter((id) => !filter.mayHave(id))).toEqual([]);
    }),
  );
  assert(
    property(uuid(), (id) => {
      expect(filterOf(id).mayHave(id.toUpperCase())).toBe(true);
    }),
  );
});

it('tells every two endings of five digits apart', () => {
  const digits = '0123456789abcdef'.split('');
  for (const at of [1, 2, 3, 4, 5]) {
    const endings = digits.map((digit) => '1'.repeat(5 - at) + digit + '1'.repeat(at - 1));
    for (const ending of endings) {
      const filter = filterOf(`x${ending}`);
      expect(endings.filter((other) => filter.mayHave(`y${other}`))).toEqual([ending]);
    }
  }
});

it('denies about nine of ten among 100,000', () => {
  const filter = filterOf(...Array.from({ length: 100_000 }, () => randomUUID()));
  const denied = Array.from({ length: 10_000 }, () => randomUUID()).filter(
    (id) => !filter.mayHave(id),
  );

  expect(denied.length).toBeGreaterThan(8_500);
});

it('denies all once it is cleared', () => {
  const ids = Array.from({ length: 1_000 }, () => randomUUID());
  const filter = filterOf(...ids);
  filter.clear();

  expect(ids.some((id) => filter.mayHave(id))).toBe(false);
});
