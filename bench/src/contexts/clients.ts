import { Agent, request } from 'node:http';
import { io } from 'socket.io-client';
import type { ContextApp } from './apps.js';

/** Sends one call after the other. */
export interface Client {
  /** @throws Error unless it is refused. */
  expectRefused(): Promise<void>;
  /** @throws Error for a refusal, and for an answer without an id. */
  call(): Promise<void>;
  close(): void;
}

const QUERY = JSON.stringify({ query: '{ me }' });

/** GraphQL over one connection that is kept. */
export function graphqlClient(port: number, { headers }: Pick<ContextApp, 'headers'>): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const options = {
    agent,
    port,
    host: '127.0.0.1',
    path: '/graphql',
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', 'content-length': QUERY.length },
  };
  const send = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const sent = request(options, (response) => {
        let text = '';
        response
          .setEncoding('utf8')
          .on('data', (chunk: string) => (text += chunk))
          .on('end', () => resolve(text));
      });
      sent.on('error', reject).end(QUERY);
    });
  return {
    expectRefused: async () => {
      const body = await send();
      const { errors } = JSON.parse(body) as { errors?: unknown };
      if (errors === undefined) throw new Error(`No credential is answered ${body}`);
    },
    call: async () => {
      const body = await send();
      expectId((JSON.parse(body) as { data?: { me?: unknown } | null }).data?.me, body);
    },
    close: () => agent.destroy(),
  };
}

/** Messages to a gateway, over one socket of socket.io. */
export async function gatewayClient(
  port: number,
  { headers }: Pick<ContextApp, 'headers'>,
): Promise<Client> {
  const socket = io(`http://127.0.0.1:${port}`, {
    transports: ['websocket'],
    extraHeaders: { ...headers },
  });
  await new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(undefined)).once('connect_error', reject);
  });
  return {
    // The acknowledgement of a refused message never comes.
    expectRefused: () =>
      new Promise((resolve, reject) => {
        socket.once('exception', () => resolve()).emit('me', undefined, reject);
      }),
    call: async () => {
      const answer: unknown = await socket.timeout(10_000).emitWithAck('me');
      expectId(answer, JSON.stringify(answer));
    },
    close: () => socket.disconnect(),
  };
}

function expectId(id: unknown, answer: string): void {
  if (typeof id !== 'string' || id.length < 20) throw new Error(`The answer is ${answer}`);
}
