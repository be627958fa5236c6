import type { ExecutionContext } from '@nestjs/common';

/**
 * The part of a request that is read: an Express request, a Fastify request or Node's own
 * `IncomingMessage` all fit.
 */
export interface IncomingRequest {
  /** HTTP method in upper case. If omitted, the request counts as unsafe. */
  readonly method?: string | undefined;
  /** Header fields, their names in lower case. What middleware has replaced or removed here is what counts. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Node's flat list of names and values. It is read only to find repeats of what stands in `headers`. */
  readonly rawHeaders?: readonly string[] | undefined;
  /** Cookies that a parser has read; used only where no `Cookie` header came. */
  readonly cookies?: unknown;
  /** Fastify's and Koa's way to Node's request. */
  readonly raw?: { readonly rawHeaders?: readonly string[] | undefined } | null | undefined;
}

/** `NotesController.list`: names a handler in logs, where a URL could hold a secret. */
export function handlerName(context: ExecutionContext): string {
  return `${context.getClass()?.name}.${context.getHandler()?.name}`;
}

/**
 * Every value of a header field, in order. `headers` decides: middleware may have replaced or removed what came
 * over the wire. Node keeps only the first of several `Authorization` fields there, so where that one still
 * stands, its repeats are found in the raw ones.
 */
export function headerValues(request: IncomingRequest, name: string): readonly string[] {
  const value: unknown = request.headers[name];
  if (typeof value !== 'string') return Array.isArray(value) ? value.filter(isString) : [];
  const received = wireValues(request, name);
  return received.length > 1 && isMadeOf(value, received) ? received : [value];
}

/** Every value of a header field as it came over the wire, whatever has become of it. */
export function wireValues(request: IncomingRequest, name: string): readonly string[] {
  const rawHeaders: unknown = request.rawHeaders ?? request.raw?.rawHeaders;
  if (!Array.isArray(rawHeaders)) return [];
  const values: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const field: unknown = rawHeaders[i];
    if (isString(field) && field.length === name.length && field.toLowerCase() === name) {
      const value: unknown = rawHeaders[i + 1];
      // A context may hold what a client sent as JSON: as text, that may throw.
      values.push(isString(value) ? value : '');
    }
  }
  return values;
}

/** Node keeps the first one, or joins them: which of the two depends on the field (and `joinDuplicateHeaders`). */
const isMadeOf = (value: string, received: readonly string[]): boolean =>
  value === received[0] || value === received.join(', ') || value === received.join('; ');

const isString = (value: unknown): value is string => typeof value === 'string';
