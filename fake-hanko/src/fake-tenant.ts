import { sessionIdOf } from './api/session-lookup.js';
import { check, toJson, UUID } from './check.js';
import { checkWebhookUrl } from './options.js';
import { type FakeStorageState, storageState } from './storage-state.js';
import { createUser } from './store/new-user.js';
import type { FakeMail, FakeSession, FakeUser, NewFakeUser } from './store/records.js';
import { shownTotp } from './store/totp.js';
import type { Tenant } from './tenant.js';
import type { Forgery } from './tokens/forgeries.js';
import type { PublicJwk } from './tokens/keys.js';
import { expiredShape } from './tokens/shape-checks.js';
import type { RawToken, TokenShape, WebhookShape } from './tokens/shapes.js';
import { type FakePasskey, newPasskey } from './webauthn/new-passkey.js';
import type { WebhookDelivery } from './webhooks/webhook-sender.js';

/** Where a tenant is. */
export interface TenantHome {
  /** What it has now: another object after it was configured otherwise. @throws TypeError if it was deleted. */
  own(): Tenant;
  url(): string;
  adminUrl(): string;
}

/**
 * One tenant of a {@link FakeHanko}: its users, sessions, tokens, keys and webhooks. `hanko.tenant(id)` returns it, and a
 * FakeHanko is one itself.
 */
export class FakeTenant {
  readonly #home: TenantHome;

  /** @internal */
  /** @internal */
  constructor(home: TenantHome) {
    this.#home = home;
  }

  /** Base address of the public API: what goes into `HANKO_API_URL`. */
  get url(): string {
    return this.#home.url();
  }

  /** Base address of the Admin API, on a port of its own as Hanko's is. */
  get adminUrl(): string {
    return this.#home.adminUrl();
  }

  private get own(): Tenant {
    return this.#home.own();
  }

  // Users and sessions

  /** Creates a user who can then log in. @throws TypeError if the id, the address or the name is taken. */
  createUser(user: NewFakeUser = {}): FakeUser {
    return createUser(this.own.store, user);
  }

  /** Deletes a user and ends all their sessions. @throws TypeError if there is no such user. */
  deleteUser(userId: string): void {
    check(this.own.store.deleteUser(userId), 'there is no user with this id');
  }

  /** Lists the sessions that have not ended, of one user or of all. */
  sessions(userId?: string): readonly FakeSession[] {
    return this.own.store.sessionsOf(userId);
  }

  /** Ends a session, as an administrator does. @param session its id, or its token. */
  revoke(session: string): void {
    const id = UUID.test(session) ? session : sessionIdOf(session);
    check(this.own.store.endSession(id, 'session.delete.admin.revoke'), 'there is no such session');
  }

  // Signing in through the Flow API

  /** The last 100 mails that Hanko would have sent, newest first. */
  get mails(): readonly FakeMail[] {
    return this.own.mailBox.mails.map(({ at: _at, ...mail }) => mail);
  }

  /** The newest passcode that was mailed to an address and is still valid; undefined if there is none. */
  passcode(address: string): string | undefined {
    return this.own.passcodes.newestFor(address);
  }

  /**
   * The code that an authenticator app shows now: valid once. The next one comes on the half minute of `now`.
   * @param whose a user's address, or the key that the set-up page shows.
   */
  totp(whose: string): string {
    const user = this.own.store.userByEmail(whose);
    const credentials = user && this.own.store.credentialsOf(user.id);
    return shownTotp(credentials ? credentials.totp?.secret : whose, this.own.settings.now());
  }

  /**
   * Gives a user a passkey, and returns it for a virtual authenticator: Playwright's `context.credentials.create()`
   * takes it as it is, and the browser then signs in with it.
   * @param email an address of the user. @throws TypeError if there is no such user.
   */
  addPasskey(email: string): FakePasskey {
    const { id: rpId } = this.own.settings.config.webauthn.relying_party;
    return newPasskey(this.own.store, email, { rpId, now: this.own.settings.now() });
  }

  /**
   * Signs somebody in without a page, and returns what their browser then keeps: Playwright's `newContext()` takes it as
   * `storageState`.
   * @param page address of the page, or its origin. @param shape as of `token()`.
   * @throws TypeError if the page and FakeHanko have different names, such as `localhost` and `127.0.0.1`.
   */
  async storageState(page: string, shape: TokenShape = {}): Promise<FakeStorageState> {
    return storageState(this.own.settings, page, this.url, await this.token(shape));
  }

  // Webhooks

  /**
   * Sends a webhook to a receiver on this machine, whatever `webhooks` says, and waits for the response.
   *
   * ```ts
   * const hanko = await FakeHanko.start();
   * const { status } = await hanko.sendWebhook('http://localhost:3000/webhooks/hanko', 'user.login', { id: 'x' });
   * ```
   *
   * @param data the event's data. Any event can be sent, also one that FakeHanko does not know.
   * @throws Error if there is no response in ten seconds.
   */
  async sendWebhook(
    url: string,
    event: string,
    data: unknown,
    options: WebhookShape = {},
  ): Promise<{ readonly status: number }> {
    checkWebhookUrl(url);
    return this.own.webhooks.sendOne(url, event, await this.webhookToken(event, data, options));
  }

  /** Waits until every webhook that is being sent is delivered or has failed. */
  webhooksSettled(): Promise<void> {
    return this.own.webhooks.settled();
  }

  /** The last 1,000 webhooks, in the order in which they were delivered or failed. */
  get webhookDeliveries(): readonly WebhookDelivery[] {
    return [...this.own.webhooks.deliveries];
  }

  // Tokens

  /**
   * Starts a session, as a login does, and returns its token.
   *
   * ```ts
   * const hanko = await FakeHanko.start();
   * const token = await hanko.token({ email: 'ada@example.test', amr: ['pwd', 'totp'], claims: { role: 'admin' } });
   * ```
   *
   * @param shape the user, the login and the claims. Default: a new user who logged in just now with a password.
   */
  async token(shape: TokenShape = {}): Promise<string> {
    const { kid } = this.own.tokens.key((shape as TokenShape | null)?.kid);
    return this.own.tokens.sign({ payload: this.own.tokens.startSession(shape), kid });
  }

  /** Makes a token that expired a minute ago. */
  async expiredToken(shape: Omit<TokenShape, 'ageSeconds'> = {}): Promise<string> {
    return this.token(expiredShape(shape, this.own.settings.lifespanSeconds));
  }

  /** Makes a webhook token. It has the keys and the audience of session tokens, and no session. */
  async webhookToken(event: string, data: unknown, options: WebhookShape = {}): Promise<string> {
    return this.own.tokens.sign({ payload: this.own.tokens.webhook(event, data, options) });
  }

  /**
   * Makes a token that must be refused although its claims are those of a valid one.
   *
   * ```ts
   * const hanko = await FakeHanko.start();
   * const token = await hanko.forgedToken('alg-none'); // your API must respond with 401
   * ```
   */
  async forgedToken(how: Forgery, shape: TokenShape = {}): Promise<string> {
    return this.own.forger.forge(how, shape);
  }

  /** Signs exactly what is given, with a published key: for content that Hanko would not send. */
  async sign(token: RawToken): Promise<string> {
    return this.own.tokens.sign(token);
  }

  // Keys

  /** The `kid` of the key that signs. */
  get signingKid(): string {
    return this.own.keys.newest.kid;
  }

  /** Makes a key that signs from now on. The older ones stay published. @returns its `kid`. */
  async rotateKey(): Promise<string> {
    return this.own.keys.rotate();
  }

  /** Stops publishing a key: what it signed is invalid from then on. */
  removeKey(kid: string): void {
    check(this.own.keys.remove(kid), 'there is no key with this kid');
  }

  /** The public keys, as a JWK Set. */
  jwks(): { readonly keys: readonly PublicJwk[] } {
    return this.own.keys.publicJwks;
  }

  /** Serves another document as JWKS; null serves the real one again. */
  setJwks(document: unknown): void {
    this.own.keys.serve(document === null ? null : toJson(document, 'the JWKS'));
  }
}
