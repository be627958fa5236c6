import { printable } from './printable.js';
import { parseUrl } from './parse-url.js';

const MAX_LENGTH = 200;

/**
 * What an error of the app's own code says, for a log: its class, its message, and where it was thrown. The message may
 * hold anything, so what could be a secret is omitted: what stands in quotes, as `JSON.parse` quotes what it is given,
 * long runs of letters and digits, and of a URL all but its origin.
 *
 * @param isMessageTold false for code that has nothing but secrets in its hands.
 */
export function describeError(
  error: unknown,
  { isMessageTold = true }: { readonly isMessageTold?: boolean } = {},
): string {
  try {
    const { name, message, stack } = error as Readonly<Record<string, unknown>>;
    if (typeof message !== 'string') return 'a value that is not an Error';
    const text = isMessageTold ? printable(withoutSecrets(message), MAX_LENGTH) : '';
    const at = placeIn(String(stack), message);
    return `${printable(String(name), 50)}${text && `: ${text}`}${at && ` (${printable(at, MAX_LENGTH)})`}`;
  } catch {
    // A getter that throws.
    return 'a value that is not an Error';
  }
}

const withoutSecrets = (text: string): string =>
  text
    .slice(0, 5 * MAX_LENGTH)
    // To the last one: there may be quotes within.
    .replaceAll(/(["`]).*\1|(?<!\w)'.*'(?!\w)/gs, '[…]')
    .replaceAll(/[a-z][a-z\d+.-]*:\/\/[^\s"'<>]+/gi, originOf)
    .replaceAll(/[\w+/=.~%-]{24,}/g, '[…]');

const originOf = (url: string): string => {
  const parsed = parseUrl(url);
  return parsed === null ? '[…]' : `${parsed.protocol}//${parsed.host}`;
};

/** The first line of a stack behind the message. */
function placeIn(stack: string, message: string): string {
  const start = stack.indexOf(message);
  const frames = start === -1 ? '' : stack.slice(start + message.length);
  return /^\s+(at [^\n]+)/.exec(frames)?.[1] ?? '';
}
