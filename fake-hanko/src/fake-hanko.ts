import { warnAtStart } from './banner.js';
import { check, UUID } from './check.js';
import { FakeTenant } from './fake-tenant.js';
import type { FakeHankoOptions, FakeHankoSettings } from './options.js';
import { checkOptions } from './options.js';
import { Parts } from './parts.js';
import type { FaultKind, FaultOptions } from './server/faults.js';
import type { LoggedRequest } from './server/http-server.js';
import type { NewFakeUser } from './store/records.js';

/**
 * A Hanko for tests: a real HTTP server on loopback with real keys, real signatures and Hanko's replies. Nothing of
 * your app is mocked.
 *
 * ```ts
 * const hanko = await FakeHanko.start();
 * process.env.HANKO_API_URL = hanko.url;
 * const token = await hanko.token({ email: 'ada@example.test' });
 * // … Authorization: Bearer ${token} …
 * await hanko.stop();
 * ```
 *
 * Hanko's own components sign in against it too. It is no login server: whoever reaches its Admin API can be any user.
 */
export class FakeHanko extends FakeTenant implements AsyncDisposable {
  private readonly parts: Parts;

  private constructor(private readonly settings: FakeHankoSettings) {
    const parts = new Parts(settings);
    super({
      own: () => parts.own,
      url: () => parts.publicServer.url,
      adminUrl: () => parts.adminServer.url,
    });
    this.parts = parts;
  }

  /**
   * Starts a server of its own; several can run at a time.
   *
   * ```ts
   * const hanko = await FakeHanko.start({ audience: 'app.example.com', idleTimeoutSeconds: 1800 });
   * ```
   *
   * @param options for the address, keys, sessions, users and webhooks; each has a default.
   * @throws TypeError for an invalid option; Error if it cannot listen, for example because the port is in use.
   */
  static async start(options: FakeHankoOptions = {}): Promise<FakeHanko> {
    const { users, ...settings } = checkOptions(options);
    // Passwords are hashed and not kept; a key takes longest, and is made meanwhile.
    const hanko = new FakeHanko({ ...settings, users: [] });
    const rotated = hanko.parts.own.keys.rotate();
    for (const user of users) hanko.createUser(user as NewFakeUser);
    await rotated;
    await hanko.parts.servers.listen();
    hanko.parts.own.webhooks.open();
    warnAtStart(hanko.settings, hanko.url);
    return hanko;
  }

  /** Base address of the management API, on a third port; undefined on a server without tenants. */
  get managementUrl(): string | undefined {
    return this.parts.managementServer?.url;
  }

  /** Stops at once and cuts every connection. Twice is fine. */
  stop(): Promise<void> {
    this.parts.tenants.stop();
    return this.parts.servers.stop();
  }

  /** Calls `stop()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  // Tenants

  /**
   * Makes another tenant, as `POST /tenants` of the management API does.
   *
   * ```ts
   * const hanko = await FakeHanko.start({ tenantId: '0d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33' });
   * const other = await hanko.createTenant('1d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33');
   * const token = await other.token({ email: 'bob@example.test' });
   * ```
   *
   * @param id a UUID. @param config in Hanko's words, and whatever it omits has Hanko's default. Without it the tenant is
   * configured as this server was at its start, but has no webhooks.
   * @throws TypeError on a server without tenants, for an id that is taken, and for a configuration that is wrong.
   */
  async createTenant(id: string, config?: unknown): Promise<FakeTenant> {
    check(this.settings.tenantId !== undefined, NO_TENANTS);
    check(UUID.test(id), 'the id of a tenant must be a UUID');
    await this.parts.tenants.create(id, config).catch((error: Error) => {
      throw new TypeError(error.message);
    });
    return this.tenant(id);
  }

  /** One of its tenants. @throws TypeError if there is none of this id. */
  tenant(id: string): FakeTenant {
    check(this.settings.tenantId !== undefined, NO_TENANTS);
    const { parts } = this;
    const prefix = `/${id.toLowerCase()}`;
    const tenant = new FakeTenant({
      own: () => parts.tenants.find(id),
      url: () => parts.publicServer.origin + prefix,
      adminUrl: () => parts.adminServer.origin + prefix,
    });
    parts.tenants.find(id);
    return tenant;
  }

  /** Deletes a tenant with all that it has. Its address is 404 from then on. @throws TypeError if there is none of this id. */
  deleteTenant(id: string): void {
    check(this.settings.tenantId !== undefined, NO_TENANTS);
    check(this.parts.tenants.delete(id), 'there is no tenant with this id');
  }

  // Faults and observation

  /**
   * Makes requests fail from now on, on both APIs. Faults with `times` are used up first, in order; of
   * those without, the newest whose `path` and `tenant` fit applies.
   *
   * ```ts
   * const hanko = await FakeHanko.start();
   * await hanko.fault('hang', { path: '/.well-known/jwks.json' }); // until recover()
   * await hanko.fault('error', { times: 2 }); // the next two requests
   * await hanko.fault('down', { tenant: '0d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33' }); // of a server with tenants
   * await hanko.recover();
   * ```
   */
  async fault(kind: FaultKind, options: FaultOptions = {}): Promise<void> {
    return this.parts.fail(kind, options);
  }

  /** Ends all faults: requests get real replies again. */
  async recover(): Promise<void> {
    return this.parts.recover();
  }

  /** The last 10,000 requests to the public API, in the order in which they came. */
  get requests(): readonly LoggedRequest[] {
    return [...this.parts.publicServer.requests];
  }

  /** Counts the logged requests whose path ends in this. Default: all of them. */
  countRequests(path = ''): number {
    return this.requests.filter((request) => request.path.endsWith(path)).length;
  }

  /** Empties the log of requests. */
  clearRequests(): void {
    this.parts.publicServer.requests.length = 0;
  }
}

const NO_TENANTS = 'this FakeHanko has no tenants: start it with the option tenantId';
