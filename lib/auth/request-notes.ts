import type { Credential } from '../extraction/checked-extraction.js';
import type { ResolvedSessionPolicy } from '../options/session-policy.js';
import type { Hanko } from '../tenants/hanko.js';
import type { HankoUser } from '../user/hanko-user.js';
import type { MaybePromise } from '../util/maybe-promise.js';

/** Where a user was written for other code to see. */
export interface ShownUser {
  readonly target: { user?: unknown };
  readonly user: HankoUser;
  /** What stood there before. */
  readonly before: unknown;
  readonly wasOwn: boolean;
}

/** What one service knows of one request. */
export interface Notes<Outcome> {
  readonly owner: object;
  outcome: MaybePromise<Outcome> | undefined;
  /** What that was found out from. */
  credential: Credential | null;
  /** Who verified it. */
  hanko: Hanko | null;
  /** Whose tokens are accepted for the request, as was last found out: for the log. */
  namedHanko: Hanko | null;
  /** For which session policy it holds: one that asks less must not answer for one that asks more. */
  policy: ResolvedSessionPolicy | null;
  /** When it was asked for, in milliseconds of a clock that goes forward. */
  askedAt: number;
  /** How long that took, in milliseconds, until it is told; undefined if nobody wants to know. */
  tookMs: number | undefined;
  /** What let it in, if it is still by this outcome. */
  admittedTo: object | null;
  /** The object that stood for the request then: a copy of it may have other header fields. */
  admittedAs: object | undefined;
  shownUsers: readonly ShownUser[];
  /** What was last said about it in the log. */
  said: string | undefined;
}

/** Returns its argument, so that a subclass's private fields are installed on that object ("return override"). */
const OnExisting = class {
  constructor(object: object) {
    return object;
  }
} as new (object: object) => object;

/**
 * A private field, put on a request. Nobody else can see, write or copy it: no spread, proxy or serializer takes it
 * along. A `WeakMap` does the same and is simpler, but is slower, most of it in the garbage collector: "good bearer" of
 * the bench's scenario `guard-alone` shows it.
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

/** Where no field can be added: TC39 means to refuse also private ones there. */
const ofSealed = new WeakMap<object, Notes<never>>();

/** Keeps a service's notes with the requests, where nobody else can read or write them. */
export class RequestNotes<Outcome> {
  of(request: object): Notes<Outcome> {
    const canBeNoted = Object.isExtensible(request);
    const known = canBeNoted ? Noted.read(request) : ofSealed.get(request);
    // Another service in this process has notes of its own.
    if (known?.owner === this) return known;
    const notes = this.blank();
    if (canBeNoted) Noted.write(request, notes as Notes<never>);
    else ofSealed.set(request, notes as Notes<never>);
    return notes;
  }

  /** Notes that nothing is kept with. */
  blank(): Notes<Outcome> {
    return {
      owner: this,
      outcome: undefined,
      credential: null,
      hanko: null,
      namedHanko: null,
      policy: null,
      askedAt: 0,
      tookMs: undefined,
      admittedTo: null,
      admittedAs: undefined,
      shownUsers: NONE,
      said: undefined,
    };
  }
}

const NONE: readonly ShownUser[] = [];
