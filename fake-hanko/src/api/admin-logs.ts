import type { AdminServices } from './admin-services.js';
import { pageOf } from './pages.js';
import { Problem, type Route, type RouteRequest } from '../server/route.js';
import type { AuditEntry } from '../store/audit-log.js';

/** The audit log (hanko backend/handler/audit_log.go, backend/persistence/audit_log_persister.go). */
export const auditRoutes = ({ auditLog }: AdminServices): readonly Route[] => [
  {
    method: 'GET',
    path: '/audit_logs',
    handle: (request) => pageOf(request, auditLog.entries.filter(filterOf(request))),
  },
];

function filterOf({ query }: RouteRequest): (entry: AuditEntry) => boolean {
  const [start, end] = [timeOf(query, 'start_time'), timeOf(query, 'end_time')];
  const types = query.getAll('type');
  const has = (text: string | undefined, name: string): boolean =>
    (text ?? '').includes(query.get(name) ?? '');
  return (entry) => {
    const at = Date.parse(entry.created_at);
    const { actor_user_id: userId, actor_email: email, meta_source_ip: ip } = entry;
    return (
      (start === null || at > start) &&
      (end === null || at < end) &&
      (types.length === 0 || types.includes(entry.type)) &&
      has(userId, 'actor_user_id') &&
      has(email, 'actor_email') &&
      has(ip, 'meta_source_ip') &&
      [userId, email, ip].some((text) => has(text, 'q'))
    );
  };
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function timeOf(query: URLSearchParams, name: string): number | null {
  const text = query.get(name);
  if (!text) return null;
  const time = RFC_3339.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(time)) return time;
  throw new Problem(400, `parsing time "${text}" as "2006-01-02T15:04:05Z07:00": cannot parse`);
}
