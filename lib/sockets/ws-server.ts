import { Logger } from '@nestjs/common';
import type { Authenticated } from '../auth/token-authenticator.js';
import { handshakeOf } from '../transports/handshake.js';
import { BEARER_PROTOCOL, openUpgrade } from '../transports/ws.js';
import { isPromise } from '../util/maybe-promise.js';
import { isFunction, isObject } from '../util/value-checks.js';
import { connectionRefusal, logFailure } from './connection-refusal.js';
import type { Door } from './door.js';

/** Whether a client may connect. Where the function takes two arguments, `ws` gives it `done`. */
type VerifyClient = (info: Info, done?: Done) => unknown;

interface Info {
  readonly req: { readonly socket: Destroyable };
}

interface Destroyable {
  destroy(): unknown;
}

type Done = (...verdict: Verdict) => void;

type Verdict = readonly [
  isLetIn: boolean,
  status?: number,
  body?: string,
  headers?: Readonly<Record<string, string>>,
];

/** A `WebSocketServer` of `ws`. It reads its options for each handshake. */
interface WsServer {
  readonly options: {
    verifyClient?: VerifyClient | null;
    handleProtocols?: ((protocols: Set<string>, request: object) => unknown) | null;
  };
  prependListener(event: 'connection', listener: (client: object) => void): unknown;
}

export const isWsServer = (server: object): server is WsServer => {
  const { options, handleUpgrade, prependListener } = server as Readonly<Record<string, unknown>>;
  return isObject(options) && isFunction(handleUpgrade) && isFunction(prependListener);
};

/** Who was let in, and by which request. */
interface Admission {
  readonly request: object;
  readonly found: Authenticated | null;
}

/** Refuses before there is a WebSocket, by HTTP. */
export function closeWs(server: WsServer, door: Door): void {
  /** By TCP socket, which a WebSocket keeps. */
  const admissions = new WeakMap<object, Admission>();
  const { options } = server;
  const { verifyClient: own, handleProtocols: ownProtocols } = options;

  const decide = async (info: Info): Promise<Verdict> => {
    // First the app's own, so that nothing ends a session between our look and the connection.
    const verdict = isFunction(own) ? await askOwn(own.bind(options), own.length, info) : LET_IN;
    if (!verdict[0]) return verdict;
    admissions.set(info.req.socket, {
      request: info.req,
      found: await authenticate(info.req, door),
    });
    return LET_IN;
  };
  const verify = async (info: Info, done: Done): Promise<void> => {
    const verdict = await decide(info).catch(refusal);
    try {
      done(...verdict);
    } catch (error) {
      // Of the app's own listeners, in the middle of the handshake.
      logFailure(error);
      info.req.socket.destroy();
    }
  };
  // ws looks at the number of its arguments.
  options.verifyClient = (info, done): void => void verify(info, done as Done);
  options.handleProtocols = (offered, request) =>
    isFunction(ownProtocols)
      ? notBearer(ownProtocols.call(options, offered, request), offered)
      : chosenProtocol(offered);
  server.prependListener('connection', (client) => {
    const { _socket: socket } = client as { readonly _socket?: unknown };
    const admission = isObject(socket) ? admissions.get(socket) : undefined;
    if (admission !== undefined) {
      // Good for one connection; and a request is large, as long as that may last.
      admissions.delete(socket as object);
      door.remember(admission.request, socket as object);
    }
    door.enter(client, admission?.found);
  });
}

async function authenticate(request: object, door: Door): Promise<Authenticated | null> {
  const handshake = handshakeOf(request);
  return door.authenticate(handshake === undefined ? {} : openUpgrade(handshake));
}

const LET_IN: Verdict = [true];

/** As ws asks it. A promise of a function that takes one argument counts too, where ws lets in whatever it says. */
async function askOwn(own: VerifyClient, length: number, info: Info): Promise<Verdict> {
  if (length !== 2) return [Boolean(await own(info))];
  return new Promise<Verdict>((resolve, reject) => {
    const returned = own(info, (...verdict) => resolve(verdict));
    if (isPromise(returned)) Promise.resolve(returned).catch(reject);
  });
}

function refusal(error: unknown): Verdict {
  const { status, body, headers } = connectionRefusal(error);
  return [false, status, JSON.stringify(body), { 'Content-Type': 'application/json', ...headers }];
}

/** What a page offers beside its token, so that there is one to choose. */
const OUR_PROTOCOL = 'hanko';

/** A token is never sent back. Without one, as `ws` does: the first that was offered. */
function chosenProtocol(offered: ReadonlySet<string>): string | false {
  const protocols = [...offered].filter((protocol) => !protocol.startsWith(BEARER_PROTOCOL));
  if (protocols.length === 0) tellOnce();
  return protocols.includes(OUR_PROTOCOL) ? OUR_PROTOCOL : (protocols[0] ?? false);
}

const notBearer = (chosen: unknown, offered: ReadonlySet<string>): string | false => {
  if (typeof chosen !== 'string' || chosen === '') return false;
  return chosen.startsWith(BEARER_PROTOCOL) ? chosenProtocol(offered) : chosen;
};

let isTold = false;

function tellOnce(): void {
  if (isTold) return;
  isTold = true;
  new Logger('HankoAuth').warn(
    'A client offered no subprotocol but its token, which is not sent back, so browsers close the connection. Let it offer ' +
      "both: new WebSocket(url, ['hanko', 'bearer.' + token]).",
  );
}
