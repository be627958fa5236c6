import { randomUUID } from 'node:crypto';
import { check } from '../check.js';
import { Identities } from './identities.js';
import { withNotes } from './credential-notes.js';
import { AllMetadata } from './metadata.js';
import {
  type Credentials,
  type FakeEmail,
  type FakeSession,
  type FakeUser,
  newEmail,
  type Personal,
  rfc3339,
  type WebauthnCredential,
} from './records.js';
import type { SessionEnd, SessionStart, Tell } from '../webhooks/event-names.js';

/** Enough for any test; a loop gone wild hits it instead of the memory. */
const MAX_ENTRIES = 10_000;

/** The users and sessions of a server, in memory. */
export class UsersAndSessions {
  private readonly users = new Map<string, FakeUser>();
  private readonly sessions = new Map<string, FakeSession>();
  /** The ids of a user's sessions: to look through all of them for each login would be slow. */
  private readonly sessionIds = new Map<string, Set<string>>();
  private readonly credentials = new Map<string, Credentials>();
  readonly identities = new Identities();
  readonly metadata = new AllMetadata();

  constructor(
    private readonly now: () => number,
    private sessionLimit: number,
    /** Called for ended sessions and deleted users; other events of users are reported by whoever causes them. */
    public tell: Tell = () => undefined,
  ) {}

  /** From now on, for the users and sessions that are there too. */
  reconfigure(sessionLimit: number, tell: Tell): void {
    this.sessionLimit = sessionLimit;
    this.tell = tell;
  }

  addUser(
    id: string,
    emails: readonly Pick<FakeEmail, 'address' | 'is_primary' | 'is_verified'>[],
    username: string | undefined,
    createdAt?: string,
  ): FakeUser {
    check(this.users.size < MAX_ENTRIES, `it holds at most ${MAX_ENTRIES} users`);
    const at = rfc3339(this.now());
    const user: FakeUser = {
      id: id.toLowerCase(),
      ...(emails.length > 0 && {
        emails: emails.map((email) => newEmail(email, at)),
      }),
      ...(username !== undefined && {
        username: { id: randomUUID(), username, created_at: at, updated_at: at },
      }),
      created_at: createdAt ?? at,
      updated_at: at,
    };
    this.users.set(user.id, user);
    return user;
  }

  user(id: string): FakeUser | undefined {
    return this.users.get(id.toLowerCase());
  }

  /** Newest first, as Hanko lists them. */
  allUsers(): readonly FakeUser[] {
    return [...this.users.values()].toSorted(byCreation).toReversed();
  }

  /** In any case: Hanko keeps addresses in lower case. */
  userByEmail(address: string): FakeUser | undefined {
    const wanted = address.toLowerCase();
    return [...this.users.values()].find((user) =>
      user.emails?.some((email) => email.address === wanted),
    );
  }

  userByUsername(username: string): FakeUser | undefined {
    return [...this.users.values()].find((user) => user.username?.username === username);
  }

  /** Ends the user's sessions too: nobody is told of those. */
  deleteUser(id: string): boolean {
    const userId = id.toLowerCase();
    const user = this.users.get(userId);
    // What is told is all that there was.
    if (user !== undefined) this.tell('user.delete', user);
    for (const sessionId of this.sessionIds.get(userId) ?? []) this.endSession(sessionId);
    this.credentials.delete(userId);
    this.identities.deleteOf(userId);
    this.metadata.delete(userId);
    return this.users.delete(userId);
  }

  credentialsOf(userId: string): Credentials {
    return this.credentials.get(userId.toLowerCase()) ?? {};
  }

  /** For a user that is there; undefined takes a credential away. */
  setCredentials(
    userId: string,
    changes: { readonly [Key in keyof Credentials]: Credentials[Key] | undefined },
  ): void {
    const id = userId.toLowerCase();
    if (!this.users.has(id)) return;
    const before = this.credentials.get(id) ?? {};
    const all = Object.entries({ ...before, ...changes });
    const after = Object.fromEntries(all.filter(([, value]) => value !== undefined));
    this.credentials.set(id, withNotes(before, after, rfc3339(this.now())));
  }

  /** Whose passkey or security key it is; ids are unique. */
  ownerOfKey(
    id: string,
  ): { readonly ownerId: string; readonly key: WebauthnCredential } | undefined {
    for (const [ownerId, { webauthn = [] }] of this.credentials) {
      const key = webauthn.find((one) => one.id === id);
      if (key !== undefined) return { ownerId, key };
    }
    return undefined;
  }

  keysOf(userId: string): readonly WebauthnCredential[] {
    return this.credentialsOf(userId).webauthn ?? [];
  }

  /** Adds a passkey or security key, or puts one in the place of that with its id. */
  setKey(userId: string, key: WebauthnCredential): void {
    const others = this.keysOf(userId);
    const isKnown = others.some(({ id }) => id === key.id);
    const webauthn = isKnown
      ? others.map((one) => (one.id === key.id ? key : one))
      : [...others, key];
    this.setCredentials(userId, { webauthn });
  }

  /** @returns whether the user had such a key. */
  deleteKey(userId: string, id: string): boolean {
    const keys = this.keysOf(userId);
    const webauthn = keys.filter((key) => key.id !== id);
    this.setCredentials(userId, { webauthn });
    return webauthn.length < keys.length;
  }

  /** Puts other addresses in place of a user's, who must be there. @returns the user as changed. */
  setEmails(user: FakeUser, emails: readonly FakeEmail[]): FakeUser {
    const changed = { ...user, emails };
    this.users.set(user.id, changed);
    return changed;
  }

  /** Adds an address, which is the primary one if there is no other. @returns the user as changed. */
  addEmail(user: FakeUser, address: string, isVerified: boolean): FakeUser {
    const emails = user.emails ?? [];
    const email = { address, is_primary: emails.length === 0, is_verified: isVerified };
    return this.setEmails(user, [...emails, newEmail(email, rfc3339(this.now()))]);
  }

  /** Gives a user, who must be there, another name or none. @returns the user as changed. */
  setUsername(user: FakeUser, name: string | undefined): FakeUser {
    const { username, ...others } = user;
    const at = rfc3339(this.now());
    const changed: FakeUser =
      name === undefined
        ? others
        : {
            ...others,
            username: {
              id: username?.id ?? randomUUID(),
              username: name,
              created_at: username?.created_at ?? at,
              updated_at: at,
            },
          };
    this.users.set(user.id, changed);
    return changed;
  }

  /** Writes over what a user, who must be there, is called. @returns the user as changed. */
  setPersonal(user: FakeUser, personal: Personal): FakeUser {
    const changed = { ...user, ...personal, updated_at: rfc3339(this.now()) };
    this.users.set(user.id, changed);
    return changed;
  }

  /** Starts a session; beyond the limit the user's oldest ones end. One that has expired is no news. */
  addSession(
    session: Pick<FakeSession, 'id' | 'user_id'> & Partial<FakeSession>,
    startMs: number,
    expiresMs: number,
    event: SessionStart,
  ): FakeSession {
    if (this.sessions.size >= MAX_ENTRIES) this.dropExpired();
    check(this.sessions.size < MAX_ENTRIES, `it holds at most ${MAX_ENTRIES} sessions`);
    const at = rfc3339(startMs);
    const added: FakeSession = {
      user_agent: null,
      ip_address: null,
      created_at: at,
      updated_at: at,
      expires_at: rfc3339(expiresMs),
      last_used: at,
      ...session,
    };
    this.sessions.set(added.id, added);
    const ids = this.sessionIds.get(added.user_id) ?? new Set();
    this.sessionIds.set(added.user_id, ids.add(added.id));
    const own = this.sessionsOf(added.user_id);
    const surplus = Math.max(0, own.length - this.sessionLimit);
    const others = own.filter(({ id }) => id !== added.id);
    for (const { id } of others.slice(0, surplus)) {
      this.endSession(id, 'session.delete.passive.limit');
    }
    if (expiresMs > this.now()) this.tell(event, added);
    return added;
  }

  /** A session that has not expired. */
  session(id: string): FakeSession | undefined {
    const session = this.sessions.get(id.toLowerCase());
    return session && Date.parse(session.expires_at) > this.now() ? session : undefined;
  }

  /** Unexpired ones, of one user or of all, oldest first. */
  sessionsOf(userId?: string): readonly FakeSession[] {
    const ids = userId === undefined ? this.sessions.keys() : (this.sessionIds.get(userId) ?? []);
    return [...ids].flatMap((id) => this.session(id) ?? []).toSorted(byCreation);
  }

  /** Notes that a session, which must be there, was used: that puts off the idle timeout. */
  touch(session: FakeSession): FakeSession {
    const at = rfc3339(this.now());
    const touched = { ...session, last_used: at, updated_at: at };
    this.sessions.set(session.id, touched);
    return touched;
  }

  /** @param event how it ends; none where nobody is told. @returns whether there was such a session. */
  endSession(text: string, event?: SessionEnd): boolean {
    const session = this.sessions.get(text.toLowerCase());
    if (session === undefined) return false;
    const { id, user_id: userId } = session;
    const ids = this.sessionIds.get(userId);
    if (ids?.delete(id) && ids.size === 0) this.sessionIds.delete(userId);
    if (event !== undefined) this.tell(event, session);
    return this.sessions.delete(id);
  }

  private dropExpired(): void {
    for (const { id, expires_at } of this.sessions.values()) {
      if (Date.parse(expires_at) <= this.now()) this.endSession(id);
    }
  }
}

const byCreation = (a: { created_at: string }, b: { created_at: string }): number =>
  Date.parse(a.created_at) - Date.parse(b.created_at);
