import type { IncomingMessage } from 'node:http';
import type { Directory, FakeSession } from './directory.js';
import { Problem, type Route, type RouteResponse } from './http-server.js';
import { field, readFields } from './json-body.js';
import { shownClaims, shownUser } from './shown.js';
import type { FoundSession, Sessions } from './sessions.js';

/** The public API, as far as back ends call it (hanko backend/handler/public_router.go). */
export function publicRoutes(
  sessions: Sessions,
  directory: Directory,
  cookieName: string,
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
      handle: ({ raw }) => validation(sessions.validateRequest(raw)),
    },
    {
      method: 'POST',
      path: '/sessions/validate',
      handle: (request) => {
        const token = field(readFields(request), 'session_token', 'string');
        if (!token) throw new Problem(400, 'code=400, message=session_token is a required field');
        const found = sessions.validateToken(token);
        // POST puts off the idle timeout, GET does not.
        if (found !== null) directory.touch(found.session.id);
        return validation(found);
      },
    },
    {
      method: 'GET',
      path: '/me',
      handle: ({ raw }) => {
        const session = authenticated(sessions, raw);
        directory.touch(session.id);
        const user = directory.user(session.user_id);
        if (user === undefined) throw new Problem(404, 'user not found');
        return { status: 200, body: shownUser(user, directory.credentialsOf(user.id)) };
      },
    },
    {
      method: 'POST',
      path: '/logout',
      handle: ({ raw }) => {
        directory.endSession(authenticated(sessions, raw).id);
        return {
          status: 204,
          headers: { 'set-cookie': `${cookieName}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict` },
        };
      },
    },
    {
      method: 'GET',
      path: '/health/alive',
      handle: () => ({ status: 200, body: { alive: true } }),
    },
    {
      method: 'GET',
      path: '/health/ready',
      handle: () => ({ status: 200, body: { ready: true } }),
    },
  ];
}

function validation(found: FoundSession | null): RouteResponse {
  if (found === null) return { status: 200, body: { is_valid: false } };
  const claims = shownClaims(found.claims);
  return {
    status: 200,
    body: {
      is_valid: true,
      claims,
      expiration_time: claims.expiration,
      user_id: found.claims.sub,
    },
  };
}

function authenticated(sessions: Sessions, request: IncomingMessage): FakeSession {
  const found = sessions.authenticate(request);
  if (found === null) throw new Problem(401, 'Unauthorized');
  return found.session;
}
