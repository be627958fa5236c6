import { isObject } from '../util/value-checks.js';
import type { ResolvedHankoOptions } from './hanko-options.js';
import type { HankoSessionPolicy } from './session-policy.js';

/** A handler, and the session policy that is written on it or its class. */
export interface WrittenPolicy {
  readonly handler: string;
  readonly session: HankoSessionPolicy | null | undefined;
}

/** How many handlers are named. */
const MAX_NAMES = 5;

/**
 * Says where an app lets requests in though it cannot know whether their sessions have ended.
 * @returns null if that is nowhere.
 */
export function acceptWarning(
  {
    onUnavailable,
    session,
    revocation,
  }: Pick<ResolvedHankoOptions, 'onUnavailable' | 'session' | 'revocation'>,
  policies: readonly WrittenPolicy[],
): string | null {
  const handlers = policies.filter(({ session: written }) => accepts(written));
  return acceptText([
    ...(onUnavailable === 'accept' ? ['the option onUnavailable'] : []),
    ...(onUnavailable !== 'accept' && accepts(session) ? ['the option session.onUnavailable'] : []),
    ...(handlers.length > 0
      ? [`@RequireAuth({ session }) of ${listOf(handlers.map(({ handler }) => handler))}`]
      : []),
    ...(revocation.onUnavailable === 'accept' ? ['the option revocation.onUnavailable'] : []),
  ]);
}

/** The warning for a place that no decorator and no option names. */
export const acceptWarningOf = (
  place: string,
  policy: HankoSessionPolicy | null | undefined,
): string | null => acceptText(accepts(policy) ? [place] : []);

const accepts = (policy: object | string | null | undefined): boolean =>
  isObject(policy) && policy.onUnavailable === 'accept';

const acceptText = (places: readonly string[]): string | null =>
  places.length === 0
    ? null
    : `'accept' is set by ${places.join(', and by ')}. While Hanko or, for revocation.onUnavailable, the store does not ` +
      'reply, requests there pass with any valid token: a logout or a revocation that this instance has not learned ' +
      "of is missed until the token expires. With 'reject' they get 503.";

function listOf(names: readonly string[]): string {
  const more = names.length - MAX_NAMES;
  return names.slice(0, MAX_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
