import {
  bodyOf,
  DATE,
  FLAG,
  isStorable,
  listOf,
  listOfSome,
  LONG_TEXT,
  orNull,
  PART,
  PER_PAGE,
  required,
  TEXT,
  UUID,
  uuid,
} from '../arguments.js';
import type { HankoListOptions } from '../pages.js';

/** Email address of a user who is created. */
export interface HankoNewUserEmail {
  /** Address in any case: Hanko stores it in lower case. */
  readonly address: string;
  /** Whether it is the primary one: exactly one of them must be. */
  readonly isPrimary: boolean;
  /** Whether it counts as proved: Hanko sends no mail, and trusts you. */
  readonly isVerified: boolean;
}

interface NewUser {
  /** UUID of the user, to import users with their ids. Default: Hanko makes one. */
  readonly id?: string;
  /** Addresses of the user, one of them primary; required without `username`. */
  readonly emails?: readonly HankoNewUserEmail[];
  /**
   * User name, required without `emails`. It is sent in lower case and without white space around it, as Hanko itself does
   * at registration and login. Names of other characters than letters, digits and `_` are refused there.
   */
  readonly username?: string;
  /** Time of the registration, for imports. Default: now. Lists are ordered by it alone: give each user a time of its own. */
  readonly createdAt?: Date;
}

/** Argument of `users.create()`: at least one address or a user name. */
export type HankoNewUser = NewUser &
  (Required<Pick<NewUser, 'emails'>> | Required<Pick<NewUser, 'username'>>);

/** Argument of `users.update()`: what is omitted is kept, null clears. */
export interface HankoUserChanges {
  /** User name, of letters, digits and `_`; Hanko writes it in lower case. Null removes it. */
  readonly username?: string | null;
  /** Full name of the user; null removes it. */
  readonly name?: string | null;
  /** Given name of the user; null removes it. */
  readonly givenName?: string | null;
  /** Family name of the user; null removes it. */
  readonly familyName?: string | null;
  /** URL of a picture, `https:` or `http:`; null removes it. */
  readonly picture?: string | null;
}

interface UserFilter extends HankoListOptions {
  /** Only users with these ids, 1 to 100 UUIDs. Default: all users. */
  readonly ids?: readonly string[];
  /**
   * Part of an address, in any case: `ada` finds `ada@…` and `nevada@…`. For one user use `findByEmail()`. It cannot be combined
   * with `usernameContains`: Hanko would join them by "or".
   */
  readonly emailContains?: string;
  /** Part of a user name, in any case. For one user use `findByUsername()`. */
  readonly usernameContains?: string;
  /** Order by the time of creation. Default `desc`: the newest first. */
  readonly sort?: 'asc' | 'desc';
}

/** Which users `users.list()` finds: those that meet all that is given. */
export type HankoUserFilter = UserFilter &
  ({ readonly emailContains?: never } | { readonly usernameContains?: never });

/** Hanko takes it for no id, and makes another one. */
const NIL = '00000000-0000-0000-0000-000000000000';

const NEW_EMAIL = {
  address: required({ name: 'address', ...TEXT }),
  isPrimary: required({ name: 'is_primary', ...FLAG }),
  isVerified: required({ name: 'is_verified', ...FLAG }),
};

export const NEW_USER = {
  id: {
    name: 'id',
    ...UUID,
    is: (id: unknown): boolean => UUID.is(id) && id !== NIL,
    expected: 'a UUID, and not the one of zeros',
  },
  emails: {
    name: 'emails',
    ...listOf('a list of addresses', (email, path) => bodyOf(path, email, NEW_EMAIL)),
  },
  username: {
    name: 'username',
    ...TEXT,
    is: (username: unknown): boolean => isStorable(username) && username.trim() !== '',
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
  picture: { name: 'picture', ...orNull(LONG_TEXT) },
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
