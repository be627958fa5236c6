import { parseUrl } from '../util/parse-url.js';

/** RFC 6454 §6.2; of schemes that the URL standard gives no origin (`capacitor:`) only the form is checked. */
export function isOrigin(value: unknown): boolean {
  if (typeof value !== 'string' || !/^[a-z][a-z\d+.-]*:\/\/[^\s/?#@*A-Z,;"'<>{}\\]+$/.test(value)) {
    return false;
  }
  const origin = parseUrl(value)?.origin;
  return origin === value || (origin === 'null' && !/^(?:file|data|blob):/.test(value));
}
