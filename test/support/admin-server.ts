import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach } from 'vitest';

/** A request as it came over the wire. */
export interface SentRequest {
  readonly method: string;
  /** With the query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Of the connection, counted from 0. */
  readonly connection: number;
}

/** @param nth of the requests that came, counted from 1. */
export type Behaviour = (
  response: ServerResponse,
  request: IncomingMessage,
  nth: number,
) => unknown;

/** Replies with this, whatever is asked. */
export const replying =
  (status: number, body?: unknown, headers: Readonly<Record<string, string>> = {}): Behaviour =>
  (response) =>
    response
      .writeHead(status, headers)
      .end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body));

/** As Hanko words it. */
export const problem = (
  status: number,
  message = 'No',
  headers: Readonly<Record<string, string>> = {},
): Behaviour => replying(status, { code: status, message }, headers);

export const reset: Behaviour = (_response, request) => request.socket.resetAndDestroy();

/** One behaviour after the other; the last one holds. */
export const inTurn =
  (...behaviours: readonly Behaviour[]): Behaviour =>
  (response, request, nth) =>
    (behaviours[nth - 1] ?? behaviours.at(-1))?.(response, request, nth);

/** A real server that behaves as it is told, and counts. To be made once in a file of tests. */
export class AdminServer {
  requests: SentRequest[] = [];
  behaviour: Behaviour = replying(200, {});
  private connections = 0;
  private readonly numbers = new WeakMap<object, number>();
  private readonly server = createServer((request, response) => {
    void this.take(request, response);
  });

  constructor() {
    this.server.on('connection', (socket) => {
      this.numbers.set(socket, this.connections);
      this.connections += 1;
    });
    beforeAll(() => new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve)));
    beforeEach(() => {
      this.requests = [];
      this.behaviour = replying(200, {});
    });
    afterAll(() => this.stop());
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  private stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    const body = await text(request).catch(() => '');
    const { method = '', url = '', headers } = request;
    const connection = this.numbers.get(request.socket) ?? -1;
    this.requests.push({ method, url, headers, body, connection });
    await this.behaviour(response, request, this.requests.length);
  }
}
