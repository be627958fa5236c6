import { expect, test } from 'vitest';
import { RecentIds } from '../../../lib/admin/recent-ids.js';

const items = (...ids: readonly string[]): readonly { readonly id: string }[] =>
  ids.map((id) => ({ id }));

test('ids that come again are omitted, as long as they are remembered', () => {
  const recent = new RecentIds(3);
  expect(recent.without(items('a', 'b'))).toEqual(items('a', 'b'));
  expect(recent.without(items('b', 'c'))).toEqual(items('c'));
  expect([recent.count, recent.isComplete]).toEqual([3, true]);
  expect(recent.without(items('d', 'b'))).toEqual(items('d'));
  // The oldest one is forgotten, and they know.
  expect([recent.count, recent.isComplete]).toEqual([4, false]);
  expect(recent.without(items('a', 'd'))).toEqual(items('a'));
});
