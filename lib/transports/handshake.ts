import type { IncomingRequest } from '../extraction/request.js';
import { isObject } from '../util/value-checks.js';

/** Each message of a connection asks for it. */
const known = new WeakMap<object, IncomingRequest>();

/**
 * The request that opened a connection, read from the wire alone: some drivers mix what a client says later into
 * its `headers`.
 *
 * @returns undefined for what has no `rawHeaders`.
 */
export function handshakeOf(request: unknown): IncomingRequest | undefined {
  if (!isObject(request)) return undefined;
  const before = known.get(request);
  if (before !== undefined) return before;
  const { method, rawHeaders } = request;
  if (!Array.isArray(rawHeaders)) return undefined;
  const handshake = read(method, rawHeaders);
  known.set(request, handshake);
  return handshake;
}

function read(method: unknown, rawHeaders: readonly unknown[]): IncomingRequest {
  const fields = new Map<string, string[]>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = String(rawHeaders[i]).toLowerCase();
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [String(rawHeaders[i + 1])]);
    else values.push(String(rawHeaders[i + 1]));
  }
  return {
    method: typeof method === 'string' ? method : undefined,
    headers: Object.fromEntries(fields),
    rawHeaders: rawHeaders as readonly string[],
  };
}
