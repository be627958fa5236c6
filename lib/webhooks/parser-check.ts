import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** The part of an Express app that is looked at. */
interface ExpressLike {
  readonly router?: { readonly stack?: readonly { readonly handle?: unknown }[] };
}

type Middleware = (request: object, response: object, next: (error?: unknown) => void) => void;

/** Names of the functions that `express.json()` and its siblings return. */
const PARSERS: ReadonlySet<string> = new Set(['jsonParser', 'rawParser', 'textParser']);

/** Parsers compare Content-Length first and refuse at once. */
const PATIENCE_MS = 200;

/**
 * The body parsers of Express that run before all routes; none on other platforms. Fastify parses after its
 * hooks, where the receiver has responded already.
 *
 * @param app what an HTTP adapter's `getInstance()` returns.
 */
export function bodyParsersOf(app: unknown): readonly Middleware[] {
  const stack = (app as ExpressLike | undefined)?.router?.stack;
  if (!Array.isArray(stack)) return [];
  return stack
    .map(({ handle }: { readonly handle?: unknown }) => handle)
    .filter(
      (handle): handle is Middleware => typeof handle === 'function' && PARSERS.has(handle.name),
    );
}

/** Whether a parser refuses a JSON body of this size, tried with a made-up request. */
export async function refusesBody(parser: Middleware, bytes: number): Promise<boolean> {
  const headers = { 'content-type': 'application/json', 'content-length': String(bytes) };
  const request = Object.assign(Readable.from([]), { method: 'POST', url: '/', headers });
  const outcome = new Promise<unknown>((resolve) => {
    try {
      parser(request, {}, resolve);
    } catch {
      resolve(undefined);
    }
  });
  const error = await Promise.race([outcome, sleep(PATIENCE_MS, undefined, { ref: false })]);
  return (error as { readonly status?: unknown } | null | undefined)?.status === 413;
}
