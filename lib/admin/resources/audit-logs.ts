import type { AdminClient } from '../admin-client.js';
import { bodyOf, DATE, listOfSome, PART, PER_PAGE, text, UUID } from '../arguments.js';
import { type HankoAdminAuditLog, readAuditLog } from '../objects/audit-log.js';
import { type HankoList, type HankoListOptions, PagedList } from '../pages.js';

/** Filter of `auditLogs.list()`: entries that meet all that is given. */
export interface HankoAuditLogFilter extends HankoListOptions {
  /** Only entries after this time. */
  readonly from?: Date;
  /** Only entries before this time. */
  readonly to?: Date;
  /** Only these kinds, such as `login_success`; at least one. */
  readonly types?: readonly string[];
  /** Only what the user with this UUID did. */
  readonly actorUserId?: string;
  /** Part of the address, in lower case. By default (`audit_log.mask`) Hanko has masked it: use `actorUserId`. */
  readonly actorEmailContains?: string;
  /** Part of the IP address: `10.0.0.1` finds `10.0.0.10`, too. */
  readonly sourceIpContains?: string;
  /** Part of the address, the IP address or the id of the user. */
  readonly contains?: string;
}

const FILTER = {
  from: { name: 'start_time', ...DATE },
  to: { name: 'end_time', ...DATE },
  types: {
    name: 'type',
    ...listOfSome('a list of kinds that is not empty', (kind, path) => text(path, kind)),
  },
  actorUserId: { name: 'actor_user_id', ...UUID },
  actorEmailContains: { name: 'actor_email', ...PART },
  sourceIpContains: { name: 'meta_source_ip', ...PART },
  contains: { name: 'q', ...PART },
  perPage: PER_PAGE,
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
    const { per_page: perPage, ...query } = bodyOf('auditLogs.list()', filter, FILTER);
    return new PagedList(
      this.client,
      { path: ['audit_logs'], query: query as Record<string, string | readonly string[]> },
      readAuditLog,
      perPage,
    );
  }
}
