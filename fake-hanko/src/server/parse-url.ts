/**
 * The URL of a text, or null for what is none. Not by `URL.canParse()`: once V8 has compiled it, that of Node 20 takes
 * `http://bücher.localhost` for no URL.
 */
export function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
