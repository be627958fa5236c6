import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { RequestNotes } from '../../../lib/auth/request-notes.js';

const SECRET = 'what was found out';

const kinds: readonly { readonly name: string; readonly make: () => object }[] = [
  { name: 'a plain object', make: () => ({ a: 1 }) },
  { name: 'an object without prototype', make: () => Object.create(null) as object },
  { name: 'an instance', make: () => new Date(0) },
  { name: 'a function', make: () => () => undefined },
  { name: 'a frozen object', make: () => Object.freeze({ a: 1 }) },
  { name: 'a sealed object', make: () => Object.seal({ a: 1 }) },
];

describe('notes of a request', () => {
  it.each(kinds)('are found again, and are of this one alone: $name', ({ make }) => {
    const notes = new RequestNotes<string>();
    const [request, other] = [make(), make()];
    notes.of(request).outcome = SECRET;

    expect(notes.of(request).outcome).toBe(SECRET);
    expect(notes.of(request)).toBe(notes.of(request));
    expect(notes.of(other).outcome).toBeUndefined();
  });

  it('are not those of another service', () => {
    const [ours, theirs] = [new RequestNotes<string>(), new RequestNotes<string>()];
    const request = {};
    theirs.of(request).outcome = SECRET;

    expect(ours.of(request).outcome).toBeUndefined();
  });

  it('cannot be seen or copied', () => {
    const notes = new RequestNotes<string>();
    const request = { a: 1 };
    notes.of(request).outcome = SECRET;

    expect(Reflect.ownKeys(request)).toEqual(['a']);
    expect(JSON.stringify(request)).toBe('{"a":1}');
    expect(inspect(request, { showHidden: true, depth: 5 })).not.toContain(SECRET);
    for (const copy of [
      { ...request },
      Object.assign({}, request),
      structuredClone(request),
      Object.create(request) as object,
      new Proxy(request, {}),
    ]) {
      expect(notes.of(copy).outcome).toBeUndefined();
    }
  });

  it('cannot be forged by what stands on the request', () => {
    const notes = new RequestNotes<string>();
    const request = { outcome: SECRET, notes: { outcome: SECRET }, '#notes': { outcome: SECRET } };

    expect(notes.of(request).outcome).toBeUndefined();
  });
});
