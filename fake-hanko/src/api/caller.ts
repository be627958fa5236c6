import type { RouteRequest } from '../server/route.js';
import type { AuditOrigin } from '../store/audit-log.js';

/** Who sent a request, as the audit log notes it. */
export const originOf = ({ raw, requestId }: RouteRequest): AuditOrigin => ({
  requestId,
  ipAddress: (raw.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
  userAgent: raw.headers['user-agent'] ?? '',
});
