import { randomUUID } from 'node:crypto';
import { type Directory, type FakeUser, type NewFakeUser, primaryEmail } from './directory.js';
import { hashPassword } from './flow/passwords.js';
import { checkRawToken, checkShape, checkUser, checkWebhook } from './input-checks.js';
import { check, type FakeHankoSettings, UUID } from './options.js';
import type { KeyRing, SigningKey } from './signing-keys.js';

/** What a session token says. All is optional: a new user who logged in just now with a password. */
export interface TokenShape {
  /** A user of this server, or the id of one. */
  readonly user?: FakeUser | string;
  /** The user with this address, made if there is none. */
  readonly email?: string;
  /** Whether a user that is made here has proved the address. Default true. */
  readonly emailVerified?: boolean;
  /** The user with this name, made if there is none. */
  readonly username?: string;
  /** Authentication methods. Default `['pwd']`; null leaves the claim out, as the Admin API does. */
  readonly amr?: readonly string[] | null;
  /** Claims of a JWT template. As on a real server, Hanko's own are written over them. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** How long ago the user logged in, in seconds. Default 0; negative = in the future. */
  readonly ageSeconds?: number;
  /** Default: the server's. */
  readonly lifespanSeconds?: number;
  /** Default: the server's. */
  readonly audience?: string | readonly string[];
  /** Default: the server's. */
  readonly issuer?: string;
  /** Id of the published key that signs. Default: the newest. */
  readonly kid?: string;
}

/** When a webhook was. */
export interface WebhookShape {
  /** How long ago the event was, in seconds. Default 0; after 300 its token has expired. */
  readonly ageSeconds?: number;
}

/** A token to be signed exactly as it stands. */
export interface RawToken {
  /** Laid over `{ alg: 'RS256', kid, typ: 'JWT' }`; a member that is undefined is left out. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** The claims, or text or bytes that need not be JSON. */
  readonly payload: Readonly<Record<string, unknown>> | string | Uint8Array;
  /** Id of the published key that signs. Default: the newest. */
  readonly kid?: string;
}

type Payload = Readonly<Record<string, unknown>>;

/** Makes tokens as Hanko does (hanko backend/session/session.go, backend/webhooks/manager.go). */
export class TokenFactory {
  constructor(
    private readonly settings: FakeHankoSettings,
    private readonly keys: KeyRing,
    private readonly directory: Directory,
  ) {}

  /** Starts a session and returns what its token says. */
  startSession(
    shape: TokenShape,
    session: { user_agent?: string; ip_address?: string } = {},
  ): Payload {
    checkShape(shape);
    const user = this.resolveUser(shape);
    const { lifespanSeconds = this.settings.lifespanSeconds, ageSeconds = 0 } = shape;
    const start = this.settings.now() - ageSeconds * 1000;
    const iat = Math.floor(start / 1000);
    const exp = iat + lifespanSeconds;
    const amr = shape.amr === undefined ? ['pwd'] : shape.amr;
    const { id: sessionId } = this.directory.addSession(
      { id: randomUUID(), user_id: user.id, ...session },
      start,
      exp * 1000,
      // A flow knows how the user signed in, the Admin API does not.
      amr === null ? 'session.create.admin' : 'session.create.flow',
    );
    const email = primaryEmail(user);
    const issuer = shape.issuer ?? this.settings.issuer;
    return {
      // First, so that Hanko's own claims are written over them.
      ...shape.claims,
      sub: user.id,
      iat,
      exp,
      aud: this.audience(shape.audience),
      session_id: sessionId,
      ...(email && {
        email: {
          address: email.address,
          is_primary: email.is_primary,
          is_verified: email.is_verified,
        },
      }),
      ...(user.username && { username: user.username.username }),
      ...(issuer !== undefined && { iss: issuer }),
      ...(amr !== null && { amr }),
    };
  }

  webhook(event: string, data: unknown, options: WebhookShape): Payload {
    checkWebhook(event, data, options);
    const { ageSeconds = 0 } = options;
    const iat = Math.floor(this.settings.now() / 1000) - ageSeconds;
    return {
      sub: 'hanko webhooks',
      aud: this.settings.audience,
      iat,
      exp: iat + 300,
      evt: event,
      data,
    };
  }

  createUser(user: NewFakeUser): FakeUser {
    checkUser(user);
    const { id = randomUUID(), email, emailVerified = true, username } = user;
    const { password, totpSecret } = user;
    check(typeof id === 'string' && UUID.test(id), 'the id of a user must be a UUID');
    check(this.directory.user(id) === undefined, 'there is a user with this id already');
    check(
      email === undefined || this.directory.userByEmail(email) === undefined,
      'there is a user with this email already: pass it to token() as { email }',
    );
    check(
      username === undefined || this.directory.userByUsername(username) === undefined,
      'there is a user with this username already: pass it to token() as { username }',
    );
    const emails =
      email === undefined ? [] : [{ address: email, is_primary: true, is_verified: emailVerified }];
    const added = this.directory.addUser(id, emails, username);
    this.directory.setCredentials(added.id, {
      passwordHash: password === undefined ? undefined : hashPassword(password),
      totp: totpSecret === undefined ? undefined : { secret: totpSecret, lastStep: null },
    });
    this.directory.tell('user.create', added);
    return added;
  }

  async sign(token: RawToken): Promise<string> {
    checkRawToken(token);
    const { header, payload, kid } = token;
    const key = this.key(kid);
    return signCompact({ alg: 'RS256', kid: key.kid, typ: 'JWT', ...header }, payload, (input) =>
      key.sign(input),
    );
  }

  key(kid?: string): SigningKey {
    const key = kid === undefined ? this.keys.newest : this.keys.get(kid);
    check(key !== undefined, 'kid names no published key');
    return key;
  }

  private resolveUser(shape: TokenShape): FakeUser {
    const { user, email, username, emailVerified } = shape;
    if (user !== undefined) {
      const found = this.directory.user(typeof user === 'string' ? user : user.id);
      check(found !== undefined, 'user is none of this server: make one with createUser()');
      return found;
    }
    // The address says who it is, the name only where there is no address.
    const found =
      email === undefined
        ? username && this.directory.userByUsername(username)
        : this.directory.userByEmail(email);
    if (found) {
      // In silence the token would not say what was asked for.
      const has = (what: string): string => `this user is there already, with another ${what}`;
      check(username === undefined || found.username?.username === username, has('username'));
      check(
        emailVerified === undefined || primaryEmail(found)?.is_verified === emailVerified,
        has('emailVerified'),
      );
      return found;
    }
    return this.createUser({
      email: email ?? (username === undefined ? `user-${randomUUID()}@example.test` : undefined),
      emailVerified,
      username,
    } as NewFakeUser);
  }

  private audience(
    audience: string | readonly string[] = this.settings.audience,
  ): readonly string[] {
    return typeof audience === 'string' ? [audience] : audience;
  }
}

/** Joins and signs a compact JWS, RFC 7515 §7.1. */
export async function signCompact(
  header: Readonly<Record<string, unknown>>,
  payload: RawToken['payload'],
  sign: (input: string) => Buffer | Promise<Buffer>,
): Promise<string> {
  const bytes =
    typeof payload === 'string' || payload instanceof Uint8Array
      ? Buffer.from(payload as string)
      : Buffer.from(JSON.stringify(payload));
  const input = `${encodeJson(header)}.${bytes.toString('base64url')}`;
  return `${input}.${(await sign(input)).toString('base64url')}`;
}

export const encodeJson = (value: unknown): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url');
