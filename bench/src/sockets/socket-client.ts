import type { IncomingMessage } from 'node:http';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import type { Library } from './socket-app.js';

/** The server let nobody in. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** @param code of its body. */
  constructor(readonly code: string) {
    super(`The connection was refused: ${code}`);
  }
}

/** How a connection ended. */
export interface Ending {
  /** False if the client closed it itself. */
  readonly isByServer: boolean;
  /** As the client's library shows it, with the code of the error. */
  readonly why: string;
  /** Of `performance.now()`. */
  readonly at: number;
}

/** A connection, of either library. */
export interface SocketClient {
  readonly ended: Promise<Ending>;
  /** @returns what is answered, or the code of the refusal; undefined if the connection ended meanwhile. */
  ask(): Promise<unknown>;
  leave(): void;
  /** As a machine that loses its network: nothing is said. */
  vanish(): void;
}

/** @throws Refusal */
export const connect = (library: Library, port: number, token: string): Promise<SocketClient> =>
  library === 'ws' ? connectWs(port, token) : connectSocketIo(port, token);

/** What is said about a connection, from its client's side. */
class Talk {
  readonly ended: Promise<Ending>;
  private readonly waiting: ((answer: unknown) => void)[] = [];
  private end!: (ending: Ending) => void;
  private isLeaving = false;

  constructor() {
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  leaving(): void {
    this.isLeaving = true;
  }

  ask(say: () => void): Promise<unknown> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      say();
    });
  }

  answered(answer: unknown): void {
    this.waiting.shift()?.(answer);
  }

  hasEnded(why: string): void {
    this.end({ isByServer: !this.isLeaving, why, at: performance.now() });
    for (const answer of this.waiting.splice(0)) answer(undefined);
  }
}

async function connectWs(port: number, token: string): Promise<SocketClient> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const talk = new Talk();
  socket
    .on('message', (text: Buffer) => {
      const { data } = JSON.parse(text.toString()) as { data: unknown };
      talk.answered(codeIn(data) ?? data);
    })
    .on('close', (code, reason) => talk.hasEnded(`${code} ${reason.toString()}`));
  await new Promise<void>((resolve, reject) => {
    socket
      .once('open', resolve)
      .on('error', reject)
      .once('unexpected-response', (_, response: IncomingMessage) => {
        refusalIn(response).then(reject, reject);
      });
  });
  return {
    ended: talk.ended,
    ask: () => talk.ask(() => socket.send('{"event":"me","data":{}}')),
    leave() {
      talk.leaving();
      socket.close();
    },
    vanish() {
      talk.leaving();
      socket.terminate();
    },
  };
}

async function connectSocketIo(port: number, token: string): Promise<SocketClient> {
  const socket = io(`http://127.0.0.1:${port}`, {
    auth: { token },
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
  });
  const talk = new Talk();
  let code: string | undefined;
  socket
    .on('me', (id) => talk.answered(id))
    .on('exception', (body) => {
      code = codeIn(body);
      talk.answered(code);
    })
    .on('disconnect', (reason) => talk.hasEnded(code === undefined ? reason : `${reason} ${code}`));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('connect_error', (error) => {
      reject(new Refusal(codeIn((error as { data?: unknown }).data) ?? error.message));
      socket.disconnect();
    });
    // The server may close before it has said anything, which is no error of a connection.
    socket.io.once('close', (reason) => reject(new Refusal(reason)));
  });
  return {
    ended: talk.ended,
    ask: () => talk.ask(() => socket.emit('me', {})),
    leave() {
      talk.leaving();
      socket.disconnect();
    },
    vanish() {
      talk.leaving();
      // It has no method that says nothing.
      (socket.io.engine as unknown as { transport: { ws: WebSocket } }).transport.ws.terminate();
    },
  };
}

function codeIn(body: unknown): string | undefined {
  const { code } = Object(body) as { readonly code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

async function refusalIn(response: IncomingMessage): Promise<Refusal> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return new Refusal(codeIn(JSON.parse(text)) ?? text);
}
