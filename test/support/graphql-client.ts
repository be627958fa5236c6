import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { type Answer, type HeaderFields, type RunningApp, send } from './app.js';

/** One entry of `errors` in a GraphQL response. */
export interface GraphqlError {
  readonly message: string;
  readonly path?: readonly unknown[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

export interface GraphqlResult {
  readonly data?: Readonly<Record<string, unknown>> | null | undefined;
  readonly errors?: readonly GraphqlError[];
}

export type HttpResult = GraphqlResult & Pick<Answer, 'status' | 'headers' | 'text'>;

/** Sends one operation as a POST with JSON. */
export async function post(
  { url }: Pick<RunningApp, 'url'>,
  query: string,
  headers: HeaderFields = {},
): Promise<HttpResult> {
  const { status, headers: fields, text, body } = await postBody({ url }, { query }, headers);
  return { ...(body as GraphqlResult), status, headers: fields, text };
}

export const postBody = (
  { url }: Pick<RunningApp, 'url'>,
  body: unknown,
  headers: HeaderFields = {},
): Promise<Answer> =>
  send(
    `${url}/graphql`,
    [
      ['Content-Type', 'application/json'],
      ...((Array.isArray(headers) ? headers : Object.entries(headers)) as [string, string][]),
    ],
    { method: 'POST', body: JSON.stringify(body) },
  );

export interface SocketOptions {
  /** Of the handshake. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The payload of `connection_init`. */
  readonly params?: unknown;
}

/** A client as front ends use it, by the protocol graphql-transport-ws. */
export function socketTo(
  { url }: Pick<RunningApp, 'url'>,
  { headers = {}, params }: SocketOptions = {},
): Client {
  class Socket extends WebSocket {
    constructor(address: string, protocols: string | string[]) {
      super(address, protocols, { headers });
    }
  }
  return createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: Socket,
    retryAttempts: 0,
    ...(params !== undefined && { connectionParams: params as Record<string, unknown> }),
  });
}

/** Everything that an operation was answered over a socket. Drivers send errors as a result, or in their place. */
export const over = (client: Client, query: string): Promise<readonly GraphqlResult[]> =>
  new Promise((resolve, reject) => {
    const results: GraphqlResult[] = [];
    client.subscribe(
      { query },
      {
        next: (result) => void results.push(result as GraphqlResult),
        complete: () => resolve(results),
        error: (error) => {
          if (Array.isArray(error)) resolve([...results, { errors: error as GraphqlError[] }]);
          else reject(error instanceof Error ? error : new Error(JSON.stringify(error)));
        },
      },
    );
  });

/** One operation on a connection of its own. */
export async function overSocket(
  app: Pick<RunningApp, 'url'>,
  query: string,
  options: SocketOptions = {},
): Promise<GraphqlResult> {
  const client = socketTo(app, options);
  try {
    const [first = {}] = await over(client, query);
    return first;
  } finally {
    await client.dispose();
  }
}

/** The codes of our errors in a result, in order. */
export const codesOf = ({ errors = [] }: GraphqlResult): unknown[] =>
  errors.map(
    ({ extensions, message }) =>
      (extensions?.['originalError'] as { code?: unknown } | undefined)?.code ?? message,
  );

/** How a caller says who it is. */
export interface Credential {
  readonly headers?: Readonly<Record<string, string>>;
  readonly params?: unknown;
}

/** The ways in which an operation reaches an app. */
export const WAYS = {
  HTTP: (app: RunningApp, query: string, { headers }: Credential = {}): Promise<GraphqlResult> =>
    post(app, query, headers),
  'a socket': (app: RunningApp, query: string, credential: Credential = {}) =>
    overSocket(app, query, credential),
} as const;
