import type { MaybePromise } from '../util/maybe-promise.js';
import type { ResolvedSessionPolicy } from '../options/session-policy.js';

/** What one service knows of one request. */
export interface Notes<Outcome> {
  readonly owner: object;
  outcome: MaybePromise<Outcome> | undefined;
  /** For which session policy that holds: one that asks less must not answer for one that asks more. */
  policy: ResolvedSessionPolicy | null;
  /** What let it in, if it is still by this outcome. */
  admittedTo: object | null;
  /** What was last said about it in the log. */
  said: string | undefined;
}

/** What it is given is what it makes, so the fields of a subclass go there. */
const OnExisting = class {
  constructor(object: object) {
    return object;
  }
} as new (object: object) => object;

/**
 * A private field, put on a request. Nobody else can see, write or copy it: no spread, proxy or
 * serializer takes it along. A `WeakMap` does the same, but the garbage collector then spends more on
 * each request than the whole guard.
 */
class Noted extends OnExisting {
  #notes: Notes<never> | undefined;

  static read(request: object): Notes<never> | undefined {
    return #notes in request ? request.#notes : undefined;
  }

  static write(request: object, notes: Notes<never>): void {
    const noted = #notes in request ? request : new Noted(request);
    noted.#notes = notes;
  }
}

/** Keeps a service's notes with the requests, where nobody else can read or write them. */
export class RequestNotes<Outcome> {
  of(request: object): Notes<Outcome> {
    const known = Noted.read(request);
    // Another service in this process has notes of its own.
    if (known?.owner === this) return known;
    const notes: Notes<Outcome> = {
      owner: this,
      outcome: undefined,
      policy: null,
      admittedTo: null,
      said: undefined,
    };
    Noted.write(request, notes as Notes<never>);
    return notes;
  }
}
