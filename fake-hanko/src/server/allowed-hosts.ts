import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { parseUrl } from './parse-url.js';
import { Problem } from './route.js';

/** A name or an address, and perhaps a port (RFC 3986 §3.2.2): no user, no escapes, nothing but ASCII. */
const AUTHORITY = /^(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * Under which names it may be called. A page that lets its own name point to this machine (DNS
 * rebinding) is of the same origin for the browser, so that CORS does not stop it: its name does.
 */
export class Hosts {
  private readonly own: ReadonlySet<string>;

  /** @param names besides those of loopback. */
  constructor(names: readonly string[]) {
    this.own = new Set(names.flatMap((name) => nameOf(bracketed(name)) ?? []));
  }

  /**
   * Looks at `Host` and at a target in absolute form (RFC 9112 §3.2), and at nothing that a proxy adds.
   * @returns what the request asks for.
   * @throws Problem 421 (RFC 9110 §15.5.20) for a name that is not its own; 400 for two of them.
   */
  targetOf(request: IncomingMessage): URL {
    const { url = '/', headers, rawHeaders } = request;
    const fields = rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host');
    if (fields.length > 1) throw new Problem(400, 'Bad Request: there is more than one Host');
    const { host = '' } = headers;
    if (!this.isOwn(host, request)) throw misdirected();
    if (url.startsWith('/')) return new URL(`http://${host}${url}`);
    const target = parseUrl(url);
    if (target === null) throw new Problem(404, 'Not Found');
    if (!this.isOwn(target.host, request)) throw misdirected();
    return target;
  }

  private isOwn(authority: string, { socket }: IncomingMessage): boolean {
    const name = nameOf(authority);
    if (name === null) return false;
    const family = isIP(name);
    return (
      name === 'localhost' ||
      this.own.has(name) ||
      (family !== 0 && loopback.check(name, family === 6 ? 'ipv6' : 'ipv4')) ||
      // An address cannot be rebound: whoever names the one that was reached means this server.
      name === nameOf(bracketed(withoutMapping(socket.localAddress ?? '')))
    );
  }
}

/** Whether a text is a name or an address, without a port. */
export const isHostName = (text: string): boolean =>
  isIP(text) === 6 || (!text.includes(':') && nameOf(text) !== null);

/** In one spelling: lower case, no port, no brackets, no dot at the end. Null if it is no authority. */
function nameOf(authority: string): string | null {
  const url = AUTHORITY.test(authority) ? parseUrl(`http://${authority}`) : null;
  if (url === null) return null;
  const name = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return withoutMapping(name.replace(/\.$/, ''));
}

const bracketed = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host);

/** `::ffff:7f00:1` and `::ffff:127.0.0.1` are 127.0.0.1 (RFC 4291 §2.5.5.2). */
function withoutMapping(address: string): string {
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/i.exec(address) ?? [];
  if (high === undefined || low === undefined) return address.replace(/^::ffff:(?=\d+\.)/i, '');
  const bytes = Buffer.from(high.padStart(4, '0') + low.padStart(4, '0'), 'hex');
  return bytes.join('.');
}

const misdirected = (): Problem =>
  new Problem(
    421,
    'Misdirected Request: FakeHanko answers to localhost, to its own address and to the names in its ' +
      'option hosts, so that no web page reaches it under a name of its own. Add this name to hosts.',
  );
