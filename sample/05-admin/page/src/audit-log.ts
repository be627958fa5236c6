import type { HankoAdminAuditLog } from 'nestjs-hanko/admin';
import { badge, element, heading, pager, table, time } from './elements';
import type { List, LogEntry, Page } from './view';

/** Hanko's audit log: whom it is about leads to them. */
export async function showAuditLog(page: Page, query: URLSearchParams) {
  const list = await page.call<List<HankoAdminAuditLog>>(`audit-logs?${query}`);
  if (!list) return;
  const [type] = query.getAll('type');
  page.show(
    element(
      'section',
      { className: 'card' },
      heading(type ? `Audit log: ${type}` : 'Audit log'),
      type ? element('a', { href: '#audit-log' }, 'All kinds') : '',
      logTable(list.items, true),
      pager(list, (number) =>
        page.go(
          `audit-log?${new URLSearchParams({ ...(type && { type }), page: String(number) })}`,
        ),
      ),
    ),
  );
}

/** @param ofAll whether it says whom an entry is about. */
export function logTable(entries: readonly LogEntry[], ofAll = false) {
  const rows = entries.map(({ type, error, actorUserId, actorEmail, sourceIp, createdAt }) => {
    const kind = element('a', { href: `#audit-log?${new URLSearchParams({ type })}` }, type);
    const who = actorEmail ?? actorUserId ?? '–';
    return [
      time(createdAt),
      element('span', {}, kind, error ? badge(error, false) : ''),
      ...(ofAll ? [actorUserId ? element('a', { href: `#user/${actorUserId}` }, who) : who] : []),
      sourceIp || '–',
    ];
  });
  const names = ['Time', 'What', ...(ofAll ? ['Who'] : []), 'From'];
  return table(names, rows, 'Nothing. Hanko stores its log with audit_log.storage.enabled only.');
}
