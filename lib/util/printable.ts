/**
 * Text from outside, fit for a line of a log: nothing that ends the line, colours it or closes a quote, and no
 * more than so many characters.
 */
export function printable(text: string, maxLength = 100): string {
  const start = text.slice(0, maxLength).replaceAll(/[^ -~]|["\\]/g, '?');
  return text.length > maxLength ? `${start}…` : start;
}

/** `"a", "b" and 3 more`. */
export function printableList(
  texts: readonly string[],
  {
    maxItems = 5,
    maxLength = 60,
  }: { readonly maxItems?: number; readonly maxLength?: number } = {},
): string {
  const shown = texts.slice(0, maxItems).map((text) => `"${printable(text, maxLength)}"`);
  const rest = texts.length - shown.length;
  return shown.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
