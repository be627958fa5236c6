import { createHash } from 'node:crypto';
import type { Authenticated } from '../auth/token-authenticator.js';
import { scopedId } from '../util/scoped-id.js';
import { isFunction, isObject } from '../util/value-checks.js';
import type { Door } from './door.js';

/**
 * With `connectionStateRecovery`, whoever shows the id of a lost connection gets its rooms and what was missed, before any
 * middleware runs. So a connection's id names the session that opened it, and is only shown to socket.io if the same session
 * comes back, alive. All others connect anew. This is all in the id, so other instances that share the state know it, too.
 */

/** The methods of a namespace that decide it. They are not public. */
const CREATE_SOCKET = '_createSocket';
const CREATE_CHILD = 'createChild';

type Method = (...args: unknown[]) => unknown;

type Found = WeakMap<object, Authenticated | null>;

/**
 * @param found where it is put who recovered a socket.
 * @returns false where socket.io has no such methods.
 */
export function guardRecovery(namespace: object, door: Door, found: Found): boolean {
  const methods = namespace as Record<string, Method | undefined>;
  const { [CREATE_SOCKET]: create, [CREATE_CHILD]: createChild } = methods;
  if (!isFunction(create)) return false;
  if (isFunction(createChild)) {
    methods[CREATE_CHILD] = (...args) => {
      const child = createChild.apply(namespace, args) as object;
      guardRecovery(child, door, found);
      return child;
    };
  }
  methods[CREATE_SOCKET] = async (client, auth, ...rest) => {
    const createBy = (given: unknown): unknown => create.call(namespace, client, given, ...rest);
    const recovery = recoveryOf(namespace);
    // Ours and the app's run for all.
    if (isObject(recovery)) Object.assign(recovery, { skipMiddlewares: false });
    if (!recovery || !isObject(auth) || typeof auth.pid !== 'string') return createBy(auth);
    const { pid, offset: _offset, ...others } = auth;
    const owner = await ownerOfCall(client, others, door);
    if (owner === null || ownerIn(pid) !== fingerprint(owner)) return createBy(others);
    const socket = await createBy(auth);
    found.set(socket as object, owner);
    return socket;
  };
  return true;
}

export const isRecovering = (namespace: object): boolean => Boolean(recoveryOf(namespace));

function recoveryOf(namespace: object): unknown {
  const { server } = namespace as { readonly server?: { readonly opts?: unknown } };
  return (Object(server?.opts) as { readonly connectionStateRecovery?: unknown })
    .connectionStateRecovery;
}

/** Writes into the id of a new connection whose it is. Those of nobody are not recovered. */
export function markOwner(socket: object, owner: Authenticated | null): void {
  const { pid } = socket as { readonly pid?: unknown };
  if (owner === null || typeof pid !== 'string' || pid.includes(SEPARATOR)) return;
  Object.assign(socket, { pid: pid + SEPARATOR + fingerprint(owner) });
}

/** Nobody, if anything fails: the middleware then says why. */
async function ownerOfCall(
  client: unknown,
  auth: object,
  door: Door,
): Promise<Authenticated | null> {
  try {
    const { request } = client as { readonly request?: unknown };
    const { unsupported: _notConnected, ...call } = door.open({ handshake: { auth }, request });
    return await door.authenticate(call);
  } catch {
    return null;
  }
}

/** socket.io's own ids have none. */
const SEPARATOR = '.';

const ownerIn = (pid: string): string => pid.slice(pid.indexOf(SEPARATOR) + 1);

const fingerprint = ({ user }: Authenticated): string =>
  createHash('sha256').update(scopedId(user.tenantId, user.sessionId)).digest('base64url');
