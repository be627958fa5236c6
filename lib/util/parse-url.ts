/**
 * The URL of a text, or null for what is none. Not by `URL.canParse()`: once V8 has compiled it, that of Node 20 takes
 * `https://bücher.example` for no URL.
 */
export function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/** The options refuse credentials in an address; this protects the log in any case. */
export function withoutCredentials(url: string): string {
  const parsed = parseUrl(url);
  if (parsed === null) return 'an invalid URL';
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}
