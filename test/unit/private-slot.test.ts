import { inspect } from 'node:util';
import { serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { privateSlot } from '../../lib/auth/private-slot.js';

const SECRET = 'the value of the slot';

const kinds: readonly { readonly name: string; readonly make: () => object }[] = [
  { name: 'a plain object', make: () => ({ a: 1 }) },
  { name: 'an object without prototype', make: () => Object.create(null) as object },
  { name: 'an instance', make: () => new Date(0) },
  { name: 'a list', make: () => [1] },
  { name: 'a function', make: () => () => undefined },
  { name: 'a sealed object', make: () => Object.seal({ a: 1 }) },
  { name: 'a proxy', make: () => new Proxy({ a: 1 }, {}) },
];

describe('a slot', () => {
  it.each(kinds)('keeps a value, another one, and none: $name', ({ make }) => {
    const slot = privateSlot<string>();
    const object = make();
    const other = make();

    expect(slot.get(object)).toBeUndefined();
    slot.set(object, 'a');
    expect(slot.get(object)).toBe('a');
    expect(slot.get(object)).toBe('a');
    slot.set(object, 'b');
    expect(slot.get(object)).toBe('b');
    expect(slot.get(other)).toBeUndefined();
    slot.set(object, undefined);
    expect(slot.get(object)).toBeUndefined();
    slot.set(object, 'c');
    expect(slot.get(object)).toBe('c');
  });

  it('keeps the value itself, whatever it is', () => {
    const slot = privateSlot<unknown>();
    const object = {};
    for (const value of [null, 0, '', false, NaN, {}, Promise.resolve(), () => 1]) {
      slot.set(object, value);

      expect(slot.get(object)).toBe(value);
    }
  });

  it('keeps a value per object', () => {
    const slot = privateSlot<number>();
    const objects = Array.from({ length: 1_000 }, () => ({}));
    objects.forEach((object, n) => slot.set(object, n));

    expect(objects.map((object) => slot.get(object))).toEqual(objects.map((_, n) => n));
  });

  it('is apart from every other slot', () => {
    const [one, two] = [privateSlot<string>(), privateSlot<string>()];
    const object = {};
    one.set(object, 'one');
    expect(two.get(object)).toBeUndefined();

    two.set(object, 'two');
    expect([one.get(object), two.get(object)]).toEqual(['one', 'two']);
    two.set(object, undefined);
    expect([one.get(object), two.get(object)]).toEqual(['one', undefined]);
  });
});

describe('a value', () => {
  interface Request {
    readonly method: string;
    readonly headers: { readonly host: string };
  }
  const filled = (): { object: Request; slot: ReturnType<typeof privateSlot<string>> } => {
    const slot = privateSlot<string>();
    const object = { method: 'GET', headers: { host: 'a' } };
    slot.set(object, SECRET);
    return { object, slot };
  };

  it('leaves no trace that can be seen', () => {
    const { object } = filled();
    const plain = { method: 'GET', headers: { host: 'a' } };

    expect(Reflect.ownKeys(object)).toEqual(['method', 'headers']);
    expect(Object.getOwnPropertyDescriptors(object)).toEqual(
      Object.getOwnPropertyDescriptors(plain),
    );
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
    expect(JSON.stringify(object)).toBe(JSON.stringify(plain));
    expect(inspect(object, { showHidden: true, depth: 10 })).not.toContain(SECRET);
    expect(serialize(object).includes(SECRET)).toBe(false);
    expect(object).toStrictEqual(plain);
    const names: string[] = [];
    for (const name in object) names.push(name);
    expect(names).toEqual(['method', 'headers']);
  });

  it.each<{ name: string; copy: (object: Request) => object }>([
    { name: 'a spread', copy: (object) => ({ ...object }) },
    { name: 'Object.assign', copy: (object) => Object.assign({}, object) },
    { name: 'JSON', copy: (object) => JSON.parse(JSON.stringify(object)) as object },
    { name: 'structuredClone', copy: (object) => structuredClone(object) },
    {
      name: 'property descriptors',
      copy: (object) => Object.create(null, Object.getOwnPropertyDescriptors(object)) as object,
    },
  ])('is not copied by $name', ({ copy }) => {
    const { object, slot } = filled();
    const copied = copy(object);

    expect(copied).toMatchObject({ method: 'GET', headers: { host: 'a' } });
    expect(slot.get(copied)).toBeUndefined();
    slot.set(copied, 'its own');
    expect(slot.get(object)).toBe(SECRET);
  });

  it('is not there for a proxy of its object, which can have one of its own', () => {
    const { object, slot } = filled();
    const proxy = new Proxy(object, {});
    expect(slot.get(proxy)).toBeUndefined();

    slot.set(proxy, 'of the proxy');
    expect(slot.get(object)).toBe(SECRET);
    expect(slot.get(proxy)).toBe('of the proxy');
  });

  it('calls no trap of a proxy', () => {
    const slot = privateSlot<string>();
    const fail = (): never => expect.unreachable('a trap was called');
    const traps = Object.fromEntries(
      Object.getOwnPropertyNames(Reflect).map((name) => [name, fail]),
    );
    const proxy = new Proxy({}, traps);
    slot.set(proxy, 'a');

    expect(slot.get(proxy)).toBe('a');
  });

  it('is not inherited', () => {
    const { object, slot } = filled();
    const child = Object.create(object) as object;
    expect(slot.get(child)).toBeUndefined();

    slot.set(child, 'of the child');
    expect(slot.get(object)).toBe(SECRET);
  });

  it('cannot be reached by names that look like it', () => {
    const { object, slot } = filled();
    for (const name of ['value', '#value', '__value', '_value']) {
      expect(Reflect.get(object, name)).toBeUndefined();
      Reflect.set(object, name, 'forged');
    }

    expect(slot.get(object)).toBe(SECRET);
  });

  it.each([
    { name: 'frozen', make: () => Object.freeze({ a: 1 }) },
    { name: 'not extensible', make: () => Object.preventExtensions({ a: 1 }) },
  ])('is kept for an object that is $name, or is refused aloud', ({ make }) => {
    const slot = privateSlot<string>();
    const object = make();
    let outcome = 'kept';
    try {
      slot.set(object, SECRET);
    } catch {
      outcome = 'refused';
    }

    expect([
      ['kept', SECRET],
      ['refused', undefined],
    ]).toContainEqual([outcome, slot.get(object)]);
    expect(Reflect.ownKeys(object)).toEqual(['a']);
  });
});
