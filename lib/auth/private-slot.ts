/** Returns what it is given: a subclass then adds its private fields to that object. */
const Given = class {
  constructor(object: object) {
    return object;
  }
} as new (object: object) => object;

/** One value per object, as a `WeakMap` keeps it. */
export interface PrivateSlot<Value> {
  get(object: object): Value | undefined;
  set(object: object, value: Value | undefined): void;
}

/**
 * A place for a value in any object, which nobody else can see, read, write or copy: a private field of
 * ECMAScript, so no spread, proxy or serializer takes it along. A `WeakMap` does the same, but
 * the garbage collector then spends more on each request than the whole guard (`npm run bench`).
 */
export function privateSlot<Value>(): PrivateSlot<Value> {
  return class Slot extends Given {
    #value: Value | undefined;

    static get(object: object): Value | undefined {
      return #value in object ? object.#value : undefined;
    }

    static set(object: object, value: Value | undefined): void {
      const slot = #value in object ? object : new Slot(object);
      slot.#value = value;
    }
  };
}
