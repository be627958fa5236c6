import type { HankoUser } from '../user/hanko-user.js';
import type { Notes, ShownUser } from './request-notes.js';

/**
 * Writes `request.user`, for loggers, policies and the like that look for a user there. A courtesy: nothing of ours reads
 * it, and a request that cannot be written to (frozen, or a getter) is left as it is.
 */
export function showUser(notes: Notes<unknown>, request: object, user: HankoUser): void {
  const target: { user?: unknown } = request;
  const last = notes.shownUsers.find((shown) => shown.target === target);
  try {
    if (last !== undefined && target.user === user) return;
    const isOurs = last !== undefined && target.user === last.user;
    const before: unknown = isOurs ? last.before : target.user;
    const wasOwn = isOurs ? last.wasOwn : Object.hasOwn(target, 'user');
    target.user = user;
    const shown: ShownUser = { target, user, before, wasOwn };
    notes.shownUsers = [...notes.shownUsers.filter((other) => other !== last), shown];
  } catch {
    // Not writable.
  }
}

/** Takes back what `showUser` wrote, wherever it still stands. */
export function hideUser(notes: Notes<unknown>): void {
  for (const { target, user, before, wasOwn } of notes.shownUsers) {
    try {
      if (target.user !== user) continue;
      if (!wasOwn) Reflect.deleteProperty(target, 'user');
      // An accessor of the prototype.
      if (target.user === user) target.user = before;
    } catch {
      // Not writable any more.
    }
  }
  notes.shownUsers = [];
}
