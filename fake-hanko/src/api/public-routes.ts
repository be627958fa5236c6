import type { IncomingMessage } from 'node:http';
import { originOf } from './caller.js';
import { HEALTH_ROUTES } from './health-routes.js';
import type { FoundSession, Lookup, SessionLookup } from './session-lookup.js';
import { STATUS_PAGE } from './status-page.js';
import type { HankoConfig } from '../config/schema.js';
import { field, readFields } from '../server/json-body.js';
import { Problem, type Route, type RouteResponse } from '../server/route.js';
import type { AuditLog } from '../store/audit-log.js';
import { shownClaims, shownUser } from '../store/dto.js';
import type { UsersAndSessions } from '../store/users-and-sessions.js';

/** The public API, as far as back ends call it (hanko backend/handler/public_router.go). */
export function publicRoutes(
  sessions: SessionLookup,
  store: UsersAndSessions,
  config: HankoConfig,
  auditLog: AuditLog,
  jwks: () => unknown,
): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/.well-known/jwks.json',
      handle: () => ({ status: 200, body: jwks(), headers: { 'cache-control': 'max-age=600' } }),
    },
    {
      method: 'GET',
      path: '/sessions/validate',
      handle: ({ raw }) => validation(sessions, sessions.validateRequest(raw)),
    },
    {
      method: 'POST',
      path: '/sessions/validate',
      handle: (request) => {
        const token = field(readFields(request), 'session_token', 'string');
        if (!token) throw new Problem(400, 'code=400, message=session_token is a required field');
        return validation(sessions, sessions.validateToken(token));
      },
    },
    {
      method: 'GET',
      path: '/me',
      handle: ({ raw }) => {
        const { session } = authenticated(sessions, raw);
        const user = store.user(session.user_id);
        if (user === undefined) throw new Problem(404, 'user not found');
        return { status: 200, body: shownUser(store, user, config) };
      },
    },
    {
      method: 'POST',
      path: '/logout',
      handle: (request) => {
        const { session } = authenticated(sessions, request.raw);
        store.endSession(session.id, 'session.delete.explicit.logout');
        auditLog.add('user_logged_out', originOf(request), store.user(session.user_id));
        return { status: 204, headers: sessions.cookieDeletion };
      },
    },
    ...HEALTH_ROUTES,
    STATUS_PAGE,
  ];
}

function validation(sessions: SessionLookup, { found, headers }: Lookup): RouteResponse {
  if (found === null) return { status: 200, body: { is_valid: false }, headers };
  const claims = shownClaims(found.claims);
  const idleExpiresAt = sessions.idleExpiresAt(found);
  return {
    status: 200,
    body: {
      is_valid: true,
      claims,
      expiration_time: claims.expiration,
      user_id: found.claims.sub,
      ...(idleExpiresAt !== undefined && { idle_expires_at: idleExpiresAt }),
    },
    headers,
  };
}

function authenticated(sessions: SessionLookup, request: IncomingMessage): FoundSession {
  const { found, headers } = sessions.authenticate(request);
  if (found === null) throw new Problem(401, 'Unauthorized', headers);
  return found;
}
