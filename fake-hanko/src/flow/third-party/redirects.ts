import { parseUrl } from '../../server/parse-url.js';

/**
 * Whether a browser may be sent to an address with a token in it (hanko backend/thirdparty/helper.go).
 * @param patterns `allowed_redirect_urls`, globs.
 */
export function isAllowedRedirect(redirectTo: string, patterns: readonly string[]): boolean {
  const url = webUrl(redirectTo);
  const text = redirectTo.replace(/\/$/, '');
  return url !== null && patterns.some((pattern) => isMatch(pattern, text, url));
}

/** null for all but an absolute address of a page. */
export function webUrl(text: string): URL | null {
  const url = parseUrl(text);
  return url && /^https?:$/.test(url.protocol) && url.hostname !== '' ? url : null;
}

/** The pattern as text is not enough: `http://127.0.0.1**` is not to allow `http://127.0.0.1.evil.example`. */
function isMatch(pattern: string, text: string, url: URL): boolean {
  const [, scheme = '', authority = ''] = /^(\w+):\/\/([^/?#]*)/.exec(pattern) ?? [];
  const [, host = '', port] = /^(.*?)(?::(\d+))?\**$/.exec(authority) ?? [];
  return (
    `${scheme.toLowerCase()}:` === url.protocol &&
    (port === undefined || port === url.port) &&
    globOf(host.toLowerCase()).test(url.hostname) &&
    globOf(pattern).test(text)
  );
}

/** As github.com/gobwas/glob has them, with `.` and `/` as separators: `*` ends at one, `**` does not. */
function globOf(pattern: string): RegExp {
  const source = pattern.replace(/\*\*|[*?]|\[!?[^\]]*\]|\{[^}]*\}|[^]/g, (part) => {
    if (part === '**') return '.*';
    if (part === '*') return '[^./]*';
    if (part === '?') return '[^./]';
    if (part.length > 1 && part.startsWith('[')) {
      const isNot = part.startsWith('[!');
      return `[${isNot ? '^' : ''}${part.slice(isNot ? 2 : 1, -1).replace(/[\\^\]]/g, '\\$&')}]`;
    }
    if (part.length > 1) {
      const some = part.slice(1, -1).split(',');
      return `(?:${some.map((one) => globOf(one).source.slice(1, -1)).join('|')})`;
    }
    return part.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
  });
  return new RegExp(`^${source}$`, 's');
}
