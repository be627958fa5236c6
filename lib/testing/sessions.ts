import type { IncomingMessage } from 'node:http';
import type { Directory, FakeSession } from './directory.js';
import { Problem } from './http-server.js';
import { UUID } from './options.js';
import type { KeyRing } from './signing-keys.js';

type Claims = Readonly<Record<string, unknown>>;

/** How Hanko itself looks at tokens (hanko backend/handler/session.go, backend/middleware/session.go). */
export class Sessions {
  constructor(
    private readonly keys: KeyRing,
    private readonly directory: Directory,
    private readonly cookieName: string,
    private readonly now: () => number,
  ) {}

  /** The first candidate that is good: header first, then cookie, all values of each. */
  fromRequest(request: IncomingMessage): { claims: Claims; session: FakeSession } | null {
    for (const token of this.candidates(request)) {
      const found = this.fromToken(token);
      if (found !== null) return found;
    }
    return null;
  }

  /**
   * @returns null for anything that is not a living session of this server.
   * @throws Problem 400 if the signature is fine and the claims are not those of a session.
   */
  fromToken(token: string): { claims: Claims; session: FakeSession } | null {
    const claims = this.verify(token);
    if (claims === null) return null;
    const { sub, session_id, email } = claims;
    if (typeof sub !== 'string' || !UUID.test(sub)) {
      throw badClaims(
        `'subject' is not a uuid: uuid: incorrect UUID length ${String(sub).length} in string "${String(sub)}"`,
      );
    }
    if (session_id === undefined) return null;
    if (typeof session_id !== 'string' || !UUID.test(session_id)) {
      throw badClaims("'session_id' is not a uuid");
    }
    if (email !== undefined && (typeof email !== 'object' || email === null)) {
      throw badClaims("'email' is not an object");
    }
    const session = this.directory.session(session_id);
    return session === undefined ? null : { claims, session };
  }

  /** RS256 by a published key, and no tolerance on times; audience and issuer are not looked at. */
  private verify(token: string): Claims | null {
    const [header, payload, signature, ...rest] = token.split('.');
    if (!header || !payload || !signature || rest.length > 0) return null;
    try {
      const { alg, kid } = decodeJson(header);
      const key = typeof kid === 'string' ? this.keys.get(kid) : undefined;
      if (alg !== 'RS256' || key === undefined) return null;
      if (!key.verify(`${header}.${payload}`, Buffer.from(signature, 'base64url'))) return null;
      const claims = decodeJson(payload);
      const now = Math.floor(this.now() / 1000);
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

  private candidates(request: IncomingMessage): string[] {
    const tokens: string[] = [];
    for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
      const value = request.rawHeaders[i + 1] as string;
      // Hanko takes `Bearer<token>` without a space, too.
      if (request.rawHeaders[i]?.toLowerCase() === 'authorization' && /^bearer/i.test(value)) {
        tokens.push(value.slice('bearer'.length).trim());
      }
    }
    for (const pair of (request.headers.cookie ?? '').split(';')) {
      const [name, value] = pair.trim().split('=', 2);
      if (name === this.cookieName && value) tokens.push(value);
    }
    return tokens;
  }
}

const badClaims = (what: string): Problem =>
  new Problem(400, `failed to parse token claims: ${what}`);

const decodeJson = (part: string): Claims =>
  JSON.parse(Buffer.from(part, 'base64url').toString()) as Claims;
