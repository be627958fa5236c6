import type { ExecutionContext } from '@nestjs/common';

/**
 * The part of a request that is read: an Express request, a Fastify request or Node's own
 * `IncomingMessage` all fit.
 */
export interface IncomingRequest {
  /** In upper case. Left out, it counts as unsafe. */
  readonly method?: string | undefined;
  /** Header fields, their names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Node's flat list of names and values: the only place that keeps repeated header fields. */
  readonly rawHeaders?: readonly string[] | undefined;
  /** What a cookie parser made; read only where there is no `Cookie` header. */
  readonly cookies?: unknown;
  /** Fastify's and Koa's way to Node's request. */
  readonly raw?: { readonly rawHeaders?: readonly string[] | undefined } | null | undefined;
}

export function isExecutionContext(source: object): source is ExecutionContext {
  return 'switchToHttp' in source && typeof source.switchToHttp === 'function';
}

/** `NotesController.list`: names a handler in logs, where a URL could hold a secret. */
export function handlerName(context: ExecutionContext): string {
  return `${context.getClass()?.name}.${context.getHandler()?.name}`;
}

/**
 * Every value of a header field, in order. Node's `headers` keeps only the first `Authorization`, so the
 * raw ones come first; serverless adapters have none, and middleware may add a field to the parsed ones only.
 */
export function headerValues(request: IncomingRequest, name: string): readonly string[] {
  const rawHeaders = request.rawHeaders ?? request.raw?.rawHeaders ?? [];
  const values: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const field = rawHeaders[i];
    if (field?.length === name.length && field.toLowerCase() === name) {
      values.push(rawHeaders[i + 1] as string);
    }
  }
  if (values.length > 0) return values;
  const value = request.headers[name];
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}
