import type { Directory } from './directory.js';
import { Problem, type Route, type RouteResponse } from './http-server.js';
import type { Sessions } from './sessions.js';

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
      handle: ({ raw }) => validation(sessions.fromRequest(raw)),
    },
    {
      method: 'POST',
      path: '/sessions/validate',
      handle: ({ raw, body }) => {
        if (!/^application\/json\b/i.test(raw.headers['content-type'] ?? '')) {
          throw new Problem(415, 'Unsupported Media Type');
        }
        const found = sessions.fromToken(sessionToken(body));
        // POST puts off the idle timeout, GET does not.
        if (found !== null) directory.touch(found.session.id);
        return validation(found);
      },
    },
    {
      method: 'GET',
      path: '/me',
      handle: ({ raw }) => {
        const { session } = living(sessions, raw);
        directory.touch(session.id);
        return { status: 200, body: profile(directory, session.user_id) };
      },
    },
    {
      method: 'POST',
      path: '/logout',
      handle: ({ raw }) => {
        directory.endSession(living(sessions, raw).session.id);
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

type Found = ReturnType<Sessions['fromToken']>;

/** The claims go by other names here than in the token, and a template's own come last. */
function validation(found: Found): RouteResponse {
  if (found === null) return { status: 200, body: { is_valid: false } };
  const { sub, exp, iat, aud, iss, nbf: _nbf, jti: _jti, ...others } = found.claims;
  const { session_id, email, username, amr, ...custom } = others;
  const expiration = timestamp(exp);
  const claims = {
    audience: aud,
    ...(email !== undefined && { email }),
    expiration,
    issued_at: timestamp(iat),
    ...(iss !== undefined && { issuer: iss }),
    session_id,
    subject: sub,
    ...(username !== undefined && { username }),
    ...(amr !== undefined && { amr }),
    ...custom,
  };
  return {
    status: 200,
    body: { is_valid: true, claims, expiration_time: expiration, user_id: sub },
  };
}

/** @throws Problem 401; also for a token of another kind, which `/sessions/validate` answers with 400. */
function living(
  sessions: Sessions,
  raw: Parameters<Sessions['fromRequest']>[0],
): NonNullable<Found> {
  let found: Found = null;
  try {
    found = sessions.fromRequest(raw);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
  if (found === null) throw new Problem(401, 'Unauthorized');
  return found;
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

function sessionToken(body: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw new Problem(400, 'unexpected EOF');
  }
  const { session_token: token } = (parsed ?? {}) as { session_token?: unknown };
  if (token === undefined || token === null || token === '') {
    throw new Problem(400, 'code=400, message=session_token is a required field');
  }
  if (typeof token !== 'string') {
    throw new Problem(
      400,
      `Unmarshal type error: expected=string, got=${typeof token}, field=session_token`,
    );
  }
  return token;
}

/** RFC 3339 in whole seconds. */
const timestamp = (seconds: unknown): string =>
  new Date((seconds as number) * 1000).toISOString().replace('.000Z', 'Z');
