import type { Attempt, Person } from './third-parties.js';
import type { HankoConfig } from '../../config/schema.js';
import type { Identity } from '../../store/identities.js';
import { type FakeUser, rfc3339 } from '../../store/records.js';
import type { UsersAndSessions } from '../../store/users-and-sessions.js';
import { randomUUID } from 'node:crypto';

/** Why a sign-in at a third party fails, as the page is told (hanko backend/thirdparty/error.go). */
export class ThirdPartyProblem extends Error {
  constructor(
    readonly code: string,
    description: string,
  ) {
    super(description);
  }
}

export interface Link {
  readonly user: FakeUser;
  readonly identity: Identity;
  readonly isUserNew: boolean;
}

interface Linking {
  readonly store: UsersAndSessions;
  readonly config: HankoConfig;
  readonly now: () => number;
}

/**
 * The user who is behind an identity, or who gets it now (hanko backend/thirdparty/linking.go).
 * @throws ThirdPartyProblem
 */
export function linkAccount(context: Linking, attempt: Attempt, person: Person): Link {
  const { store } = context;
  const { provider, userId } = attempt;
  const known = store.identities.find(provider.id, person.subject);
  if (known !== undefined && known.user_id !== null) {
    if (userId !== null && userId !== known.user_id) {
      throw new ThirdPartyProblem(
        'invalid_request',
        'identity already exists for a different user',
      );
    }
    return signIn(context, known, person);
  }
  // One that nobody came back for.
  if (known !== undefined) store.identities.delete(known.id);
  const user = userId === null ? store.userByEmail(person.email) : store.user(userId);
  if (user === undefined) return signUp(context, attempt, person);
  if (!provider.canLink) {
    throw new ThirdPartyProblem(
      'user_conflict',
      'third party account linking for existing user with same email disallowed',
    );
  }
  const identity = addIdentity(context, attempt, person, user, userId === null ? user.id : null);
  return { user: withName(context, user, person), identity, isUserNew: false };
}

function signIn(context: Linking, known: Identity, person: Person): Link {
  const { store, config, now } = context;
  const at = rfc3339(now());
  const user = store.user(known.user_id ?? '');
  if (user === undefined) throw new ThirdPartyProblem('server_error', 'could not get user');
  const owner = store.userByEmail(person.email);
  let changed = user;
  if (person.email !== '' && owner === undefined) {
    if ((user.emails ?? []).length >= config.email.limit) {
      throw new ThirdPartyProblem('email_maxnum', 'max number of email addresses reached');
    }
    changed = store.addEmail(user, person.email, person.isEmailVerified);
    store.tell('user.update.email.create', changed);
  } else if (owner !== undefined && owner.id !== user.id) {
    throw new ThirdPartyProblem(
      'multiple_accounts',
      `cannot identify associated user: '${person.email}' is used by multiple accounts`,
    );
  }
  const identity = store.identities.update(known, { email_id: emailId(changed, person) }, at);
  return { user: withName(context, changed, person), identity, isUserNew: false };
}

function signUp(context: Linking, attempt: Attempt, person: Person): Link {
  const { store, config } = context;
  if (!config.account.allow_signup) {
    throw new ThirdPartyProblem('signup_disabled', 'account signup is disabled');
  }
  const emails =
    person.email === ''
      ? []
      : [{ address: person.email, is_primary: true, is_verified: person.isEmailVerified }];
  const user = withName(context, store.addUser(randomUUID(), emails, undefined), person);
  const identity = addIdentity(context, attempt, person, user, user.id);
  store.tell('user.create', user);
  return { user, identity, isUserNew: true };
}

const addIdentity = (
  { store, now }: Linking,
  { provider }: Attempt,
  person: Person,
  user: FakeUser,
  userId: string | null,
): Identity =>
  store.identities.add(
    {
      provider_id: provider.id,
      subject: person.subject,
      email_id: emailId(user, person),
      user_id: userId,
    },
    rfc3339(now()),
  );

const emailId = ({ emails = [] }: FakeUser, { email }: Person): string | null =>
  emails.find(({ address }) => address === email)?.id ?? null;

/** Nothing is taken away that the third party does not know. */
const withName = ({ store }: Linking, user: FakeUser, { name }: Person): FakeUser =>
  name === '' || name === user.name ? user : store.setPersonal(user, { name });
