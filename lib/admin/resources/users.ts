import type { AdminClient } from '../admin-client.js';
import { HankoAdminError } from '../admin-error.js';
import { bodyOf, DATE, FLAG, orNull, TEXT, text, UUID, uuid } from '../arguments.js';
import type { EndedSessions } from '../ended-sessions.js';
import {
  type HankoAdminListedUser,
  type HankoAdminUser,
  readListedUser,
  readUser,
} from '../objects/user.js';
import { type HankoList, type HankoListOptions, PagedList } from '../pages.js';
import type { HankoAdminSessions } from './sessions.js';

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
  address: { name: 'address', ...TEXT },
  isPrimary: { name: 'is_primary', ...FLAG },
  isVerified: { name: 'is_verified', ...FLAG },
};

const NEW_USER = {
  id: { name: 'id', ...UUID },
  emails: {
    name: 'emails',
    is: Array.isArray,
    expected: 'a list of addresses',
    send: (emails: unknown) =>
      (emails as readonly unknown[]).map((email) =>
        bodyOf('users.create().emails', email, NEW_EMAIL),
      ),
  },
  username: { name: 'username', ...TEXT },
  createdAt: { name: 'created_at', ...DATE },
};

const NAME = orNull(TEXT);

const CHANGES = {
  username: { name: 'username', ...NAME },
  name: { name: 'name', ...NAME },
  givenName: { name: 'given_name', ...NAME },
  familyName: { name: 'family_name', ...NAME },
  picture: { name: 'picture', ...NAME },
};

const FILTER = {
  ids: { name: 'user_id', is: Array.isArray, expected: 'a list of UUIDs' },
  emailContains: { name: 'email', ...TEXT },
  usernameContains: { name: 'username', ...TEXT },
  sort: {
    name: 'sort_direction',
    is: (value: unknown): boolean => value === 'asc' || value === 'desc',
    expected: "'asc' or 'desc'",
  },
  perPage: { name: 'per_page', is: () => true, expected: '' },
};

/** Users: `admin.users`. */
export class HankoAdminUsers {
  /** @internal */
  constructor(
    private readonly client: AdminClient,
    private readonly ended: EndedSessions,
    private readonly sessions: HankoAdminSessions,
  ) {}

  /**
   * Users, page by page. Those without address and user name are omitted, and so is much of each: {@link HankoAdminListedUser}.
   * @throws TypeError for a wrong filter, and for two filters at once, which Hanko would join by "or".
   */
  list(filter: HankoUserFilter = {}): HankoList<HankoAdminListedUser> {
    const {
      user_id: ids,
      per_page: _perPage,
      ...query
    } = bodyOf('users.list()', { ...filter }, FILTER);
    if (query.email !== undefined && query.username !== undefined) {
      throw new TypeError('users.list() takes emailContains or usernameContains, not both.');
    }
    const given = (ids as readonly unknown[] | undefined)?.map((id) =>
      uuid('users.list().ids', id),
    );
    // Without an id Hanko would list everybody.
    if (given?.length === 0)
      throw new TypeError('users.list().ids must hold an id, or be omitted.');
    return new PagedList(
      this.client,
      {
        path: ['users'],
        query: {
          ...(query as Record<string, string>),
          ...(given && { user_id: given.join(',') }),
        },
      },
      readListedUser,
      filter,
    );
  }

  /**
   * @param id a UUID, the `sub` claim.
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws TypeError for an id that is no UUID
   */
  async get(id: string): Promise<HankoAdminUser> {
    const { json } = await this.client.call({ method: 'GET', path: ['users', uuid('id', id)] });
    return readUser(json);
  }

  /**
   * The user with exactly this address, in any case; null if there is none. Hanko itself finds parts of addresses only.
   * @throws HankoAdminError any of its codes
   * @throws TypeError for what is no text
   */
  async findByEmail(address: string): Promise<HankoAdminUser | null> {
    const wanted = text('address', address).trim().toLowerCase();
    return this.find({ emailContains: wanted }, ({ emails }) =>
      emails.some((email) => email.address.toLowerCase() === wanted),
    );
  }

  /**
   * The user with exactly this user name; null if there is none.
   * @throws HankoAdminError any of its codes
   * @throws TypeError for what is no text
   */
  async findByUsername(username: string): Promise<HankoAdminUser | null> {
    const wanted = text('username', username).trim();
    const isIt = (name: string): boolean => name.toLowerCase() === wanted.toLowerCase();
    return this.find(
      { usernameContains: wanted },
      (user) => user.username !== undefined && isIt(user.username),
    );
  }

  /**
   * Creates a user.
   * @throws HankoAdminError `conflict` if the id, an address or the user name is taken, and any other of its codes
   * @throws TypeError for a wrong member
   */
  async create(user: HankoNewUser): Promise<HankoAdminUser> {
    const body = bodyOf('users.create()', { ...user }, NEW_USER);
    const emails = (body.emails ?? []) as readonly { readonly is_primary?: unknown }[];
    const primary = emails.filter((email) => email.is_primary === true).length;
    if (emails.length === 0 && body.username === undefined) {
      throw new TypeError('users.create() needs an address or a user name.');
    }
    if (emails.length > 0 && primary !== 1) {
      throw new TypeError(`users.create().emails must have one primary address, got ${primary}.`);
    }
    const { json } = await this.client.call({ method: 'POST', path: ['users'], body });
    return readUser(json);
  }

  /**
   * Changes a user: what is omitted is kept, null clears. Needs Hanko 2.5.
   * @throws HankoAdminError any of its codes
   * @throws TypeError for a wrong member, and for no change at all, which Hanko would ignore
   */
  async update(id: string, changes: HankoUserChanges): Promise<HankoAdminUser> {
    const body = bodyOf('users.update()', changes, CHANGES);
    if (Object.keys(body).length === 0) throw new TypeError('users.update() needs a change.');
    const path = ['users', uuid('id', id)];
    const { json } = await this.client.call({ method: 'PATCH', path, body });
    return readUser(json);
  }

  /**
   * Deletes a user with everything that belongs to it. With HankoModule the user's tokens are refused from then on, and
   * sockets are closed.
   * @throws HankoAdminError any of its codes
   * @throws HankoUnavailableError `hanko_unavailable` if the store of revocations does not take it
   * @throws TypeError for an id that is no UUID
   */
  async delete(id: string): Promise<void> {
    const path = ['users', uuid('id', id)];
    try {
      await this.client.call({ method: 'DELETE', path, isDeletion: true });
    } catch (error) {
      // It may have been done all the same.
      if (error instanceof HankoAdminError && error.code === 'unavailable') {
        await this.ended.endUser(id);
      }
      throw error;
    }
    await this.ended.endUser(id);
  }

  /**
   * Ends all sessions of a user, as `sessions.revokeAll()`.
   * @returns how many sessions Hanko had.
   * @throws HankoAdminError any of its codes; the tokens are refused all the same
   * @throws TypeError for an id that is no UUID
   */
  async revokeSessions(id: string): Promise<number> {
    return this.sessions.revokeAll(id);
  }

  private async find(
    filter: HankoUserFilter,
    isIt: (user: HankoAdminListedUser) => boolean,
  ): Promise<HankoAdminUser | null> {
    for await (const user of this.list(filter)) {
      if (!isIt(user)) continue;
      // It may be deleted meanwhile.
      return this.get(user.id).catch((error: unknown) => {
        if (error instanceof HankoAdminError && error.code === 'not_found') return null;
        throw error;
      });
    }
    return null;
  }
}
