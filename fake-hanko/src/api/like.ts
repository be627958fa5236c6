/**
 * SQL's `LIKE '%part%'`. Hanko does not escape what it is given: `%` is any text and `_` any letter. A backslash makes the next
 * character plain.
 */
export function like(part: string): (text: string) => boolean {
  const pattern = part.replaceAll(/\\[^]|[^]/g, (it) => {
    if (it === '%') return '.*';
    return it === '_' ? '.' : it.slice(-1).replace(/[\\^$.*+?()[\]{}|]/, String.raw`\$&`);
  });
  const expression = new RegExp(pattern, 's');
  return (text) => expression.test(text);
}
