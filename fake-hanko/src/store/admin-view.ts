import { shownKey } from './dto.js';
import { DEFAULT_TENANT_ID } from '../config/settings.js';
import type { FakeUser } from './records.js';
import type { UsersAndSessions } from './users-and-sessions.js';

/** Users as the Admin API and webhooks show them (hanko backend/dto/admin/user.go). */
export class AdminView {
  constructor(
    private readonly store: UsersAndSessions,
    private readonly tenantId = DEFAULT_TENANT_ID,
  ) {}

  /** All that is known of a user; what else the record has stays. */
  of(user: FakeUser): FakeUser {
    const { otp } = this.store.credentialsOf(user.id);
    const password = this.passwordOf(user);
    const metadata = this.store.metadata.of(user.id);
    const identities = this.store.identities
      .of(user.id)
      .filter(({ email_id }) => email_id !== null);
    return {
      ...this.listed(user),
      ...(password && { password }),
      ...(identities.length > 0 && { identities: identities.map(shownIdentity) }),
      ...(otp && { otp }),
      ...(Object.keys(metadata).length > 0 && { metadata }),
    };
  }

  /** As in a list of users, which leaves out what Hanko would have to look up. */
  listed(user: FakeUser): FakeUser {
    const keys = this.keysOf(user);
    return { ...user, ...(keys.length > 0 && { webauthn_credentials: keys }) };
  }

  /** When the password was set; undefined if there is none. */
  passwordOf({ id }: FakeUser): object | undefined {
    const { password } = this.store.credentialsOf(id);
    if (password === undefined) return undefined;
    const { id: passwordId, ...times } = password;
    return { id: passwordId, tenant_id: this.tenantId, ...times };
  }

  /** Passkeys and security keys. */
  keysOf({ id }: FakeUser): readonly unknown[] {
    return this.store.keysOf(id).map(shownKey);
  }
}

type Identity = ReturnType<UsersAndSessions['identities']['of']>[number];

/** Hanko calls the user's id at the provider that of the provider, and the provider's id its name. */
const shownIdentity = ({
  id,
  provider_id,
  subject,
  email_id,
  created_at,
  updated_at,
}: Identity) => ({
  id,
  provider_id: subject,
  provider_name: provider_id,
  email_id,
  created_at,
  updated_at,
});
