import { present, Reader } from '../reader.js';

/** An entry of Hanko's audit log. There are none unless the server stores them (`audit_log.storage.enabled`). */
export interface HankoAdminAuditLog {
  /** A UUID. */
  readonly id: string;
  /** What happened, such as `login_success`. */
  readonly type: string;
  /** What went wrong; absent if nothing did. */
  readonly error?: string;
  readonly requestId: string;
  readonly sourceIp: string;
  readonly userAgent: string;
  readonly actorUserId?: string;
  /** Hanko masks it by default (`audit_log.mask`). */
  readonly actorEmail?: string;
  /** As stored; undefined if there are none. */
  readonly details?: unknown;
  /** In a Hanko with tenants. */
  readonly tenantId?: string;
  readonly createdAt: Date;
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
