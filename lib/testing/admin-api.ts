import { randomUUID } from 'node:crypto';
import type { Directory, FakeUser } from './directory.js';
import { Problem, type Route, type RouteRequest } from './http-server.js';
import { UUID, UUID_V4 } from './options.js';
import type { TokenFactory } from './tokens.js';

/** Users and sessions of the Admin API (hanko backend/handler/user_admin.go, session_admin.go). */
export function adminRoutes(directory: Directory, tokens: TokenFactory): readonly Route[] {
  return [
    { method: 'GET', path: '/users', handle: (request) => listUsers(directory, request) },
    {
      method: 'POST',
      path: '/users',
      handle: ({ body }) => ({ status: 200, body: createUser(directory, parseObject(body)) }),
    },
    {
      method: 'GET',
      path: '/users/:id',
      handle: ({ params }) => ({ status: 200, body: findUser(directory, params.id) }),
    },
    {
      method: 'DELETE',
      path: '/users/:id',
      handle: ({ params }) => {
        directory.deleteUser(findUser(directory, params.id).id);
        return { status: 204 };
      },
    },
    {
      method: 'GET',
      path: '/users/:id/sessions',
      handle: ({ params }) => {
        const { id } = findUser(directory, params.id, 'Not Found');
        return { status: 200, body: directory.sessionsOf(id).toReversed() };
      },
    },
    {
      method: 'DELETE',
      path: '/users/:id/sessions/:sessionId',
      handle: ({ params: { id, sessionId = '' } }) => {
        const user = findUser(directory, id, 'Not Found');
        if (!UUID_V4.test(sessionId)) {
          throw new Problem(400, 'code=400, message=SessionID must be a valid uuid4');
        }
        if (directory.session(sessionId)?.user_id !== user.id) throw new Problem(404, 'Not Found');
        directory.endSession(sessionId);
        return { status: 204 };
      },
    },
    {
      method: 'POST',
      path: '/sessions',
      handle: async ({ body }) => {
        const { user_id, user_agent, ip_address } = parseObject(body);
        if (typeof user_id !== 'string' || !UUID.test(user_id)) {
          throw new Problem(400, 'user_id must be a valid uuid');
        }
        const user = findUser(directory, user_id);
        // Sessions made here have no `amr`.
        const payload = tokens.startSession(
          { user, amr: null },
          {
            ...(typeof user_agent === 'string' && { user_agent }),
            ...(typeof ip_address === 'string' && { ip_address }),
          },
        );
        return { status: 200, body: { session_token: await tokens.sign({ payload }) } };
      },
    },
    ...['alive', 'ready'].map((state) => ({
      method: 'GET',
      path: `/health/${state}`,
      isGlobal: true,
      handle: () => ({ status: 200, body: { [state]: true } }),
    })),
  ];
}

function findUser(directory: Directory, id = '', message = 'user not found'): FakeUser {
  if (!UUID.test(id)) throw new Problem(400, 'failed to parse userId as uuid');
  const user = directory.user(id);
  if (user === undefined) throw new Problem(404, message);
  return user;
}

interface NewEmail {
  readonly address: string;
  readonly is_primary: boolean;
  readonly is_verified: boolean;
}

function createUser(directory: Directory, body: Readonly<Record<string, unknown>>): FakeUser {
  const { id = randomUUID(), emails = [], username } = body;
  if (typeof id !== 'string' || !UUID.test(id)) throw new Problem(400, 'id must be a valid uuid4');
  if (!Array.isArray(emails)) throw new Problem(400, 'emails must be a list');
  const addresses = emails as readonly NewEmail[];
  if (addresses.length === 0 && !username) {
    throw new Problem(400, 'at least one of [Emails, Username] must be set');
  }
  for (const { address } of addresses) {
    if (typeof address !== 'string' || !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(address)) {
      throw new Problem(400, 'address must be a valid email address');
    }
  }
  const primary = addresses.filter((email) => email.is_primary).length;
  if (addresses.length > 0 && primary === 0) {
    throw new Problem(400, 'at least one primary email must be provided');
  }
  if (primary > 1) throw new Problem(400, 'only one primary email is allowed');
  if (directory.user(id)) throw new Problem(409, `user with id '${id}' already exists`);
  for (const { address } of addresses) {
    if (directory.userByEmail(address)) {
      throw new Problem(
        409,
        `failed to create email '${address}' for user '${id}': email already exists`,
      );
    }
  }
  if (typeof username === 'string' && directory.userByUsername(username)) {
    throw new Problem(409, 'username already exists');
  }
  return directory.addUser(
    id,
    addresses.map(({ address, is_primary, is_verified }) => ({
      address,
      is_primary: is_primary === true,
      is_verified: is_verified === true,
    })),
    typeof username === 'string' ? username : undefined,
  );
}

function listUsers(directory: Directory, { query, origin, raw }: RouteRequest) {
  const page = positive(query.get('page'), 1);
  const perPage = positive(query.get('per_page'), 20);
  const email = query.get('email')?.toLowerCase() ?? '';
  const username = query.get('username')?.toLowerCase() ?? '';
  const ids = query.get('user_id')?.split(',');
  const matching = directory.allUsers().filter(
    (user) =>
      (ids === undefined || ids.includes(user.id)) &&
      // Substrings, as Hanko's LIKE %x%.
      (email === '' || user.emails?.some(({ address }) => address.includes(email))) &&
      (username === '' || user.username?.username.toLowerCase().includes(username)),
  );
  const sorted = query.get('sort_direction') === 'asc' ? matching.toReversed() : matching;
  const last = Math.max(1, Math.ceil(sorted.length / perPage));
  const path = (raw.url ?? '').split('?', 1)[0] ?? '';
  const link = (number: number, rel: string): string => {
    const parameters = new URLSearchParams(query);
    parameters.set('page', String(number));
    parameters.set('per_page', String(perPage));
    parameters.sort();
    return `<${origin}${path}?${parameters.toString()}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 || last === 1 ? [link(1, 'first')] : []),
    ...(page < last ? [link(last, 'last'), link(page + 1, 'next')] : []),
    ...(page > 1 ? [link(page - 1, 'prev')] : []),
  ];
  return {
    status: 200,
    body: sorted.slice((page - 1) * perPage, page * perPage),
    headers: { link: links.join(','), 'x-total-count': String(sorted.length) },
  };
}

const positive = (text: string | null, fallback: number): number =>
  text !== null && /^[1-9]\d*$/.test(text) ? Number(text) : fallback;

function parseObject(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body || '{}');
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Answered below.
  }
  throw new Problem(400, 'unexpected EOF');
}
