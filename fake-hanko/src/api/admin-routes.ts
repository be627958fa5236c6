import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import { listUsers } from './user-list.js';
import { UUID, UUID_V4 } from '../check.js';
import { field, type Fields, readFields, typed } from '../server/json-body.js';
import { Problem, type Route, type RouteRequest, type RouteResponse } from '../server/route.js';
import { type FakeUser, rfc3339 } from '../store/records.js';
import type { UsersAndSessions } from '../store/users-and-sessions.js';
import type { TokenFactory } from '../tokens/factory.js';

/** Users and sessions of the Admin API (hanko backend/handler/user_admin.go, session_admin.go). */
export function adminRoutes(store: UsersAndSessions, tokens: TokenFactory): readonly Route[] {
  return [
    { method: 'GET', path: '/users', handle: (request) => listUsers(store, request) },
    {
      method: 'POST',
      path: '/users',
      handle: (request) => ({ status: 200, body: createUser(store, readFields(request)) }),
    },
    {
      method: 'GET',
      path: '/users/:id',
      handle: ({ params }) => ({ status: 200, body: findUser(store, params.id) }),
    },
    {
      method: 'DELETE',
      path: '/users/:id',
      handle: ({ params }) => {
        store.deleteUser(findUser(store, params.id).id);
        return { status: 204 };
      },
    },
    {
      method: 'GET',
      path: '/users/:userId/sessions',
      handle: ({ params }) => {
        checkIds(params);
        const { id } = findUser(store, params.userId, 'Not Found');
        return { status: 200, body: store.sessionsOf(id).toReversed() };
      },
    },
    {
      method: 'DELETE',
      path: '/users/:userId/sessions/:sessionId',
      handle: ({ params }) => {
        checkIds(params);
        const user = findUser(store, params.userId, 'Not Found');
        const session = store.session(params.sessionId ?? '');
        if (session?.user_id !== user.id) throw new Problem(404, 'Not Found');
        store.endSession(session.id, 'session.delete.admin.revoke');
        return { status: 204 };
      },
    },
    {
      method: 'POST',
      path: '/sessions',
      handle: (request) => createSession(store, tokens, readFields(request)),
    },
  ];
}

/** The session routes look at both ids before they look anything up. */
function checkIds({ userId = '', sessionId }: RouteRequest['params']): void {
  const faults = [
    ...(UUID.test(userId) ? [] : ['UserID must be a valid uuid']),
    ...(sessionId === undefined || UUID_V4.test(sessionId)
      ? []
      : ['SessionID must be a valid uuid4']),
  ];
  if (faults.length > 0) throw new Problem(400, `code=400, message=${faults.join(' and ')}`);
}

function findUser(store: UsersAndSessions, id = '', message = 'user not found'): FakeUser {
  if (!UUID.test(id)) throw new Problem(400, 'failed to parse userId as uuid');
  const user = store.user(id);
  if (user === undefined) throw new Problem(404, message);
  return user;
}

async function createSession(
  store: UsersAndSessions,
  tokens: TokenFactory,
  body: Fields,
): Promise<RouteResponse> {
  const userId = field(body, 'user_id', 'string');
  const user_agent = field(body, 'user_agent', 'string');
  const ip_address = field(body, 'ip_address', 'string');
  if (!userId) throw new Problem(400, 'user_id is a required field');
  if (!UUID.test(userId)) throw new Problem(400, 'user_id must be a valid uuid');
  if (ip_address && isIP(ip_address) === 0) {
    throw new Problem(400, 'ip_address must be a valid ip address (v4 or v6)');
  }
  const payload = tokens.startSession(
    // SessionLookup made here have no `amr`.
    { user: findUser(store, userId), amr: null },
    { ...(user_agent && { user_agent }), ...(ip_address && { ip_address }) },
  );
  return { status: 200, body: { session_token: await tokens.sign({ payload }) } };
}

function createUser(store: UsersAndSessions, body: Fields): FakeUser {
  const id = field(body, 'id', 'string') ?? randomUUID();
  const emails = (field(body, 'emails', 'array') ?? []).map(readEmail);
  const username = field(body, 'username', 'string');
  const createdAt = field(body, 'created_at', 'string');
  if (!UUID.test(id)) {
    throw new Problem(400, `uuid: incorrect UUID length ${id.length} in string "${id}"`);
  }
  if (createdAt !== undefined && Number.isNaN(Date.parse(createdAt))) {
    throw new Problem(400, `parsing time "${createdAt}": cannot parse`);
  }
  checkEmails(emails);
  if (emails.length === 0 && !username) {
    throw new Problem(400, 'at least one of [Emails, Username] must be set');
  }
  const primary = emails.filter((email) => email.is_primary).length;
  if (emails.length > 0 && primary === 0) {
    throw new Problem(400, 'at least one primary email must be provided');
  }
  if (primary > 1) throw new Problem(400, 'only one primary email is allowed');

  if (store.user(id)) throw taken(`user with id '${id}'`, 'user');
  for (const { address } of emails) {
    if (!store.userByEmail(address)) continue;
    throw taken(`email '${address.toLowerCase()}' for user '${id}'`, 'email');
  }
  if (username !== undefined && store.userByUsername(username)) {
    throw taken(`username '${username}' for user '${id}'`, 'username');
  }
  const at = createdAt && rfc3339(Date.parse(createdAt));
  const user = store.addUser(id, emails, username, at);
  store.tell('user.create', user);
  return user;
}

type NewEmail = ReturnType<typeof readEmail>;

function readEmail(entry: unknown) {
  const email = typed(entry, 'object', 'emails') ?? {};
  return {
    address: field(email, 'address', 'string') ?? '',
    is_primary: field(email, 'is_primary', 'bool') ?? false,
    is_verified: field(email, 'is_verified', 'bool') ?? false,
  };
}

function checkEmails(emails: readonly NewEmail[]): void {
  if (new Set(emails.map(({ address }) => address)).size < emails.length) {
    throw new Problem(400, 'emails entries are not unique');
  }
  for (const { address } of emails) {
    if (address === '') throw new Problem(400, 'address is a required field');
    if (!/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(address)) {
      throw new Problem(400, 'address must be a valid email address');
    }
  }
}

const taken = (what: string, kind: string): Problem =>
  new Problem(409, `failed to create ${what}: ${kind} already exists`);
