import { OTHER_USER } from './step-up.js';

/**
 * Keeps one answer of the API on the page for as long as the same user is there: what it says of one must not
 * be seen by the next. Of no framework.
 *
 * @param show is called with each answer, and with undefined when there is none any more.
 */
export function shownAnswer<Answer extends { advice?: string }>(
  show: (answer: Answer | undefined) => void,
) {
  let userId: string | undefined;
  let shown: Answer | undefined;
  // Made for whoever is there now, and says nothing of anybody.
  const isForAll = (answer?: Answer) => answer?.advice === OTHER_USER;

  return {
    /** Tells who is signed in. */
    userIs(id: string | undefined) {
      if (id === userId) return;
      userId = id;
      if (!isForAll(shown)) show((shown = undefined));
    },
    /** Makes a call. Its answer is dropped if the user who began it has left meanwhile. */
    async of(call: () => Promise<Answer>) {
      const asker = userId;
      const answer = await call();
      if (asker === userId || isForAll(answer)) show((shown = answer));
    },
  };
}
