import { like } from './like.js';
import { pageOf } from './pages.js';
import { UUID } from '../check.js';
import { Problem, type RouteRequest, type RouteResponse } from '../server/route.js';
import type { AdminView } from '../store/admin-view.js';
import type { FakeUser } from '../store/records.js';
import type { UsersAndSessions } from '../store/users-and-sessions.js';

/** `GET /users` (hanko backend/handler/user_admin.go). */
export function listUsers(
  store: UsersAndSessions,
  view: AdminView,
  request: RouteRequest,
): RouteResponse {
  const { query } = request;
  const direction = query.get('sort_direction') || 'desc';
  if (direction !== 'desc' && direction !== 'asc') {
    throw new Problem(400, 'sort_direction must be desc or asc');
  }
  const newestFirst = store.allUsers().filter(filterOf(query));
  const users = direction === 'asc' ? newestFirst.toReversed() : newestFirst;
  return pageOf(
    request,
    users.map((user) => view.listed(user)),
  );
}

function filterOf(query: URLSearchParams): (user: FakeUser) => boolean {
  const email = query.get('email')?.toLowerCase() ?? '';
  const username = query.get('username')?.toLowerCase() ?? '';
  const ids = query.get('user_id')?.toLowerCase().split(',') ?? [];
  if (ids.some((id) => !UUID.test(id))) throw new Problem(400, 'failed to parse user_id as uuid');
  // Substrings; names keep their case.
  const [isInEmail, isInName] = [like(email), like(username)];
  return ({ id, emails = [], username: name }) => {
    // Who has neither is not listed.
    if (emails.length === 0 && name === undefined) return false;
    const isGiven = email !== '' && username !== '';
    const isWanted = ids.length === 0 || ids.includes(id);
    const hasEmail = email !== '' && emails.some(({ address }) => isInEmail(address));
    const hasName = username !== '' && name !== undefined && isInName(name.username);
    // SQL binds AND more closely: with both filters the ids restrict the second one alone.
    if (isGiven) return hasEmail || (hasName && isWanted);
    return isWanted && ((email === '' && username === '') || hasEmail || hasName);
  };
}
