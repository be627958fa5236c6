import type { HankoAdminListedUser } from 'nestjs-hanko/admin';
import { element, heading, pager, table, time } from './elements';
import type { List, Page } from './view';

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** The list of users, and the search. */
export async function showUsers(page: Page, query: URLSearchParams) {
  const list = await page.call<List<HankoAdminListedUser>>(`users?${query}`);
  if (!list) return;
  const rows = list.items.map(({ id, emails, username, credentials, createdAt }) => [
    element('a', { href: `#user/${id}` }, emails.find((it) => it.isPrimary)?.address ?? id),
    username ?? '–',
    String(credentials.length),
    time(createdAt),
  ]);
  const text = query.get('q') ?? '';
  page.show(
    element(
      'section',
      { className: 'card' },
      heading('Users'),
      searchForm(page, text, query.get('by') ?? 'email'),
      table(['Address', 'User name', 'Passkeys', 'Created'], rows, `Nobody has “${text}”.`),
      pager(list, (number) =>
        page.go(
          `users?${new URLSearchParams([...query].filter(([name]) => name !== 'page').concat([['page', String(number)]]))}`,
        ),
      ),
    ),
  );
}

function searchForm(page: Page, text: string, kind: string) {
  const q = element('input', {
    value: text,
    type: 'search',
    ariaLabel: 'Search',
    placeholder: 'A part of it, or a whole id',
  });
  const by = element(
    'select',
    { ariaLabel: 'Search by' },
    element('option', { value: 'email' }, 'Address'),
    element('option', { value: 'username' }, 'User name'),
  );
  by.value = kind;
  const form = element('form', { className: 'line' }, by, q, element('button', {}, 'Search'));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const wanted = q.value.trim();
    if (UUID.test(wanted)) page.go(`user/${wanted}`);
    else page.go(`users?${new URLSearchParams({ by: by.value, q: wanted })}`);
  });
  return form;
}
