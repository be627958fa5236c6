import { present, Reader } from '../reader.js';

/** An entry of Hanko's audit log. There are none unless the server stores them (`audit_log.storage.enabled`). */
export interface HankoAdminAuditLog {
  /** UUID of this entry. */
  readonly id: string;
  /** Kind of the event, such as `login_success` or `user_deleted`. */
  readonly type: string;
  /** Error that made it fail; absent if nothing did. */
  readonly error?: string;
  /** Id of the request (`X-Request-Id`), as in Hanko's own log. */
  readonly requestId: string;
  /**
   * IP address of the caller; the one of a proxy if Hanko does not trust it. Up to v3.0.4, Hanko believes `X-Forwarded-For`, whoever
   * sends it.
   */
  readonly sourceIp: string;
  /** `User-Agent` of the caller; empty if there was none. */
  readonly userAgent: string;
  /** UUID of the user who did it; absent if nobody was signed in. */
  readonly actorUserId?: string;
  /** Address of that user. Hanko masks it by default (`audit_log.mask`). */
  readonly actorEmail?: string;
  /** Details of this kind, as they are stored; absent if there are none. */
  readonly details?: unknown;
  /** UUID of the tenant; absent before Hanko 3.0. */
  readonly tenantId?: string;
  /** Time of the event. */
  readonly createdAt: Date;
  /** Time of the last change of this entry, which does not change. */
  readonly updatedAt: Date;
}

export function readAuditLog(json: unknown): HankoAdminAuditLog {
  const entry = new Reader(json, 'audit log');
  return present({
    id: entry.uuid('id'),
    type: entry.text('type'),
    error: entry.optionalText('error'),
    requestId: entry.optionalText('meta_http_request_id') ?? '',
    sourceIp: entry.optionalText('meta_source_ip') ?? '',
    userAgent: entry.optionalText('meta_user_agent') ?? '',
    actorUserId: entry.optionalText('actor_user_id'),
    actorEmail: entry.optionalText('actor_email'),
    details: entry.unknown('details') ?? undefined,
    tenantId: entry.optionalText('TenantID'),
    createdAt: entry.date('created_at'),
    updatedAt: entry.date('updated_at'),
  });
}
