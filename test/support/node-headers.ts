/** Fields of which Node keeps the first, and those that it joins by something else than a comma. */
const FIRST = new Set(['authorization', 'host']);
const SEPARATORS: Readonly<Record<string, string>> = { cookie: '; ' };

/** `IncomingMessage.headers` as Node makes it of `rawHeaders`. */
export function nodeHeaders(rawHeaders: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = String(rawHeaders[i]).toLowerCase();
    const value = String(rawHeaders[i + 1]);
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (!FIRST.has(name)) headers[name] = before + (SEPARATORS[name] ?? ', ') + value;
  }
  return headers;
}

/** A request of Node with these header fields. */
export const nodeRequest = (
  rawHeaders: readonly string[],
  method?: string,
): {
  method: string | undefined;
  headers: Record<string, string>;
  rawHeaders: readonly string[];
} => ({
  method,
  headers: nodeHeaders(rawHeaders),
  rawHeaders,
});
