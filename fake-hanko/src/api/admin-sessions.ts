import { isIP } from 'node:net';
import type { AdminServices } from './admin-services.js';
import { findUser } from './admin-users.js';
import { bind } from './binding.js';
import { originOf } from './caller.js';
import { UUID } from '../check.js';
import { field, readFields } from '../server/json-body.js';
import { Problem, type Route, type RouteRequest, type RouteResponse } from '../server/route.js';
import type { FakeUser } from '../store/records.js';

const LIST = { UserID: 'uuid' } as const;
const ONE = { ...LIST, SessionID: 'uuid4' } as const;

/** Sessions of the Admin API (hanko backend/handler/session_admin.go). */
export function sessionRoutes(services: AdminServices): readonly Route[] {
  const { store } = services;
  const ownerOf = (id = ''): FakeUser => {
    const user = store.user(id);
    if (user === undefined) throw new Problem(404, 'Not Found');
    return user;
  };
  return [
    {
      method: 'GET',
      path: '/users/:userId/sessions',
      handle: (request) => {
        const { id } = ownerOf(bind(request, LIST).ids.UserID);
        return { status: 200, body: store.sessionsOf(id).toReversed() };
      },
    },
    {
      method: 'DELETE',
      path: '/users/:userId/sessions/:sessionId',
      handle: (request) => {
        const { ids } = bind(request, ONE);
        const user = ownerOf(ids.UserID);
        const session = store.session(ids.SessionID ?? '');
        if (session?.user_id !== user.id) throw new Problem(404, 'Not Found');
        store.endSession(session.id, 'session.delete.admin.revoke');
        return { status: 204 };
      },
    },
    { method: 'POST', path: '/sessions', handle: (request) => createSession(services, request) },
  ];
}

async function createSession(
  { store, tokens, auditLog }: AdminServices,
  request: RouteRequest,
): Promise<RouteResponse> {
  const body = readFields(request);
  const userId = field(body, 'user_id', 'string');
  const user_agent = field(body, 'user_agent', 'string');
  const ip_address = field(body, 'ip_address', 'string');
  if (!userId) throw new Problem(400, 'user_id is a required field');
  if (!UUID.test(userId)) throw new Problem(400, 'user_id must be a valid uuid');
  if (ip_address && isIP(ip_address) === 0) {
    throw new Problem(400, 'ip_address must be a valid ip address (v4 or v6)');
  }
  const user = findUser(store, userId);
  const payload = tokens.startSession(
    // Sessions that are made here have no `amr`.
    { user, amr: null },
    { ...(user_agent && { user_agent }), ...(ip_address && { ip_address }) },
  );
  auditLog.add('login_success', originOf(request), user, { api: 'admin' });
  return { status: 200, body: { session_token: await tokens.sign({ payload }) } };
}
