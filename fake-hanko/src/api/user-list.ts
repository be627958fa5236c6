import { UUID } from '../check.js';
import { Problem, type RouteRequest, type RouteResponse } from '../server/route.js';
import type { FakeUser } from '../store/records.js';
import type { UsersAndSessions } from '../store/users-and-sessions.js';

/** `GET /users` (hanko backend/handler/user_admin.go, backend/pagination/header.go). */
export function listUsers(store: UsersAndSessions, request: RouteRequest): RouteResponse {
  const { query } = request;
  const page = positive(query, 'page', 1);
  const perPage = positive(query, 'per_page', 20);
  const direction = query.get('sort_direction') || 'desc';
  if (direction !== 'desc' && direction !== 'asc') {
    throw new Problem(400, 'sort_direction must be desc or asc');
  }
  const newestFirst = store.allUsers().filter(filterOf(query));
  const users = direction === 'asc' ? newestFirst.toReversed() : newestFirst;
  return {
    status: 200,
    body: users.slice((page - 1) * perPage, page * perPage),
    headers: {
      link: links(request, page, perPage, users.length),
      'x-total-count': String(users.length),
    },
  };
}

function filterOf(query: URLSearchParams): (user: FakeUser) => boolean {
  const email = query.get('email')?.toLowerCase() ?? '';
  const username = query.get('username')?.toLowerCase() ?? '';
  const ids = query.get('user_id')?.toLowerCase().split(',') ?? [];
  if (ids.some((id) => !UUID.test(id))) throw new Problem(400, 'failed to parse user_id as uuid');
  return ({ id, emails, username: name }) => {
    // Who has neither is not listed.
    if (emails === undefined && name === undefined) return false;
    // Substrings, as Hanko's LIKE %x%; names keep their case, and two filters widen the list.
    const isFound =
      (email === '' && username === '') ||
      (email !== '' && emails?.some(({ address }) => address.includes(email))) ||
      (username !== '' && name?.username.includes(username));
    return isFound === true && (ids.length === 0 || ids.includes(id));
  };
}

function links(
  { query, origin, raw }: RouteRequest,
  page: number,
  perPage: number,
  total: number,
): string {
  const last = Math.max(1, Math.ceil(total / perPage));
  const path = (raw.url ?? '').split('?', 1)[0] ?? '';
  const link = (number: number, rel: string): string => {
    const parameters = new URLSearchParams(query);
    parameters.set('page', String(number));
    parameters.set('per_page', String(perPage));
    parameters.sort();
    return `<${origin}${path}?${parameters.toString()}>; rel="${rel}"`;
  };
  return [
    ...(page !== 1 || page === last ? [link(1, 'first')] : []),
    ...(page === last ? [] : [link(last, 'last')]),
    ...(page < last ? [link(page + 1, 'next')] : []),
    ...(page > 1 ? [link(page - 1, 'prev')] : []),
  ].join(',');
}

/** 0 counts as not given; negative pages, which Hanko answers oddly, too. */
function positive(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name) || '0';
  if (!/^[+-]?\d+$/.test(text)) {
    throw new Problem(400, `strconv.ParseInt: parsing "${text}": invalid syntax`);
  }
  return Math.max(0, Number(text)) || fallback;
}
