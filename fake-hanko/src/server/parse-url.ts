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

export const LOOPBACK: readonly string[] = ['127.0.0.1', '::1', 'localhost'];

/** Whether a text is the address of something on this machine that speaks plain HTTP. */
export function isLocalUrl(text: string): boolean {
  const { protocol, hostname } = parseUrl(text) ?? { protocol: '', hostname: '' };
  return protocol === 'http:' && LOOPBACK.includes(hostname.replace(/^\[(.*)\]$/, '$1'));
}
