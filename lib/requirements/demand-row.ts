import type { HankoUser } from '../user/hanko-user.js';
import type { DemandWarnings } from './demand-warnings.js';

/** Who can meet a demand that is not met: the user by a new login, or somebody who gives the user a right. */
export type MetBy = 'login' | 'rights';

/** What is wrong with a demand that somebody wrote. */
export interface DemandFault {
  /** Below the demand: empty = the demand itself. */
  readonly path: string;
  /** The fault and how to fix it, in a sentence. Never contains the value itself. */
  readonly hint: string;
}

/** A demand of a route, ready to be held against its callers. Times in milliseconds since 1970. */
export interface DemandCheck<Unmet> {
  readonly metBy: MetBy;
  isMet(user: HankoUser, nowMs: number): boolean;
  /** What a user who does not meet it is told. */
  unmet(user: HankoUser, nowMs: number): Unmet;
  /** For operators; never holds a claim's value. */
  reason(user: HankoUser, nowMs: number): string;
}

/** A row of the table of demands. undefined and null never get here: they demand nothing. */
export interface Demand<Unmet> {
  faults(written: unknown): readonly DemandFault[];
  /** @param written without faults. */
  checks(written: unknown, warnings: DemandWarnings): readonly DemandCheck<Unmet>[];
  /** OpenAPI schemas of what `unmet` holds beside `requirement`. */
  readonly unmetSchema: Readonly<Record<string, object>>;
}
