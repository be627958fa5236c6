import type { IncomingMessage } from 'node:http';

/** A request as a route sees it. */
export interface RouteRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly raw: IncomingMessage;
  readonly body: string;
  /** `http://host:port` as the caller addressed it. */
  readonly origin: string;
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
  /** True for routes that a multi-tenant server has outside of its tenants. */
  readonly isGlobal?: boolean;
  readonly handle: (request: RouteRequest) => RouteResponse | Promise<RouteResponse>;
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
