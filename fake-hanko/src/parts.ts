import { adminRoutes } from './api/admin-routes.js';
import { flowRoutes } from './api/flow-routes.js';
import { forgerRoutes } from './api/forger-routes.js';
import { publicRoutes } from './api/public-routes.js';
import { SessionLookup } from './api/session-lookup.js';
import { Mailer } from './flow/mails.js';
import { Passcodes } from './flow/passcodes.js';
import { RateLimits } from './flow/rate-limits.js';
import type { FakeHankoSettings } from './options.js';
import { Cors } from './server/cors.js';
import { Faults } from './server/faults.js';
import { FakeServer } from './server/http-server.js';
import { ServerGroup } from './server/server-group.js';
import { UsersAndSessions } from './store/users-and-sessions.js';
import { TokenFactory } from './tokens/factory.js';
import { Forger } from './tokens/forgeries.js';
import { KeyRing } from './tokens/keys.js';
import { Webhooks } from './webhooks/webhook-sender.js';

/** The parts of one FakeHanko, put together. */
export class Parts {
  readonly keys: KeyRing;
  readonly store: UsersAndSessions;
  readonly tokens: TokenFactory;
  readonly forger: Forger;
  readonly passcodes: Passcodes;
  readonly webhooks: Webhooks;
  readonly faults = new Faults();
  readonly publicServer: FakeServer;
  readonly adminServer: FakeServer;
  readonly servers: ServerGroup;

  constructor(settings: FakeHankoSettings) {
    const { host, hosts, tenantId, now, port, adminPort } = settings;
    const at = { host, hosts, tenantId };
    this.keys = new KeyRing(settings.modulusLength);
    this.store = new UsersAndSessions(now, settings.sessionLimit, (event, data) =>
      this.webhooks.send(event, data),
    );
    this.tokens = new TokenFactory(settings, this.keys, this.store);
    this.forger = new Forger(this.tokens, () => this.publicServer.origin);
    this.passcodes = new Passcodes(now);
    this.webhooks = new Webhooks(settings.webhooks, (event, data) =>
      this.tokens.sign({ payload: this.tokens.webhook(event, data, {}) }),
    );
    const sessions = new SessionLookup(this.keys, this.store, settings);
    const flow = {
      store: this.store,
      tokens: this.tokens,
      passcodes: this.passcodes,
      limits: new RateLimits(now, settings.rateLimits),
      mailer: new Mailer(this.webhooks, settings.onMail),
      settings,
    };
    this.publicServer = new FakeServer(
      [
        ...publicRoutes(sessions, this.store, () => this.keys.served),
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
}
