import type { IncomingMessage } from 'node:http';

/** The values of a cookie, in the order in which they were sent. */
export function cookieValues({ headers }: IncomingMessage, name: string): readonly string[] {
  const values: string[] = [];
  for (const pair of (headers.cookie ?? '').split(';')) {
    const text = pair.trim();
    const value = text.startsWith(`${name}=`) ? text.slice(name.length + 1) : '';
    if (value !== '') values.push(value.replace(/^"(.*)"$/, '$1'));
  }
  return values;
}
