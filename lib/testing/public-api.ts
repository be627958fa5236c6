import type { IncomingMessage } from 'node:http';
import { type Directory, type FakeSession, rfc3339 } from './directory.js';
import { Problem, type Route, type RouteResponse } from './http-server.js';
import { field, readFields } from './json-body.js';
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
        return { status: 200, body: profile(directory, session.user_id) };
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

/** The claims go by other names here than in the token, and a template's own come last. */
function validation(found: FoundSession | null): RouteResponse {
  if (found === null) return { status: 200, body: { is_valid: false } };
  const { sub, exp, iat, aud, iss, nbf: _nbf, jti: _jti, ...others } = found.claims;
  const { session_id, email, username, ...custom } = others;
  const expiration = rfc3339((exp as number) * 1000);
  const claims = {
    ...(aud !== undefined && { audience: [aud].flat() }),
    ...(email !== undefined && { email }),
    expiration,
    ...(typeof iat === 'number' && { issued_at: rfc3339(iat * 1000) }),
    ...(iss !== undefined && { issuer: iss }),
    session_id,
    subject: sub,
    ...(typeof username === 'string' && { username }),
    ...custom,
  };
  return {
    status: 200,
    body: { is_valid: true, claims, expiration_time: expiration, user_id: sub },
  };
}

function authenticated(sessions: Sessions, request: IncomingMessage): FakeSession {
  const found = sessions.authenticate(request);
  if (found === null) throw new Problem(401, 'Unauthorized');
  return found.session;
}

function profile(directory: Directory, userId: string): unknown {
  const user = directory.user(userId);
  if (user === undefined) throw new Problem(404, 'user not found');
  return {
    id: user.id,
    user_id: user.id,
    mfa_config: { auth_app_set_up: false, totp_enabled: true, security_keys_enabled: true },
    ...(user.emails && {
      emails: user.emails.map(({ id, address, is_verified, is_primary }) => ({
        id,
        address,
        is_verified,
        is_primary,
      })),
    }),
    ...(user.username && { username: user.username }),
    created_at: user.created_at,
    updated_at: user.updated_at,
  };
}
