import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import type { HankoSessionPolicy } from '../options/session-policy.js';

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
  { onUnavailable, revocation }: Pick<ResolvedHankoOptions, 'onUnavailable' | 'revocation'>,
  policies: readonly WrittenPolicy[],
): string | null {
  const handlers = policies
    .filter(({ session }) => typeof session === 'object' && session?.onUnavailable === 'accept')
    .map(({ handler }) => handler);
  const places = [
    ...(onUnavailable === 'accept' ? ['the option onUnavailable'] : []),
    ...(handlers.length > 0 ? [`@RequireAuth({ session }) of ${listOf(handlers)}`] : []),
    ...(revocation.onUnavailable === 'accept' ? ['the option revocation.onUnavailable'] : []),
  ];
  if (places.length === 0) return null;
  return (
    `'accept' is set by ${places.join(', and by ')}. While Hanko or, for revocation.onUnavailable, the store does not ` +
    'reply, requests there pass with any valid token: a logout or a revocation that this instance has not learned ' +
    "of is missed until the token expires. With 'reject' they get 503."
  );
}

function listOf(names: readonly string[]): string {
  const more = names.length - MAX_NAMES;
  return names.slice(0, MAX_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
