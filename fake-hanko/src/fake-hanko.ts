import { adminRoutes } from './admin-api.js';
import { warnAtStart } from './banner.js';
import { Cors } from './cors.js';
import { Directory, type FakeSession, type FakeUser, type NewFakeUser } from './directory.js';
import { type FaultKind, type FaultOptions, Faults } from './faults.js';
import { flowRoutes } from './flow/flow-api.js';
import { Mailer } from './flow/mails.js';
import { Passcodes } from './flow/passcodes.js';
import { RateLimits } from './flow/rate-limits.js';
import { shownTotp } from './flow/totp.js';
import { Forger, type Forgery } from './forgeries.js';
import { FakeServer, type LoggedRequest } from './http-server.js';
import { toJson } from './input-checks.js';
import {
  check,
  checkOptions,
  checkWebhookUrl,
  type FakeHankoOptions,
  type FakeHankoSettings,
  UUID,
} from './options.js';
import { publicRoutes } from './public-api.js';
import { ServerGroup } from './server-group.js';
import { sessionIdOf, Sessions } from './sessions.js';
import { KeyRing, type PublicJwk } from './signing-keys.js';
import { type RawToken, TokenFactory, type TokenShape, type WebhookShape } from './tokens.js';
import { type WebhookDelivery, Webhooks } from './webhooks.js';

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
  private readonly directory: Directory;
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
    this.directory = new Directory(now, settings.sessionLimit, (event, data) =>
      this.webhooks.send(event, data),
    );
    this.tokens = new TokenFactory(settings, this.keys, this.directory);
    this.forger = new Forger(this.tokens, () => this.publicServer.origin);
    this.passcodes = new Passcodes(now);
    this.webhooks = new Webhooks(settings.webhooks, (event, data) =>
      this.webhookToken(event, data),
    );
    const sessions = new Sessions(this.keys, this.directory, settings);
    const flow = {
      directory: this.directory,
      tokens: this.tokens,
      passcodes: this.passcodes,
      limits: new RateLimits(now, settings.rateLimits),
      mailer: new Mailer(this.webhooks),
      settings,
    };
    this.publicServer = new FakeServer(
      [
        ...publicRoutes(sessions, this.directory, () =>
          this.servedJwks === undefined ? this.jwks() : JSON.parse(this.servedJwks),
        ),
        ...flowRoutes(flow, sessions),
        ...this.forger.routes,
      ],
      this.faults,
      { ...at, port, cors: new Cors(settings.allowOrigins, settings.tokenTransport) },
    );
    this.adminServer = new FakeServer(adminRoutes(this.directory, this.tokens), this.faults, {
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
    return this.tokens.createUser(user);
  }

  /** Ends the user's sessions too. */
  deleteUser(userId: string): void {
    check(this.directory.deleteUser(userId), 'there is no user with this id');
  }

  /** Living sessions, of one user or of all. */
  sessions(userId?: string): readonly FakeSession[] {
    return this.directory.sessionsOf(userId);
  }

  /** Ends a session, as an administrator does. @param session its id, or its token. */
  revoke(session: string): void {
    const id = UUID.test(session) ? session : sessionIdOf(session);
    check(this.directory.endSession(id, 'session.delete.admin.revoke'), 'there is no such session');
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
    const user = this.directory.userByEmail(whose);
    const secret = user ? this.directory.credentialsOf(user.id).totp?.secret : whose;
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
