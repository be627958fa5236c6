type Members<Tag extends keyof HTMLElementTagNameMap> = Partial<HTMLElementTagNameMap[Tag]>;

/**
 * Makes an element. What is in it stays text, whatever a user is called: nothing on this page reads HTML that came from
 * anybody, and no address that a user chose becomes a link or a picture.
 */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  members: Members<Tag> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = Object.assign(document.createElement(tag), members);
  made.append(...children);
  return made;
}

export const button = (text: string, onclick: () => void, label = text) =>
  element('button', { type: 'button', onclick, ariaLabel: label }, text);

/** Takes the focus when it comes onto the page, so that it is read out. */
export const heading = (text: string) => element('h2', { tabIndex: -1 }, text);

export const badge = (text: string, isGood = true) =>
  element('span', { className: isGood ? 'badge good' : 'badge' }, text);

export const card = (title: string, ...children: readonly (Node | string)[]) =>
  element('section', { className: 'card' }, element('h3', {}, title), ...children);

type Cell = Node | string;

/** @param whenEmpty stands in its place if there are no rows. */
export function table(
  names: readonly string[],
  rows: readonly (readonly Cell[])[],
  whenEmpty: string,
) {
  if (rows.length === 0) return element('p', { className: 'hint' }, whenEmpty);
  const line = (tag: 'td' | 'th', cells: readonly Cell[]) =>
    element('tr', {}, ...cells.map((cell) => element(tag, {}, cell)));
  const head = element('thead', {}, line('th', names));
  const body = element('tbody', {}, ...rows.map((cells) => line('td', cells)));
  // It may be wider than a telephone; whoever has no mouse moves it by keys.
  const box = { className: 'wide-table', tabIndex: 0, role: 'region', ariaLabel: names.join(', ') };
  return element('div', box, element('table', {}, head, body));
}

/** What something is, more about it, and what can be done. */
export function item(title: readonly Cell[], details: readonly Cell[], action: Cell = '') {
  const more = element('p', { className: 'hint' }, ...details);
  return element('li', {}, element('div', {}, ...title, more), action);
}

export const items = (all: readonly Node[], whenEmpty: string) =>
  all.length > 0
    ? element('ul', { className: 'items' }, ...all)
    : element('p', { className: 'hint' }, whenEmpty);

/** What is known of something, one below the other. */
export const facts = (all: Record<string, Cell>) =>
  element(
    'dl',
    {},
    ...Object.entries(all).flatMap(([name, value]) => [
      element('dt', {}, name),
      element('dd', {}, value),
    ]),
  );

/** A time of the API, as it is said here. */
export const time = (text?: string) =>
  text
    ? element('time', { dateTime: text }, new Date(text).toLocaleString([], FORMAT))
    : element('span', {}, '–');

const FORMAT = { dateStyle: 'medium', timeStyle: 'short' } as const;

/** One page of a list, and the way to the others. */
export function pager(
  { page, pages, total }: { page: number; pages: number; total: number },
  go: (page: number) => void,
) {
  const count = element('span', {}, total === 1 ? '1 entry' : `${total} entries`);
  const line = element('div', { className: 'pager' }, count);
  if (pages <= 1) return line;
  const back = button('Previous', () => go(page - 1), 'Previous page');
  const next = button('Next', () => go(page + 1), 'Next page');
  back.disabled = page <= 1;
  next.disabled = page >= pages;
  count.append(`, page ${page} of ${pages}`);
  line.append(back, next);
  return line;
}
