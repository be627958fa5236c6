import type { ResolvedSessionPolicy } from '../options/session-policy.js';
import type { HankoUser } from '../user/hanko-user.js';

/** How Hanko was asked about a user's session, so that it can be asked again. */
export interface SessionCheck {
  readonly token: string;
  readonly user: HankoUser;
  readonly policy: ResolvedSessionPolicy;
}

/** Nowhere else is a token kept with a user. Nobody but this package can read it. */
const checks = new WeakMap<object, SessionCheck>();

export function noteSessionCheck(check: SessionCheck): void {
  checks.set(check.user, check);
}

/** null if no policy asked Hanko. */
export const sessionCheckOf = (user: object): SessionCheck | null => checks.get(user) ?? null;
