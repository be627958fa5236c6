import { randomUUID } from 'node:crypto';
import type { AdminServices } from './admin-services.js';
import { listUsers } from './user-list.js';
import { UUID } from '../check.js';
import { field, type Fields, readFields, typed } from '../server/json-body.js';
import { parseUrl } from '../server/parse-url.js';
import { Problem, type Route } from '../server/route.js';
import { type FakeUser, type Personal, rfc3339 } from '../store/records.js';
import type { UsersAndSessions } from '../store/users-and-sessions.js';

/** Users of the Admin API (hanko backend/handler/user_admin.go). */
export function userRoutes(services: AdminServices): readonly Route[] {
  const { store, view } = services;
  return [
    { method: 'GET', path: '/users', handle: (request) => listUsers(store, view, request) },
    {
      method: 'POST',
      path: '/users',
      handle: (request) => {
        const user = view.of(createUser(services, readFields(request)));
        store.tell('user.create', user);
        return { status: 200, body: user };
      },
    },
    {
      method: 'GET',
      path: '/users/:id',
      handle: ({ params }) => ({ status: 200, body: view.of(findUser(store, params.id)) }),
    },
    {
      method: 'PATCH',
      path: '/users/:id',
      handle: (request) => {
        const { id = '' } = request.params;
        if (!UUID.test(id)) throw new Problem(400, 'failed to parse userId as uuid');
        const changes = readChanges(readFields(request));
        return { status: 200, body: view.of(patchUser(store, findUser(store, id), changes)) };
      },
    },
    {
      method: 'DELETE',
      path: '/users/:id',
      handle: ({ params }) => {
        store.deleteUser(findUser(store, params.id).id);
        return { status: 204 };
      },
    },
  ];
}

/** @throws Problem 400, 404 */
export function findUser(store: UsersAndSessions, id = ''): FakeUser {
  if (!UUID.test(id)) throw new Problem(400, 'failed to parse userId as uuid');
  const user = store.user(id);
  if (user === undefined) throw new Problem(404, 'user not found');
  return user;
}

export const isAddress = (text: string): boolean => /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(text);

function createUser({ store, isUserIdTaken }: AdminServices, body: Fields): FakeUser {
  const id = field(body, 'id', 'string') ?? randomUUID();
  const emails = (field(body, 'emails', 'array') ?? []).map(readEmail);
  const username = field(body, 'username', 'string');
  const createdAt = field(body, 'created_at', 'string');
  if (!UUID.test(id)) {
    throw new Problem(400, `uuid: incorrect UUID length ${id.length} in string "${id}"`);
  }
  if (createdAt !== undefined && Number.isNaN(Date.parse(createdAt))) {
    throw new Problem(400, `parsing time "${createdAt}": cannot parse`);
  }
  checkEmails(emails);
  if (emails.length === 0 && !username) {
    throw new Problem(400, 'at least one of [Emails, Username] must be set');
  }
  const primary = emails.filter((email) => email.is_primary).length;
  if (emails.length > 0 && primary === 0) {
    throw new Problem(400, 'at least one primary email must be provided');
  }
  if (primary > 1) throw new Problem(400, 'only one primary email is allowed');

  if (isUserIdTaken(id)) throw taken(`user with id '${id}'`, 'user');
  for (const { address } of emails) {
    if (!store.userByEmail(address)) continue;
    throw taken(`email '${address.toLowerCase()}' for user '${id}'`, 'email');
  }
  if (username !== undefined && store.userByUsername(username)) {
    throw taken(`username '${username}' for user '${id}'`, 'username');
  }
  const at = createdAt && rfc3339(Date.parse(createdAt));
  return store.addUser(id, emails, username, at);
}

type NewEmail = ReturnType<typeof readEmail>;

function readEmail(entry: unknown) {
  const email = typed(entry, 'object', 'emails') ?? {};
  return {
    address: field(email, 'address', 'string') ?? '',
    is_primary: field(email, 'is_primary', 'bool') ?? false,
    is_verified: field(email, 'is_verified', 'bool') ?? false,
  };
}

function checkEmails(emails: readonly NewEmail[]): void {
  if (new Set(emails.map(({ address }) => address)).size < emails.length) {
    throw new Problem(400, 'emails entries are not unique');
  }
  for (const { address } of emails) {
    if (address === '') throw new Problem(400, 'address is a required field');
    if (!isAddress(address)) throw new Problem(400, 'address must be a valid email address');
  }
}

const taken = (what: string, kind: string): Problem =>
  new Problem(409, `failed to create ${what}: ${kind} already exists`);

const PERSONAL: readonly (keyof Personal)[] = ['name', 'given_name', 'family_name', 'picture'];

/** Null clears a member; what is absent stays. */
type Changes = Readonly<Partial<Record<keyof Personal | 'username', string | null>>>;

function readChanges(body: Fields): Changes {
  const entries = ['username', ...PERSONAL].flatMap((name) => {
    const given = body[name];
    if (given === undefined || given === null) return given === null ? [[name, null]] : [];
    if (typeof given !== 'string') {
      const type = Array.isArray(given) ? 'array' : typeof given;
      throw new Problem(
        400,
        `expected string or null: json: cannot unmarshal ${type} into Go value of type string`,
      );
    }
    const text = given.trim();
    if (text === '') throw new Problem(400, `${name} must be a non-empty string or null`);
    return [[name, name === 'username' ? text.toLowerCase() : text]];
  });
  const changes = Object.fromEntries(entries) as Changes;
  if (changes.picture && !isPicture(changes.picture)) {
    throw new Problem(400, 'picture must be a valid http(s) URL or null');
  }
  return changes;
}

function patchUser(store: UsersAndSessions, user: FakeUser, changes: Changes): FakeUser {
  const { username, ...personal } = changes;
  if (typeof username === 'string') {
    if (!/^\w+$/.test(username)) throw new Problem(400, 'username is invalid');
    const owner = store.userByUsername(username);
    if (owner !== undefined && owner.id !== user.id) {
      throw new Problem(409, 'username already exists');
    }
  }
  const isRenamed = username !== undefined && username !== (user.username?.username ?? null);
  const renamed = isRenamed ? store.setUsername(user, username ?? undefined) : user;
  if (!isRenamed && Object.keys(personal).length === 0) return user;
  const values = Object.entries(personal).map(([name, value]) => [name, value ?? undefined]);
  return store.setPersonal(renamed, Object.fromEntries(values) as Personal);
}

/** hanko backend/utils/url.go */
function isPicture(text: string): boolean {
  const url = text.length > 2048 ? null : parseUrl(text);
  return (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    /^https?:\/\/[^/]/i.test(text) &&
    !url.username
  );
}
