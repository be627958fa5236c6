import { adminRoutes } from './api/admin-routes.js';
import { flowRoutes } from './api/flow-routes.js';
import { publicRoutes } from './api/public-routes.js';
import { thirdPartyRoutes } from './api/third-party-routes.js';
import { SessionLookup } from './api/session-lookup.js';
import { Mailer } from './flow/mails.js';
import { Passcodes } from './flow/passcodes.js';
import { RateLimits } from './flow/rate-limits.js';
import { ThirdParties } from './flow/third-party/third-parties.js';
import { TrustedDevices } from './flow/trusted-devices.js';
import type { FakeHankoSettings } from './options.js';
import { Cors, isAllowedOrigin } from './server/cors.js';
import type { Site } from './server/route.js';
import { AdminView } from './store/admin-view.js';
import { AuditLog } from './store/audit-log.js';
import { MailBox } from './store/mail-box.js';
import type { FakeUser } from './store/records.js';
import { UsersAndSessions } from './store/users-and-sessions.js';
import { TokenFactory } from './tokens/factory.js';
import { Forger } from './tokens/forgeries.js';
import { KeyRing } from './tokens/keys.js';
import { StoredHooks } from './webhooks/stored-hooks.js';
import { Webhooks } from './webhooks/webhook-sender.js';

/** The server that a tenant is on. */
export interface TenantServer {
  /** Origin of the public API: where forged tokens point to. */
  publicOrigin(): string;
  /** Whether any tenant has a user of this id. */
  hasUser(id: string): boolean;
}

/** What one tenant has of its own: users, sessions, keys, configuration. A server without tenants has one. */
export class Tenant {
  readonly keys: KeyRing;
  readonly store: UsersAndSessions;
  readonly tokens: TokenFactory;
  readonly forger: Forger;
  readonly passcodes: Passcodes;
  readonly webhooks: Webhooks;
  readonly storedHooks: StoredHooks;
  readonly auditLog: AuditLog;
  readonly mailBox: MailBox;
  readonly publicSite: Site;
  readonly adminSite: Site;

  /**
   * @param former the same tenant before it was configured otherwise: what it holds stays.
   */
  constructor(
    readonly settings: FakeHankoSettings,
    server: TenantServer,
    former?: Tenant,
  ) {
    const { now, config } = settings;
    this.keys = former?.keys ?? new KeyRing(settings.modulusLength);
    this.store = former?.store ?? new UsersAndSessions(now, settings.sessionLimit);
    const view = new AdminView(this.store, settings.tenantId);
    this.store.reconfigure(settings.sessionLimit, (event, data) =>
      // Of a user, all is told that the Admin API shows.
      this.webhooks.send(event, event.startsWith('user.') ? view.of(data as FakeUser) : data),
    );
    const canExpire = config.webhooks.allow_time_expiration;
    this.storedHooks = former?.storedHooks ?? new StoredHooks(now, canExpire);
    this.storedHooks.canExpire = canExpire;
    this.auditLog = former?.auditLog ?? new AuditLog(now, config.audit_log, settings.tenantId);
    this.mailBox = former?.mailBox ?? new MailBox(now);
    this.tokens = new TokenFactory(settings, this.keys, this.store);
    this.forger = new Forger(this.tokens, () => server.publicOrigin());
    this.passcodes = new Passcodes(now, config.email);
    this.webhooks = new Webhooks(settings.webhooks, this.storedHooks, (event, data) =>
      this.tokens.sign({ payload: this.tokens.webhook(event, data, {}) }),
    );
    const sessions = new SessionLookup(this.keys, this.store, settings);
    const thirdParties = new ThirdParties(now, config.third_party, (origin) =>
      isAllowedOrigin(settings.allowOrigins, origin),
    );
    const flow = {
      store: this.store,
      tokens: this.tokens,
      passcodes: this.passcodes,
      thirdParties,
      devices: new TrustedDevices(now, config.mfa),
      auditLog: this.auditLog,
      limits: new RateLimits(now, config.rate_limiter),
      mailer: new Mailer(this.webhooks, config, (mail) => {
        this.mailBox.add(mail);
        settings.onMail?.(mail);
      }),
      settings,
    };
    this.publicSite = {
      routes: [
        ...publicRoutes(sessions, this.store, config, this.auditLog, () => this.keys.served),
        ...flowRoutes(flow, sessions),
        ...thirdPartyRoutes({ thirdParties, store: this.store, config, now }),
      ],
      cors: new Cors(settings.allowOrigins, settings.tokenTransport),
    };
    this.adminSite = {
      routes: adminRoutes({
        store: this.store,
        isUserIdTaken: (id) => server.hasUser(id),
        view,
        tokens: this.tokens,
        storedHooks: this.storedHooks,
        auditLog: this.auditLog,
        settings,
      }),
    };
  }
}
