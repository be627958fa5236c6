import type { IncomingMessage } from 'node:http';
import type { Cors } from './cors.js';

/** A request as a route sees it. */
export interface RouteRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly raw: IncomingMessage;
  readonly body: string;
  /** `http://host:port` as the caller addressed it. */
  readonly origin: string;
  /** As in `X-Request-Id`. */
  readonly requestId: string;
}

export interface RouteResponse {
  readonly status: number;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it stands, where there is no `body`. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

export interface Route {
  readonly method: string;
  /** Segments that begin with `:` are parameters. */
  readonly path: string;
  readonly handle: (request: RouteRequest) => RouteResponse | Promise<RouteResponse>;
}

/** What is served to the callers of one tenant. */
export interface Site {
  readonly routes: readonly Route[];
  /** Where browsers come. */
  readonly cors?: Cors;
}

/** What is served under which path. */
export interface Sites {
  /** Served whatever the tenant. */
  readonly global: readonly Route[];
  /**
   * Finds the tenant that a path belongs to.
   * @returns the path without the tenant, too. @throws Problem for a tenant that is not there.
   */
  readonly at: (path: string) => { readonly site: Site; readonly path: string };
}

/** Thrown by a route: answered `{ code, message }`, as all of Hanko's errors are. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly headers: NonNullable<RouteResponse['headers']> = {},
  ) {
    super(message);
  }
}
