import type { Authenticated } from '../auth/token-authenticator.js';
import { handshakeOf } from '../transports/handshake.js';
import { BEARER_PROTOCOL, openUpgrade } from '../transports/ws.js';
import { isFunction, isObject } from '../util/value-checks.js';
import { connectionRefusal } from './connection-refusal.js';
import type { Door } from './door.js';

/** Whether a client may connect: `ws` calls the second form where the function takes two arguments. */
type VerifyClient = ((info: Info) => boolean) | ((info: Info, done: Done) => void);

interface Info {
  readonly req: object;
}

type Done = (
  isLetIn: boolean,
  status?: number,
  body?: string,
  headers?: Readonly<Record<string, string>>,
) => void;

/** A `WebSocketServer` of `ws`. It reads its options for each handshake. */
interface WsServer {
  readonly options: {
    verifyClient?: VerifyClient | null;
    handleProtocols?: ((protocols: Set<string>, request: object) => unknown) | null;
  };
  prependListener(
    event: 'connection',
    listener: (client: object, request: unknown) => void,
  ): unknown;
}

export const isWsServer = (server: object): server is WsServer => {
  const { options, handleUpgrade, prependListener } = server as Readonly<Record<string, unknown>>;
  return isObject(options) && isFunction(handleUpgrade) && isFunction(prependListener);
};

/** Refuses before there is a WebSocket, by HTTP. */
export function closeWs(server: WsServer, door: Door): void {
  const found = new WeakMap<object, Authenticated | null>();
  const { options } = server;
  const { verifyClient: own, handleProtocols: ownProtocols } = options;
  const decide = async (info: Info, done: Done): Promise<void> => {
    try {
      found.set(info.req, await authenticate(info.req, door));
      askOwn(own, info, done);
    } catch (error) {
      refuse(error, done);
    }
  };
  options.verifyClient = (info: Info, done: Done): void => void decide(info, done);
  options.handleProtocols = (protocols, request) =>
    chosenProtocol(protocols, ownProtocols?.(protocols, request));
  server.prependListener('connection', (client, request) => {
    if (!isObject(request)) return;
    door.remember(request, request.socket);
    door.watch(found.get(request), client);
  });
}

async function authenticate(request: object, door: Door): Promise<Authenticated | null> {
  const handshake = handshakeOf(request);
  return door.authenticate(handshake === undefined ? {} : openUpgrade(handshake));
}

/** The app's own says whom else it refuses. */
function askOwn(own: VerifyClient | null | undefined, info: Info, done: Done): void {
  if (!isFunction(own)) done(true);
  else if (own.length === 2) own(info, done);
  else done((own as (info: Info) => boolean)(info), 401);
}

function refuse(error: unknown, done: Done): void {
  const { status, body, headers } = connectionRefusal(error);
  done(false, status, JSON.stringify(body), { 'Content-Type': 'application/json', ...headers });
}

/** A token is never sent back. Without one, as `ws` does: the first that was offered. */
function chosenProtocol(offered: ReadonlySet<string>, own: unknown): string | false {
  const protocols = [...offered].filter((protocol) => !protocol.startsWith(BEARER_PROTOCOL));
  if (own === false) return false;
  if (typeof own === 'string' && protocols.includes(own)) return own;
  return protocols.includes(OUR_PROTOCOL) ? OUR_PROTOCOL : (protocols[0] ?? false);
}

/** What a page offers beside its token, so that there is one to choose. */
const OUR_PROTOCOL = 'hanko';
