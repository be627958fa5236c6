import type { IncomingMessage } from 'node:http';
import { UUID } from '../check.js';
import type { FakeHankoSettings } from '../options.js';
import { cookieValues } from '../server/cookies.js';
import { Problem } from '../server/route.js';
import { type FakeSession, rfc3339 } from '../store/records.js';
import { sessionCookie } from '../store/session-cookie.js';
import type { UsersAndSessions } from '../store/users-and-sessions.js';
import type { KeyRing } from '../tokens/keys.js';

type Claims = Readonly<Record<string, unknown>>;

/** A living session, and the claims of the token that named it. */
export interface FoundSession {
  readonly claims: Claims;
  readonly session: FakeSession;
}

/** What a request's credentials come to. */
export interface Lookup {
  /** Null for anything that is not a living session of this server. */
  readonly found: FoundSession | null;
  /** Header fields of the reply: the cookie is deleted if its session was idle for too long. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Whether looking puts off the idle timeout. */
type Purpose = 'use' | 'look';

/** Hanko tries this many values of the header and of the cookie (labstack/echo-jwt, `extractorLimit`). */
const MAX_CANDIDATES = 20;

/** How Hanko itself looks at tokens (hanko backend/handler/session.go, backend/middleware/session.go). */
export class SessionLookup {
  constructor(
    private readonly keys: KeyRing,
    private readonly store: UsersAndSessions,
    private readonly settings: Pick<
      FakeHankoSettings,
      'config' | 'cookieName' | 'idleTimeoutSeconds' | 'now'
    >,
  ) {}

  /**
   * Who calls `/me`, `/logout` or the profile: the first candidate that names a living session, whatever
   * else its claims say. Header first, then cookie, all values of each.
   */
  authenticate(request: IncomingMessage): Lookup {
    return this.firstOf(this.candidates(request), (token) => {
      const claims = this.verify(token);
      return claims && this.withSession(claims, 'use');
    });
  }

  /**
   * What `GET /sessions/validate` finds among the same candidates.
   * @throws Problem 400 as `validateToken`, even if a later candidate is good.
   */
  validateRequest(request: IncomingMessage): Lookup {
    return this.firstOf(this.candidates(request), (token) => this.validate(token, 'look'));
  }

  /**
   * What `POST /sessions/validate` finds.
   * @throws Problem 400 if the signature is fine and the claims are not those of a session.
   */
  validateToken(token: string): Lookup {
    return this.firstOf([token], (one) => this.validate(one, 'use'));
  }

  /** When the session ends if nobody uses it; undefined where sessions are never idle for too long. */
  idleExpiresAt({ claims, session }: FoundSession): string | undefined {
    const { idleTimeoutSeconds } = this.settings;
    if (idleTimeoutSeconds === 0) return undefined;
    const idleMs = Date.parse(session.last_used) + idleTimeoutSeconds * 1000;
    return rfc3339(Math.min(idleMs, (claims.exp as number) * 1000));
  }

  /** The field that takes the cookie away. */
  get cookieDeletion(): Lookup['headers'] {
    return { 'set-cookie': sessionCookie(this.settings.config.session, '', 0) };
  }

  private firstOf(
    tokens: readonly string[],
    find: (token: string) => FoundSession | 'idle' | null,
  ): Lookup {
    let headers: Lookup['headers'] = {};
    for (const token of tokens) {
      const found = find(token);
      if (found === 'idle') headers = this.cookieDeletion;
      else if (found !== null) return { found, headers };
    }
    return { found: null, headers };
  }

  private validate(token: string, purpose: Purpose): FoundSession | 'idle' | null {
    const claims = this.verify(token);
    if (claims === null) return null;
    const { sub, session_id, email } = claims;
    if (typeof sub !== 'string' || !UUID.test(sub)) throw badClaims(`'subject' ${notUuid(sub)}`);
    if (session_id === undefined) return null;
    if (typeof session_id !== 'string' || !UUID.test(session_id)) {
      throw badClaims(`'session_id' ${notUuid(session_id)}`);
    }
    if (email !== undefined && (typeof email !== 'object' || !email || Array.isArray(email))) {
      throw badClaims(`unexpected 'email' claim type: ${typeof email}`);
    }
    return this.withSession(claims, purpose);
  }

  /** Nobody looks after idle sessions: they end when they are asked for. */
  private withSession(claims: Claims, purpose: Purpose): FoundSession | 'idle' | null {
    const { session_id: id } = claims;
    const session = typeof id === 'string' ? this.store.session(id) : undefined;
    if (session === undefined) return null;
    const { idleTimeoutSeconds, now } = this.settings;
    const idleMs = now() - Date.parse(session.last_used);
    if (idleTimeoutSeconds > 0 && idleMs > idleTimeoutSeconds * 1000) {
      this.store.endSession(session.id, 'session.delete.passive.expire');
      return 'idle';
    }
    return { claims, session: purpose === 'use' ? this.store.touch(session) : session };
  }

  /** RS256 by a published key, and no tolerance on times; audience and issuer are not looked at. */
  private verify(token: string): Claims | null {
    const [header, payload, signature, ...rest] = token.trim().split('.');
    if (!header || !payload || !signature || rest.length > 0) return null;
    try {
      const { alg, kid } = decodeJson(header);
      const key = typeof kid === 'string' ? this.keys.get(kid) : undefined;
      if (alg !== 'RS256' || key === undefined) return null;
      if (!key.verify(`${header}.${payload}`, Buffer.from(signature, 'base64url'))) return null;
      const claims = decodeJson(payload);
      const now = Math.floor(this.settings.now() / 1000);
      const { exp, iat, nbf } = claims;
      const isInTime =
        typeof exp === 'number' &&
        exp > now &&
        !(typeof iat === 'number' && iat > now) &&
        !(typeof nbf === 'number' && nbf > now);
      return isInTime ? claims : null;
    } catch {
      return null;
    }
  }

  private candidates(request: IncomingMessage): readonly string[] {
    const bearers: string[] = [];
    for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
      const value = request.rawHeaders[i + 1] as string;
      // Hanko takes `Bearer<token>` without a space, too.
      if (request.rawHeaders[i]?.toLowerCase() === 'authorization' && /^bearer/i.test(value)) {
        bearers.push(value.slice('bearer'.length));
      }
    }
    const cookies = cookieValues(request, this.settings.cookieName);
    return [...bearers.slice(0, MAX_CANDIDATES), ...cookies.slice(0, MAX_CANDIDATES)];
  }
}

const badClaims = (what: string): Problem =>
  new Problem(400, `failed to parse token claims: ${what}`);

const notUuid = (value: unknown): string => {
  const text = String(value);
  return `is not a uuid: uuid: incorrect UUID length ${text.length} in string "${text}"`;
};

const decodeJson = (part: string): Claims =>
  JSON.parse(Buffer.from(part, 'base64url').toString()) as Claims;

/** The session that a token names, unverified. @throws TypeError if it is no token. */
export function sessionIdOf(token: string): string {
  try {
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
    return String((JSON.parse(payload) as { session_id?: unknown }).session_id);
  } catch {
    throw new TypeError('FakeHanko: revoke() needs the id of a session, or its token.');
  }
}
