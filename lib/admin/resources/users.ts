import type { AdminClient } from '../admin-client.js';
import { HankoAdminError, type HankoAdminErrorCode } from '../admin-error.js';
import { bodyOf, isStorable, text, uuid } from '../arguments.js';
import type { EndedSessions } from '../ended-sessions.js';
import {
  type HankoAdminListedUser,
  type HankoAdminUser,
  readListedUser,
  readUser,
} from '../objects/user.js';
import type { MetadataReader } from '../metadata-reader.js';
import { type HankoList, MAX_PER_PAGE, PagedList } from '../pages.js';
import type { HankoAdminSessions } from './sessions.js';
import {
  CHANGES,
  FILTER,
  type HankoNewUser,
  type HankoUserChanges,
  type HankoUserFilter,
  NEW_USER,
} from './user-arguments.js';

/** More make addresses that proxies refuse. */
const MAX_IDS = 100;

/** Nothing was done. */
const IS_REFUSED: ReadonlySet<HankoAdminErrorCode> = new Set([
  'invalid',
  'conflict',
  'unauthorized',
  'limited',
]);

/** Users of this Hanko: `admin.users`. */
export class HankoAdminUsers {
  /** @internal */
  constructor(
    private readonly client: AdminClient,
    private readonly ended: EndedSessions,
    private readonly sessions: HankoAdminSessions,
    private readonly metadata: MetadataReader,
  ) {}

  /**
   * Users, page by page. Those without address and user name are omitted, and so is much of each: {@link HankoAdminListedUser}.
   * @throws TypeError for a wrong filter, and for two filters at once, which Hanko would join by "or".
   */
  list(filter: HankoUserFilter = {}): HankoList<HankoAdminListedUser> {
    const { user_id, per_page: perPage, ...query } = bodyOf('users.list()', filter, FILTER);
    if (query.email !== undefined && query.username !== undefined) {
      throw new TypeError('users.list() takes emailContains or usernameContains, not both.');
    }
    const ids = user_id as readonly string[] | undefined;
    if (ids !== undefined && ids.length > MAX_IDS) {
      throw new TypeError(`users.list().ids may hold ${MAX_IDS} ids, got ${ids.length}.`);
    }
    return new PagedList(
      this.client,
      {
        path: ['users'],
        query: {
          ...(query as Record<string, string>),
          ...(ids && { user_id: ids.join(',') }),
        },
      },
      readListedUser,
      perPage,
    );
  }

  /**
   * Reads a user with all that Hanko knows, metadata included.
   * @param id a UUID, the `sub` claim.
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws TypeError for an id that is no UUID
   */
  async get(id: string): Promise<HankoAdminUser> {
    const { json } = await this.client.call({ method: 'GET', path: ['users', uuid('id', id)] });
    return this.read(json);
  }

  /**
   * The user with exactly this address, in any case; null if there is none. Hanko itself finds parts of addresses only. The
   * address may be unverified: look at its `isVerified` before you trust that it is the user's.
   * @throws HankoAdminError any of its codes
   * @throws TypeError for what is no text
   */
  async findByEmail(address: string): Promise<HankoAdminUser | null> {
    const wanted = sameCase(text('address', address).trim());
    // Without one it is no address, and could be part of many.
    if (!wanted.includes('@') || !isStorable(wanted)) return null;
    return this.find({ emailContains: wanted }, ({ emails }) =>
      emails.some((email) => sameCase(email.address) === wanted),
    );
  }

  /**
   * The user with exactly this user name; null if there is none.
   * @throws HankoAdminError any of its codes
   * @throws TypeError for what is no text
   */
  async findByUsername(username: string): Promise<HankoAdminUser | null> {
    const wanted = sameCase(text('username', username).trim());
    if (!isStorable(wanted)) return null;
    return this.find(
      { usernameContains: wanted },
      (user) => user.username !== undefined && sameCase(user.username) === wanted,
    );
  }

  /**
   * Creates a user, without any mail or confirmation: for imports, seeds and invitations.
   * @throws HankoAdminError `conflict` if the id, an address or the user name is taken, and any other of its codes
   * @throws TypeError for a wrong member
   */
  async create(user: HankoNewUser): Promise<HankoAdminUser> {
    const body = bodyOf('users.create()', user, NEW_USER);
    const emails = (body.emails ?? []) as readonly { readonly is_primary?: unknown }[];
    const primary = emails.filter((email) => email.is_primary === true).length;
    if (emails.length === 0 && body.username === undefined) {
      throw new TypeError('users.create() needs an address or a user name.');
    }
    if (emails.length > 0 && primary !== 1) {
      throw new TypeError(`users.create().emails must have one primary address, got ${primary}.`);
    }
    const { json } = await this.client.call({ method: 'POST', path: ['users'], body });
    return this.read(json);
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
    return this.read(json);
  }

  /**
   * Deletes a user with everything that belongs to it. With HankoModule the user's tokens are refused from then on, and
   * sockets are closed, also if Hanko has no such user.
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws HankoUnavailableError `hanko_unavailable` if the store of revocations does not take it: delete the user again
   * @throws TypeError for an id that is no UUID
   */
  async delete(id: string): Promise<void> {
    const path = ['users', uuid('id', id)];
    try {
      await this.client.call({ method: 'DELETE', path, isDeletion: true });
    } catch (error) {
      // It is gone, or may be.
      if (error instanceof HankoAdminError && !IS_REFUSED.has(error.code)) {
        await this.ended.endUser(id);
      }
      throw error;
    }
    await this.ended.endUser(id);
  }

  /**
   * Ends all sessions of a user, as `sessions.revokeAll()`: those of logins under way included, which are issued up to five
   * seconds later.
   * @returns how many sessions Hanko had.
   * @throws HankoAdminError any of its codes; the tokens are refused all the same
   * @throws HankoUnavailableError `hanko_unavailable` if the store of revocations does not take it
   * @throws TypeError for an id that is no UUID
   */
  async revokeSessions(id: string): Promise<number> {
    return this.sessions.revokeAll(id);
  }

  private async read(json: unknown): Promise<HankoAdminUser> {
    const user = readUser(json);
    return { ...user, metadata: await this.metadata.read(user.metadata) };
  }

  private async find(
    filter: HankoUserFilter,
    isIt: (user: HankoAdminListedUser) => boolean,
  ): Promise<HankoAdminUser | null> {
    for await (const user of this.list({ ...filter, perPage: MAX_PER_PAGE })) {
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

/**
 * Lower case, as Hanko stores addresses and user names. The Kelvin sign and the dotted capital I stay: their lower case is an
 * ASCII letter, and whoever writes `\u212Aate@…` is not who has `kate@…`.
 */
const sameCase = (written: string): string =>
  written.replaceAll(/[^\u0130\u212A]+/g, (part) => part.toLowerCase());
