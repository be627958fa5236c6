import { HankoConfigurationError } from '../errors/hanko.errors.js';

/**
 * Metadata is kept on functions, and other code replaces functions: a decorator that measures time, `bind()`, a
 * method that is overridden. So each mark of ours is written down twice: on the class or function, where Nest's
 * habits expect it, and under the class's prototype and the name of the method, where it cannot be lost.
 */
export interface Marked {
  /** `NotesController` or `NotesController.list` */
  readonly name: string;
  /** The class, or the function as the decorator found it. */
  readonly target: object;
  readonly prototype: object;
  /** Undefined for a class. */
  readonly property: string | undefined;
}

/**
 * The class or method that a decorator stands on.
 * @param decorator as the app wrote it: `@RequireAuth()`.
 * @throws HankoConfigurationError for what Nest never calls as a handler: the mark would have no effect.
 */
export function markedBy(
  decorator: string,
  target: object,
  property: string | symbol | undefined,
  descriptor: PropertyDescriptor | undefined,
): Marked {
  if (typeof target === 'function' && property === undefined && descriptor === undefined) {
    const { name, prototype } = target as { name: string; prototype: object };
    return { name, target, prototype, property: undefined };
  }
  const owner = typeof target === 'function' ? target.name : target.constructor.name;
  const name = property === undefined ? owner : `${owner}.${String(property)}`;
  const found = whatIsMarked(target, property, descriptor);
  if (found === 'method') {
    const { value } = descriptor as { readonly value: object };
    return { name, target: value, prototype: target, property: property as string };
  }
  throw new HankoConfigurationError([
    {
      path: name,
      hint:
        `has ${decorator} on ${found}, which Nest never calls as a handler, so it would have no effect. ` +
        'Put it on a class, or on a method that is named by a string.',
    },
  ]);
}

function whatIsMarked(
  target: object,
  property: string | symbol | undefined,
  descriptor: unknown,
): string {
  if (typeof descriptor === 'number') return 'a parameter';
  if (typeof target === 'function') return 'a static member';
  if (typeof property === 'symbol') return 'a method that is named by a symbol';
  const found = (descriptor ?? {}) as { readonly value?: unknown };
  if ('get' in found || 'set' in found) return 'an accessor';
  return typeof found.value === 'function' ? 'method' : 'a property';
}

/** Writes a mark down in both places. */
export function setMark(key: symbol, value: unknown, marked: Marked): void {
  const { target, prototype, property } = marked;
  Reflect.defineMetadata(key, value, target);
  if (property === undefined) Reflect.defineMetadata(key, value, prototype);
  else Reflect.defineMetadata(key, value, prototype, property);
}

/** The mark that was set on this very class or method before, whatever became of its function. */
export const ownMark = (key: symbol, { target, prototype, property }: Marked): unknown =>
  notedMark(key, prototype, property) ?? Reflect.getOwnMetadata(key, target);

/** The mark that was written down under a class's prototype, or under a method of it. */
export const notedMark = (key: symbol, prototype: object, property?: string): unknown =>
  property === undefined
    ? Reflect.getOwnMetadata(key, prototype)
    : Reflect.getOwnMetadata(key, prototype, property);

/** The prototypes of a class and of those that it extends, nearest first. */
export function prototypesOf(owner: Function): object[] {
  const prototypes: object[] = [];
  let prototype = owner.prototype as object | null | undefined;
  while (prototype !== null && prototype !== undefined && prototype !== Object.prototype) {
    prototypes.push(prototype);
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
  return prototypes;
}

/** That of the class, of those it extends, whose method it has under this name. */
export const declaringPrototype = (owner: Function, method: string): object | undefined =>
  prototypesOf(owner).find((prototype) => Object.hasOwn(prototype, method));

/** The name of the class that a prototype belongs to. */
export const classNameOf = (prototype: object): string => prototype.constructor.name;

/** Classes by what their instances call their constructor: mixin helpers copy that property as well. */
const aliases = new WeakMap<Function, Set<Function>>();

/** Remembers that a context of Nest names a class by another one. */
export function noteAlias(named: Function, owner: Function): void {
  aliases.set(named, (aliases.get(named) ?? new Set()).add(owner));
}

/** The classes that a context may mean that names this one and this function. */
export function ownersOf(named: Function, handler: Function): readonly Function[] {
  const owners = [...(aliases.get(named) ?? []), named];
  const having = owners.filter((owner) => methodsCalledBy(owner, handler).length > 0);
  return having.length > 0 ? having : owners;
}

/** Functions that instances have in place of their class's methods, by class. */
const replacements = new WeakMap<object, WeakMap<Function, Set<string>>>();

/** Remembers that Nest calls this function as that method, though the class has another one there. */
export function noteReplacement(owner: Function, method: string, called: Function): void {
  const prototype = owner.prototype as object;
  const known = replacements.get(prototype) ?? new WeakMap<Function, Set<string>>();
  replacements.set(prototype, known);
  known.set(called, (known.get(called) ?? new Set()).add(method));
}

/**
 * Which methods of a class a function is called as: a context of Nest has the function alone. Several, where a class
 * has one function under several names; none for a function that the class does not have.
 */
export function methodsCalledBy(owner: Function, handler: Function): readonly string[] {
  const prototypes = prototypesOf(owner);
  const [prototype] = prototypes;
  if (prototype === undefined) return [];
  const names = new Set(replacements.get(prototype)?.get(handler));
  for (const { name, value } of prototypes.flatMap(valuesOf)) {
    if (value === handler) names.add(name);
  }
  // A request-scoped controller that binds its methods has new functions for each request.
  const bound = /^(?:bound )+(.+)$/.exec(handler.name)?.[1];
  if (names.size === 0 && bound !== undefined && bound in prototype) names.add(bound);
  return [...names];
}

/** Whether a function is a method of a class, as it was declared. */
export const hasFunction = (owner: Function, handler: Function): boolean =>
  prototypesOf(owner)
    .flatMap(valuesOf)
    .some(({ value }) => value === handler);

/** Without calling accessors. */
const valuesOf = (prototype: object): { readonly name: string; readonly value: unknown }[] =>
  Object.entries(Object.getOwnPropertyDescriptors(prototype)).map(([name, { value }]) => ({
    name,
    value: value as unknown,
  }));

/** Every method of a class, or of one that it extends, under which a mark is written down. */
export const notedMethods = (key: symbol, prototype: object): readonly string[] =>
  Object.getOwnPropertyNames(prototype).filter(
    (name) => notedMark(key, prototype, name) !== undefined,
  );
