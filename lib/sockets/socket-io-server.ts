import type { Authenticated } from '../auth/token-authenticator.js';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { isFunction, isObject } from '../util/value-checks.js';
import { connectionRefusal } from './connection-refusal.js';
import type { Door } from './door.js';
import { guardRecovery, isRecovering, markOwner } from './socket-io-recovery.js';

type Next = (error?: Error) => void;

type Middleware = (socket: object, next: Next) => void;

/** A namespace of socket.io, also one that makes others: one by a regular expression or a function. */
export interface Namespace {
  use(middleware: Middleware): unknown;
  on(event: 'connection', listener: (socket: object) => void): unknown;
}

/** @returns undefined for what is neither a `Server` of socket.io, which stands for its namespace `/`, nor a namespace. */
export function namespaceOf(server: object): Namespace | undefined {
  const { of, sockets } = server as { readonly of?: unknown; readonly sockets?: unknown };
  const namespace = isFunction(of) && isObject(sockets) ? sockets : server;
  return isNamespace(namespace) ? namespace : undefined;
}

function isNamespace(value: object): value is Namespace {
  const { use, on, disconnectSockets } = value as Readonly<Record<string, unknown>>;
  return isFunction(use) && isFunction(on) && isFunction(disconnectSockets);
}

/** Refuses before `connection`, for each namespace: clients give their credential for each. */
export function closeSocketIo(namespace: Namespace, door: Door): void {
  const found = new WeakMap<object, Authenticated | null>();
  if (!guardRecovery(namespace, door, found) && isRecovering(namespace)) throw cannotGuard();

  const decide = async (socket: object, next: Next): Promise<void> => {
    try {
      let who = found.get(socket);
      if (who === undefined) {
        who = await door.authenticate({ ...door.open(socket), connection: undefined });
        found.set(socket, who);
      }
      markOwner(socket, who);
    } catch (error) {
      const { body } = connectionRefusal(error);
      next(Object.assign(new Error(body.message), { data: body }));
      return;
    }
    next();
  };
  namespace.use((socket, next) => void decide(socket, next));
  namespace.on('connection', (socket) => door.enter(socket, found.get(socket)));
}

const cannotGuard = (): HankoConfigurationError =>
  new HankoConfigurationError([
    {
      path: 'connectionStateRecovery',
      hint:
        'cannot be guarded in this version of socket.io, which recovers connections in another way than 4.6 to 4.8 do. ' +
        'Turn it off, or use one of those.',
    },
  ]);
