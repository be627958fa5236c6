import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { commit, type Faults, REDIRECTED } from './faults.js';
import { Hosts } from './allowed-hosts.js';
import {
  Problem,
  type Route,
  type RouteRequest,
  type RouteResponse,
  type Site,
  type Sites,
} from './route.js';

/** A request that was seen, without its header fields, query and body: they may hold credentials. */
export interface LoggedRequest {
  /** HTTP method of the request, as it was sent. */
  readonly method: string;
  /** Without the query, with the id of the tenant where there is one. */
  readonly path: string;
  /** 0 if no answer was sent. */
  readonly status: number;
}

const MAX_BODY_BYTES = 1_048_576;
const MAX_LOGGED = 10_000;

/** One listener of the fake: routes, faults and a log of what came. */
export class FakeServer {
  readonly requests: LoggedRequest[] = [];
  private server: Server;
  private port: number;
  private readonly hosts: Hosts;

  constructor(
    private readonly sites: Sites,
    private readonly faults: Faults,
    private readonly settings: {
      readonly host: string;
      /** Other names under which it may be called. */
      readonly hosts: readonly string[];
      readonly port: number;
      /** What the paths of its own tenant begin with. */
      readonly prefix: string;
    },
  ) {
    this.port = settings.port;
    this.hosts = new Hosts([settings.host, ...settings.hosts]);
    this.server = createServer();
  }

  /** Scheme, host and port. */
  get origin(): string {
    const { host } = this.settings;
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.port}`;
  }

  get url(): string {
    return this.origin + this.settings.prefix;
  }

  /** Listens; after `close`, again on the same port. */
  async listen(): Promise<void> {
    if (this.server.listening) return;
    this.server = createServer((request, response) => {
      this.serve(request, response).catch(() => response.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject).listen(this.port, this.settings.host, resolve);
    });
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Stops at once: open connections, also hanging ones, are cut. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const path = url.split('?', 1)[0] as string;
    response.on('error', () => undefined);
    const requestId = randomBytes(16).toString('hex');
    response.setHeader('x-request-id', requestId);
    // Noted as they come: those that are never answered count, too.
    const entry = { method, path, status: 0 };
    if (this.requests.length >= MAX_LOGGED) this.requests.shift();
    this.requests.push(entry);
    let target: URL;
    try {
      target = this.hosts.targetOf(request);
    } catch (error) {
      // Before all else: no other answer, and no fault, says that something is here.
      entry.status = send(response, method, answerTo(error));
      return;
    }
    const place = this.placeOf(withoutRedirection(target.pathname));
    const cors = place.site?.cors;
    for (const [name, value] of Object.entries(cors?.fieldsFor(request) ?? {})) {
      response.setHeader(name, value);
    }
    if (cors !== undefined && method === 'OPTIONS') {
      // On any path, and no fault hits it: a browser would not tell it from the request that follows.
      entry.status = send(response, method, { status: 204 });
      return;
    }
    const fault = path.startsWith(REDIRECTED) ? undefined : this.faults.take(path);
    const answer = (): Promise<RouteResponse> => this.answer(request, requestId, target, place);
    entry.status =
      (fault && (await commit(fault, url, response, answer))) ??
      send(response, method, await answer());
  }

  private placeOf(path: string): Place {
    try {
      return this.sites.at(path);
    } catch (problem) {
      // A route for all comes first.
      return { site: null, path, problem };
    }
  }

  private async answer(
    request: IncomingMessage,
    requestId: string,
    { pathname, searchParams: query, origin }: URL,
    place: Place,
  ): Promise<RouteResponse> {
    try {
      const { method = 'GET' } = request;
      const body = await readBody(request);
      const found = find(this.sites.global, method, withoutRedirection(pathname));
      if (found === undefined && place.site === null) throw place.problem;
      const [route, params] = found ?? find(place.site?.routes ?? [], method, place.path) ?? [];
      // A wrong method is 404 too.
      if (route === undefined || params === undefined) throw new Problem(404, 'Not Found');
      return await route.handle({ params, query, raw: request, body, origin, requestId });
    } catch (error) {
      return answerTo(error);
    }
  }
}

/** Where a path leads; no site, and why, where there is no such tenant. */
type Place =
  | { readonly site: Site; readonly path: string; readonly problem?: never }
  | { readonly site: null; readonly path: string; readonly problem: unknown };

const withoutRedirection = (path: string): string =>
  path.startsWith(REDIRECTED) ? path.slice(REDIRECTED.length) : path;

function find(
  routes: readonly Route[],
  method: string,
  path: string,
): readonly [Route, RouteRequest['params']] | undefined {
  for (const route of routes) {
    const params = route.method === method ? match(route.path, path) : null;
    if (params !== null) return [route, params];
  }
  return undefined;
}

/** How a route's error is answered: in the form of all of Hanko's errors. */
function answerTo(error: unknown): RouteResponse {
  const { status, message, headers } =
    error instanceof Problem ? error : new Problem(500, 'Internal Server Error');
  return { status, body: { code: status, message }, headers };
}

/** @returns the status that was sent, 0 if the client has gone. */
function send(
  response: ServerResponse,
  method: string,
  { status, body, text: plain = '', headers }: RouteResponse,
): number {
  if (response.destroyed) return 0;
  const hasBody = body !== undefined && method !== 'HEAD';
  const text = hasBody ? `${JSON.stringify(body)}\n` : plain;
  response.writeHead(status, {
    ...(hasBody && {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    }),
    ...headers,
  });
  response.end(text);
  return status;
}

function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] as string;
    if (segment.startsWith(':')) params[segment.slice(1)] = value;
    else if (segment !== value) return null;
  }
  return params;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Problem(413, 'Request Entity Too Large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
