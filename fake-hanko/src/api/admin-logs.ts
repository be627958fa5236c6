import type { AdminServices } from './admin-services.js';
import { like } from './like.js';
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
  const given = (name: string): ((text?: string) => boolean) => {
    const has = like(query.get(name) ?? '');
    return (text = '') => has(text);
  };
  const hasUser = given('actor_user_id');
  const hasEmail = given('actor_email');
  const hasIp = given('meta_source_ip');
  const hasAny = given('q');
  return (entry) => {
    const at = Date.parse(entry.created_at);
    const { actor_user_id: userId, actor_email: email, meta_source_ip: ip } = entry;
    return (
      (start === null || at > start) &&
      (end === null || at < end) &&
      (types.length === 0 || types.includes(entry.type)) &&
      hasUser(userId) &&
      hasEmail(email) &&
      hasIp(ip) &&
      [userId, email, ip].some((text) => hasAny(text))
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
