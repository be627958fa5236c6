import { randomUUID } from 'node:crypto';
import { check } from '../check.js';
import type { FakeHankoSettings } from '../options.js';
import { createUser } from '../store/new-user.js';
import { type FakeUser, type NewFakeUser, primaryEmail } from '../store/records.js';
import type { UsersAndSessions } from '../store/users-and-sessions.js';
import type { SessionStart } from '../webhooks/event-names.js';
import { TemplateClaims } from '../jwt-template/claims.js';
import type { TemplateUser } from '../jwt-template/fill.js';
import { signCompact } from './compact-jws.js';
import type { KeyRing, SigningKey } from './keys.js';
import { checkRawToken, checkShape, checkWebhook } from './shape-checks.js';
import type { RawToken, TokenShape, WebhookShape } from './shapes.js';

type Payload = Readonly<Record<string, unknown>>;

/** Makes tokens as Hanko does (hanko backend/session/session.go, backend/webhooks/manager.go). */
export class TokenFactory {
  private readonly template: TemplateClaims;

  constructor(
    private readonly settings: FakeHankoSettings,
    private readonly keys: KeyRing,
    private readonly store: UsersAndSessions,
  ) {
    this.template = new TemplateClaims(settings.config.session.jwt_template.claims ?? {});
  }

  /** Starts a session and returns what its token says. */
  startSession(
    shape: TokenShape,
    session: { user_agent?: string; ip_address?: string } = {},
    event?: SessionStart,
  ): Payload {
    checkShape(shape);
    const user = this.resolveUser(shape);
    const { lifespanSeconds = this.settings.lifespanSeconds, ageSeconds = 0 } = shape;
    const start = this.settings.now() - ageSeconds * 1000;
    const iat = Math.floor(start / 1000);
    const exp = iat + lifespanSeconds;
    const amr = shape.amr === undefined ? ['pwd'] : shape.amr;
    const { id: sessionId } = this.store.addSession(
      { id: randomUUID(), user_id: user.id, ...session },
      start,
      exp * 1000,
      // A flow knows how the user signed in, the Admin API does not.
      event ?? (amr === null ? 'session.create.admin' : 'session.create.flow'),
    );
    const email = primaryEmail(user);
    const issuer = shape.issuer ?? this.settings.issuer;
    return {
      // First, so that Hanko's own claims are written over them.
      ...this.template.of(templateUser(user, this.store)),
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
    check(key !== undefined, 'kid must be that of a published key');
    return key;
  }

  private resolveUser(shape: TokenShape): FakeUser {
    const { user, email, username, emailVerified } = shape;
    if (user !== undefined) {
      const found = this.store.user(typeof user === 'string' ? user : user.id);
      check(
        found !== undefined,
        'user does not exist on this server: create one with createUser()',
      );
      return found;
    }
    // The address says who it is, the name only where there is no address.
    const found =
      email === undefined
        ? username && this.store.userByUsername(username)
        : this.store.userByEmail(email);
    if (found) {
      // In silence the token would not say what was asked for.
      const has = (what: string): string => `this user exists already, with another ${what}`;
      check(username === undefined || found.username?.username === username, has('username'));
      check(
        emailVerified === undefined || primaryEmail(found)?.is_verified === emailVerified,
        has('emailVerified'),
      );
      return found;
    }
    return createUser(this.store, {
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

/** hanko backend/dto/user.go */
function templateUser(user: FakeUser, store: UsersAndSessions): TemplateUser {
  const email = primaryEmail(user);
  const { public_metadata: publicKind, unsafe_metadata: unsafeKind } = store.metadata.of(user.id);
  return {
    UserID: user.id,
    Email: email
      ? { Address: email.address, IsPrimary: email.is_primary, IsVerified: email.is_verified }
      : null,
    Username: user.username?.username ?? '',
    Name: user.name ?? '',
    GivenName: user.given_name ?? '',
    FamilyName: user.family_name ?? '',
    Picture: user.picture ?? '',
    Metadata: publicKind || unsafeKind ? { public: publicKind, unsafe: unsafeKind } : null,
  };
}
