import type { AdminClient } from '../admin-client.js';
import { bodyOf, DATE, TEXT, UUID } from '../arguments.js';
import { type HankoAdminAuditLog, readAuditLog } from '../objects/audit-log.js';
import { type HankoList, type HankoListOptions, PagedList } from '../pages.js';

/** Which entries `auditLogs.list()` finds. */
export interface HankoAuditLogFilter extends HankoListOptions {
  /** From then on. */
  readonly from?: Date;
  /** Up to then. */
  readonly to?: Date;
  /** Only these kinds, such as `login_success`. */
  readonly types?: readonly string[];
  readonly actorUserId?: string;
  readonly actorEmail?: string;
  readonly sourceIp?: string;
  /** Searches the members of an entry. */
  readonly search?: string;
}

const FILTER = {
  from: { name: 'start_time', ...DATE },
  to: { name: 'end_time', ...DATE },
  types: {
    name: 'type',
    is: (value: unknown): boolean =>
      Array.isArray(value) && value.every((type) => typeof type === 'string'),
    expected: 'a list of kinds',
  },
  actorUserId: { name: 'actor_user_id', ...UUID },
  actorEmail: { name: 'actor_email', ...TEXT },
  sourceIp: { name: 'meta_source_ip', ...TEXT },
  search: { name: 'q', ...TEXT },
  perPage: { name: 'per_page', is: () => true, expected: '' },
};

/** Hanko's audit log: `admin.auditLogs`. */
export class HankoAdminAuditLogs {
  /** @internal */
  constructor(private readonly client: AdminClient) {}

  /**
   * Entries, page by page. There are none unless the server stores them (`audit_log.storage.enabled`).
   * @throws TypeError for a wrong filter
   */
  list(filter: HankoAuditLogFilter = {}): HankoList<HankoAdminAuditLog> {
    const { per_page: _perPage, ...query } = bodyOf('auditLogs.list()', { ...filter }, FILTER);
    return new PagedList(
      this.client,
      { path: ['audit_logs'], query: query as Record<string, string | readonly string[]> },
      readAuditLog,
      filter,
    );
  }
}
