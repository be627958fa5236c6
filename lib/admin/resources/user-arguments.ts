import {
  bodyOf,
  DATE,
  FLAG,
  listOf,
  listOfSome,
  orNull,
  PART,
  PER_PAGE,
  required,
  TEXT,
  UUID,
  uuid,
} from '../arguments.js';
import { isText } from '../../util/value-checks.js';
import type { HankoListOptions } from '../pages.js';

/** An address of a user who is created. */
export interface HankoNewUserEmail {
  readonly address: string;
  /** Exactly one of them must be. */
  readonly isPrimary: boolean;
  readonly isVerified: boolean;
}

/** What `users.create()` takes: at least one address or a user name. */
export interface HankoNewUser {
  /** A UUID, to import users with their ids. Default: Hanko makes one. */
  readonly id?: string;
  readonly emails?: readonly HankoNewUserEmail[];
  /** It is kept as written here; `update()` writes it in lower case. */
  readonly username?: string;
  readonly createdAt?: Date;
}

/** What `users.update()` changes: what is omitted is kept, null clears. */
export interface HankoUserChanges {
  readonly username?: string | null;
  readonly name?: string | null;
  readonly givenName?: string | null;
  readonly familyName?: string | null;
  readonly picture?: string | null;
}

/** Which users `users.list()` finds. */
export interface HankoUserFilter extends HankoListOptions {
  /** Only these ids. */
  readonly ids?: readonly string[];
  /** Part of an address, in any case: `ada` finds `ada@…` and `nevada@…`. For one user use `findByEmail()`. */
  readonly emailContains?: string;
  /** Part of a user name, in any case. It cannot be combined with `emailContains`. */
  readonly usernameContains?: string;
  /** By the time of their creation. Default `desc`: the newest first. */
  readonly sort?: 'asc' | 'desc';
}

const NEW_EMAIL = {
  address: required({ name: 'address', ...TEXT }),
  isPrimary: required({ name: 'is_primary', ...FLAG }),
  isVerified: required({ name: 'is_verified', ...FLAG }),
};

export const NEW_USER = {
  id: { name: 'id', ...UUID },
  emails: {
    name: 'emails',
    ...listOf('a list of addresses', (email, path) => bodyOf(path, email, NEW_EMAIL)),
  },
  username: {
    name: 'username',
    ...TEXT,
    is: isText,
    // As Hanko itself does wherever a user name is written, but here: and its login looks for that form only.
    send: (username: unknown) => (username as string).trim().toLowerCase(),
  },
  createdAt: { name: 'created_at', ...DATE },
};

const NAME = orNull(TEXT);

export const CHANGES = {
  username: { name: 'username', ...NAME },
  name: { name: 'name', ...NAME },
  givenName: { name: 'given_name', ...NAME },
  familyName: { name: 'family_name', ...NAME },
  picture: { name: 'picture', ...NAME },
};

export const FILTER = {
  ids: {
    name: 'user_id',
    ...listOfSome('a list of UUIDs that is not empty', (id, path) => uuid(path, id)),
  },
  emailContains: { name: 'email', ...PART },
  usernameContains: { name: 'username', ...PART },
  sort: {
    name: 'sort_direction',
    is: (value: unknown): boolean => value === 'asc' || value === 'desc',
    expected: "'asc' or 'desc'",
  },
  perPage: PER_PAGE,
};
