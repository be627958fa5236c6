import type { FakeHankoSettings } from '../options.js';
import type { AdminView } from '../store/admin-view.js';
import type { AuditLog } from '../store/audit-log.js';
import type { UsersAndSessions } from '../store/users-and-sessions.js';
import type { TokenFactory } from '../tokens/factory.js';
import type { StoredHooks } from '../webhooks/stored-hooks.js';

/** What the routes of the Admin API work with. */
export interface AdminServices {
  readonly store: UsersAndSessions;
  /** By a user of any tenant: ids are unique on a server (hanko backend/persistence/migrations). */
  readonly isUserIdTaken: (id: string) => boolean;
  readonly view: AdminView;
  readonly tokens: TokenFactory;
  readonly storedHooks: StoredHooks;
  readonly auditLog: AuditLog;
  readonly settings: FakeHankoSettings;
}
