import { randomUUID } from 'node:crypto';
import { check, checkJsonObject, checkNoMore, checkObject, isText, UUID } from '../check.js';
import { type Metadata, METADATA_KINDS, type MetadataKind } from './metadata.js';
import { hashPassword } from './passwords.js';
import type { FakeUser, NewFakeUser } from './records.js';
import { isTotpSecret } from './totp.js';
import type { UsersAndSessions } from './users-and-sessions.js';

/**
 * Makes a user as a test asks for one, and tells of it.
 * @throws TypeError that names the wrong member, or the one that is taken.
 */
export function createUser(store: UsersAndSessions, user: NewFakeUser): FakeUser {
  checkUser(user);
  const { id = randomUUID(), email, emailVerified = true, username } = user;
  const { password, totpSecret, metadata } = user;
  check(typeof id === 'string' && UUID.test(id), 'the id of a user must be a UUID');
  check(store.user(id) === undefined, 'a user with this id exists already');
  check(
    email === undefined || store.userByEmail(email) === undefined,
    'a user with this email exists already: pass it to token() as { email }',
  );
  check(
    username === undefined || store.userByUsername(username) === undefined,
    'a user with this username exists already: pass it to token() as { username }',
  );
  const emails =
    email === undefined ? [] : [{ address: email, is_primary: true, is_verified: emailVerified }];
  const added = store.addUser(id, emails, username);
  store.setCredentials(added.id, {
    passwordHash: password === undefined ? undefined : hashPassword(password),
    totp: totpSecret === undefined ? undefined : { secret: totpSecret, lastStep: null },
  });
  for (const [kind, wanted] of Object.entries(metadata ?? {})) {
    store.metadata.patch(added.id, kind as MetadataKind, wanted);
  }
  store.tell('user.create', added);
  return added;
}

/** @throws TypeError that names the wrong member. */
function checkUser(user: NewFakeUser): void {
  checkObject(user, 'a user');
  const { id: _id, password, totpSecret, metadata, ...person } = user;
  if (metadata !== undefined) checkMetadata(metadata);
  check(
    password === undefined || (isText(password) && Buffer.byteLength(password) <= 72),
    'password must be text of at most 72 bytes',
  );
  check(
    totpSecret === undefined || (isText(totpSecret) && isTotpSecret(totpSecret)),
    'totpSecret must be Base32, such as JBSWY3DPEHPK3PXP',
  );
  checkPerson(person, 'member of a user');
}

/** @throws TypeError */
function checkMetadata(metadata: Metadata): void {
  checkObject(metadata, 'metadata');
  for (const [kind, value] of Object.entries(metadata)) {
    check(
      METADATA_KINDS.includes(kind as MetadataKind),
      `${kind} is not a valid kind of metadata: it is ${METADATA_KINDS.join(', ')}`,
    );
    checkJsonObject(value, kind);
    check(JSON.stringify(value).length <= 3000, `${kind} must be at most 3,000 characters of JSON`);
  }
}

/** What users and tokens say alike of a person. @throws TypeError */
export function checkPerson(
  person: Pick<NewFakeUser, 'email' | 'emailVerified' | 'username'>,
  what: string,
): void {
  const { email, emailVerified, username, ...unknown } = person;
  checkNoMore(unknown, what);
  check(
    email === undefined || (isText(email) && /^[^@\s]+@[^@\s]+$/.test(email)),
    'email must be an address, such as ada@example.test',
  );
  check(
    emailVerified === undefined || typeof emailVerified === 'boolean',
    'emailVerified must be true or false',
  );
  check(username === undefined || isText(username), 'username must be text that is not empty');
}
