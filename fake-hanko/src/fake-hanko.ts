import { adminRoutes } from './api/admin-routes.js';
import { flowRoutes } from './api/flow-routes.js';
import { forgerRoutes } from './api/forger-routes.js';
import { publicRoutes } from './api/public-routes.js';
import { sessionIdOf, SessionLookup } from './api/session-lookup.js';
import { warnAtStart } from './banner.js';
import { check, toJson, UUID } from './check.js';
import { Mailer } from './flow/mails.js';
import { Passcodes } from './flow/passcodes.js';
import { RateLimits } from './flow/rate-limits.js';
import {
  checkOptions,
  checkWebhookUrl,
  type FakeHankoOptions,
  type FakeHankoSettings,
} from './options.js';
import { Cors } from './server/cors.js';
import { type FaultKind, type FaultOptions, Faults } from './server/faults.js';
import { FakeServer, type LoggedRequest } from './server/http-server.js';
import { ServerGroup } from './server/server-group.js';
import { createUser } from './store/new-user.js';
import type { FakeSession, FakeUser, NewFakeUser } from './store/records.js';
import { shownTotp } from './store/totp.js';
import { UsersAndSessions } from './store/users-and-sessions.js';
import { TokenFactory } from './tokens/factory.js';
import { Forger, type Forgery } from './tokens/forgeries.js';
import { KeyRing, type PublicJwk } from './tokens/keys.js';
import type { RawToken, TokenShape, WebhookShape } from './tokens/shapes.js';
import { type WebhookDelivery, Webhooks } from './webhooks/webhooks.js';

/**
 * A Hanko for tests: a real HTTP server on loopback with real keys, real signatures and the answers
 * that Hanko gives. Nothing of your app is mocked.
 *
 * ```ts
 * const hanko = await FakeHanko.start();
 * process.env.HANKO_API_URL = hanko.url;
 * const token = await hanko.token({ email: 'ada@example.test' });
 * // … Authorization: Bearer ${token} …
 * await hanko.stop();
 * ```
 *
 * Hanko's own components sign in against it too. It is no login server: whoever reaches its Admin API
 * is whoever they like.
 */
export class FakeHanko implements AsyncDisposable {
  private readonly keys: KeyRing;
  private readonly store: UsersAndSessions;
  private readonly tokens: TokenFactory;
  private readonly forger: Forger;
  private readonly passcodes: Passcodes;
  private readonly webhooks: Webhooks;
  private readonly faults = new Faults();
  private readonly publicServer: FakeServer;
  private readonly adminServer: FakeServer;
  private servedJwks: string | undefined;
  private readonly servers: ServerGroup;

  private constructor(private readonly settings: FakeHankoSettings) {
    const { host, tenantId, now, port, adminPort } = settings;
    const at = { host, tenantId };
    this.keys = new KeyRing(settings.modulusLength);
    this.store = new UsersAndSessions(now, settings.sessionLimit, (event, data) =>
      this.webhooks.send(event, data),
    );
    this.tokens = new TokenFactory(settings, this.keys, this.store);
    this.forger = new Forger(this.tokens, () => this.publicServer.origin);
    this.passcodes = new Passcodes(now);
    this.webhooks = new Webhooks(settings.webhooks, (event, data) =>
      this.webhookToken(event, data),
    );
    const sessions = new SessionLookup(this.keys, this.store, settings);
    const flow = {
      store: this.store,
      tokens: this.tokens,
      passcodes: this.passcodes,
      limits: new RateLimits(now, settings.rateLimits),
      mailer: new Mailer(this.webhooks),
      settings,
    };
    this.publicServer = new FakeServer(
      [
        ...publicRoutes(sessions, this.store, () =>
          this.servedJwks === undefined ? this.jwks() : JSON.parse(this.servedJwks),
        ),
        ...flowRoutes(flow, sessions),
        ...forgerRoutes(this.forger),
      ],
      this.faults,
      { ...at, port, cors: new Cors(settings.allowOrigins, settings.tokenTransport) },
    );
    this.adminServer = new FakeServer(adminRoutes(this.store, this.tokens), this.faults, {
      ...at,
      port: adminPort,
    });
    this.servers = new ServerGroup([this.publicServer, this.adminServer]);
  }

  /**
   * Starts one; several at a time are independent of each other.
   * @throws TypeError for a wrong option; Error if it cannot listen, say because the port is taken.
   */
  static async start(options: FakeHankoOptions = {}): Promise<FakeHanko> {
    const { users, ...settings } = checkOptions(options);
    // Their passwords are hashed and not kept.
    const hanko = new FakeHanko({ ...settings, users: [] });
    for (const user of users) hanko.createUser(user as NewFakeUser);
    await hanko.keys.rotate();
    await hanko.servers.listen();
    hanko.webhooks.open();
    warnAtStart(hanko.settings, hanko.url);
    return hanko;
  }

  /** Base address of the public API: what goes into `HANKO_API_URL`. */
  get url(): string {
    return this.publicServer.url;
  }

  /** Base address of the Admin API, on a port of its own as Hanko's is. */
  get adminUrl(): string {
    return this.adminServer.url;
  }

  /** Stops at once and cuts every connection. Twice is fine. */
  stop(): Promise<void> {
    this.webhooks.stop();
    return this.servers.stop();
  }

  /** What `await using` calls: `stop`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  // Users and sessions

  /**
   * Makes a user who can then log in.
   * @throws TypeError if the id, the address or the name is taken.
   */
  createUser(user: NewFakeUser = {}): FakeUser {
    return createUser(this.store, user);
  }

  /** Ends the user's sessions too. */
  deleteUser(userId: string): void {
    check(this.store.deleteUser(userId), 'there is no user with this id');
  }

  /** Living sessions, of one user or of all. */
  sessions(userId?: string): readonly FakeSession[] {
    return this.store.sessionsOf(userId);
  }

  /** Ends a session, as an administrator does. @param session its id, or its token. */
  revoke(session: string): void {
    const id = UUID.test(session) ? session : sessionIdOf(session);
    check(this.store.endSession(id, 'session.delete.admin.revoke'), 'there is no such session');
  }

  // Signing in through the Flow API

  /** The newest passcode that was mailed to an address and is still good; undefined if there is none. */
  passcode(address: string): string | undefined {
    return this.passcodes.newestFor(address);
  }

  /**
   * What an authenticator app shows now: each code is good once, and the next one comes on the half
   * minute of `now`.
   * @param whose a user's address, or the key that the set-up page shows.
   */
  totp(whose: string): string {
    const user = this.store.userByEmail(whose);
    const secret = user ? this.store.credentialsOf(user.id).totp?.secret : whose;
    return shownTotp(secret, this.settings.now());
  }

  // Webhooks

  /**
   * Sends one to a receiver on this machine, whoever is told of what else, and waits for its answer.
   * @param data what Hanko would say of the event; any event, also one that FakeHanko does not know.
   * @throws Error if there is no answer in ten seconds.
   */
  async sendWebhook(
    url: string,
    event: string,
    data: unknown,
    options: WebhookShape = {},
  ): Promise<{ readonly status: number }> {
    checkWebhookUrl(url);
    return this.webhooks.sendOne(url, event, await this.webhookToken(event, data, options));
  }

  /** Waits until every webhook under way has come to an end, well or not. */
  webhooksSettled(): Promise<void> {
    return this.webhooks.settled();
  }

  /** The last 1,000 webhooks, in the order in which they came to an end. */
  get webhookDeliveries(): readonly WebhookDelivery[] {
    return [...this.webhooks.deliveries];
  }

  // Tokens

  /** Starts a session, as a login does, and returns its token. */
  async token(shape: TokenShape = {}): Promise<string> {
    const { kid } = this.tokens.key((shape as TokenShape | null)?.kid);
    return this.tokens.sign({ payload: this.tokens.startSession(shape), kid });
  }

  /** A token that expired a minute ago. */
  async expiredToken(shape: Omit<TokenShape, 'ageSeconds'> = {}): Promise<string> {
    check(
      (shape as TokenShape | null)?.ageSeconds === undefined,
      'expiredToken() takes no ageSeconds: token() does',
    );
    const { lifespanSeconds = this.settings.lifespanSeconds } = shape;
    return this.token({ ...shape, ageSeconds: lifespanSeconds + 60 });
  }

  /** A webhook token: same keys, same audience, no session. */
  async webhookToken(event: string, data: unknown, options: WebhookShape = {}): Promise<string> {
    return this.tokens.sign({ payload: this.tokens.webhook(event, data, options) });
  }

  /** A token that must be refused, though it says what a good one would. */
  async forgedToken(how: Forgery, shape: TokenShape = {}): Promise<string> {
    return this.forger.forge(how, shape);
  }

  /** Signs exactly what is given, with a published key: for content that Hanko would not send. */
  async sign(token: RawToken): Promise<string> {
    return this.tokens.sign(token);
  }

  // Keys

  /** The `kid` that signs. */
  get signingKid(): string {
    return this.keys.newest.kid;
  }

  /** Makes a key that signs from now on; the older ones stay published. @returns its `kid`. */
  async rotateKey(): Promise<string> {
    return this.keys.rotate();
  }

  /** Publishes a key no longer. */
  removeKey(kid: string): void {
    check(this.keys.remove(kid), 'there is no key with this kid');
  }

  /** The public keys, as a JWK Set. */
  jwks(): { readonly keys: readonly PublicJwk[] } {
    return this.keys.publicJwks;
  }

  /** Serves another document as JWKS; null serves the real one again. */
  setJwks(document: unknown): void {
    this.servedJwks = document === null ? undefined : toJson(document, 'the JWKS');
  }

  // Faults and observation

  /**
   * Makes requests fail from now on, on both APIs. Faults with `times` are used up first, in order; of
   * those without, the newest that fits a path holds.
   */
  async fault(kind: FaultKind, options: FaultOptions = {}): Promise<void> {
    if (kind !== 'refuse') return this.faults.add(kind, options);
    check(Object.keys(options).length === 0, 'refuse takes no options: nothing listens then');
    check(!this.servers.isStopped, 'it is stopped: start() makes a new one');
    await this.servers.close();
  }

  /** Ends all faults. */
  async recover(): Promise<void> {
    check(!this.servers.isStopped, 'it is stopped: start() makes a new one');
    this.faults.clear();
    await this.servers.listen();
  }

  /** The last 10,000 requests to the public API, in the order in which they came. */
  get requests(): readonly LoggedRequest[] {
    return [...this.publicServer.requests];
  }

  /** How many of them had a path that ends in this. */
  countRequests(path = ''): number {
    return this.requests.filter((request) => request.path.endsWith(path)).length;
  }

  /** Forgets the requests so far. */
  clearRequests(): void {
    this.publicServer.requests.length = 0;
  }
}
