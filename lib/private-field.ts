/**
 * Base of classes that put a private field on an object which exists already: the constructor returns
 * what it is given, and the fields of the subclass go there.
 *
 * Nobody else can see, write or copy such a field: no spread, proxy or serializer takes it along. A
 * `WeakMap` does the same, but the garbage collector then spends more on each request than the whole
 * guard. Each use is a class of its own, written out, which is what engines make quick.
 */
export const OnExisting = class {
  constructor(object: object) {
    return object;
  }
} as new (object: object) => object;
