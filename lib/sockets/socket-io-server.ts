import type { Authenticated } from '../auth/token-authenticator.js';
import { isFunction, isObject } from '../util/value-checks.js';
import { connectionRefusal } from './connection-refusal.js';
import type { Door } from './door.js';

type Next = (error?: Error) => void;

type Middleware = (socket: object, next: Next) => void;

/** A `Server` of socket.io, which stands for its namespace `/`, or one of its namespaces. */
interface SocketIoServer {
  readonly opts?: unknown;
  readonly server?: { readonly opts?: unknown };
  use(middleware: Middleware): unknown;
  on(event: 'connection', listener: (socket: object) => void): unknown;
}

export const isSocketIo = (server: object): server is SocketIoServer => {
  const { use, on, emit } = server as Readonly<Record<string, unknown>>;
  return isFunction(use) && isFunction(on) && isFunction(emit);
};

/** Refuses before `connection`, for each namespace: clients give their credential for each. */
export function closeSocketIo(server: SocketIoServer, door: Door): void {
  askAgainAfterRecovery(server);
  const found = new WeakMap<object, Authenticated | null>();
  const decide = async (socket: object, next: Next): Promise<void> => {
    try {
      found.set(socket, await door.authenticate({ ...door.open(socket), connection: undefined }));
    } catch (error) {
      const { body } = connectionRefusal(error);
      next(Object.assign(new Error(body.message), { data: body }));
      return;
    }
    next();
  };
  server.use((socket, next) => void decide(socket, next));
  server.on('connection', (socket) => door.watch(found.get(socket), socket));
}

/** By default whoever recovers a connection passes by all middleware, with rooms and whatever was missed. */
function askAgainAfterRecovery({ opts, server }: SocketIoServer): void {
  for (const options of [opts, server?.opts]) {
    const { connectionStateRecovery: recovery } = Object(options) as {
      readonly connectionStateRecovery?: unknown;
    };
    if (isObject(recovery)) Object.assign(recovery, { skipMiddlewares: false });
  }
}
