import type { IncomingRequest } from '../extraction/request.js';
import { isObject } from '../util/value-checks.js';

/** Each message of a connection asks for it. */
const known = new WeakMap<object, IncomingRequest>();

/**
 * The request that opened a connection, read from the wire alone: some drivers mix what a client says later into
 * its `headers`.
 *
 * @returns undefined for what has no `rawHeaders`, or has anything but texts there.
 */
export function handshakeOf(request: unknown): IncomingRequest | undefined {
  if (!isObject(request)) return undefined;
  const before = known.get(request);
  if (before !== undefined) return before;
  const { method, url, rawHeaders } = request;
  if (!isListOfTexts(rawHeaders)) return undefined;
  const handshake = read(method, url, rawHeaders);
  known.set(request, handshake);
  return handshake;
}

/** A context may hold what a client sent as JSON. */
const isListOfTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** The app may name the tenant by the address. */
type Handshake = IncomingRequest & { readonly url: string | undefined };

function read(method: unknown, url: unknown, rawHeaders: readonly string[]): Handshake {
  const fields = new Map<string, string[]>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [rawHeaders[i + 1] as string]);
    else values.push(rawHeaders[i + 1] as string);
  }
  return {
    method: typeof method === 'string' ? method : undefined,
    url: typeof url === 'string' ? url : undefined,
    headers: Object.fromEntries(fields),
    rawHeaders,
  };
}
