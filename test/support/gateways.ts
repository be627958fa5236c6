import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { type INestApplication, UseGuards } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  CurrentUser,
  HankoAuthGuard,
  type HankoUser,
  OptionalAuth,
  Public,
  RequireAuth,
  SessionToken,
} from 'nestjs-hanko';
import { io, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';
import { PLATFORMS } from './app.js';

export const LIBRARIES = ['socket.io', 'ws'] as const;
export type Library = (typeof LIBRARIES)[number];

/** Each library over each HTTP server. */
export const SERVERS = LIBRARIES.flatMap((library) =>
  PLATFORMS.map((platform) => ({ library, platform })),
);

/** For `configure` of `startApp`. */
export const useLibrary =
  (library: Library) =>
  (app: INestApplication): void =>
    void app.useWebSocketAdapter(library === 'ws' ? new WsAdapter(app) : new IoAdapter(app));

export interface Frame {
  readonly event: string;
  readonly data: unknown;
}

/** What a client says when it opens a connection. */
export interface Opening {
  readonly headers?: Record<string, string>;
  /** socket.io's `auth`. */
  readonly auth?: unknown;
  /** Subprotocols of `ws`. */
  readonly protocols?: string[];
  /** What follows the origin: the path of `ws`, or the namespace and query of socket.io. */
  readonly at?: string;
  /** socket.io's `path`. */
  readonly path?: string;
  /** True for a connection of socket.io that begins by polling and stays with it. */
  readonly isPolling?: boolean;
}

/** A real client of either library. */
export interface Client extends AsyncDisposable {
  /** Every frame that came, in order. */
  readonly frames: readonly Frame[];
  /** The header fields of the response to the handshake, where it can be seen. */
  readonly response: string;
  /** Why it has closed: the reason of socket.io, or code and reason of `ws`. */
  readonly closed: Promise<string>;
  say(event: string, data?: unknown): void;
  /** Says it, and returns the next frame. */
  ask(event: string, data?: unknown): Promise<Frame>;
  /** The next frames that no `ask` and no `next` has returned. */
  next(count: number): Promise<readonly Frame[]>;
}

export async function connect(
  library: Library,
  url: string,
  opening: Opening = {},
): Promise<Client> {
  return library === 'ws' ? connectWs(url, opening) : connectSocketIo(url, opening);
}

class Frames {
  readonly all: Frame[] = [];
  private taken = 0;
  private waiting: (() => void) | undefined;

  readonly add = (event: string, data: unknown): void => {
    this.all.push({ event, data });
    this.waiting?.();
  };

  async next(count: number): Promise<readonly Frame[]> {
    while (this.all.length < this.taken + count) {
      await new Promise<void>((resolve) => {
        this.waiting = resolve;
      });
    }
    this.taken += count;
    return this.all.slice(this.taken - count, this.taken);
  }
}

/** A client of socket.io that tries to connect, once. */
export const openSocketIo = (
  url: string,
  { headers, auth, path, at = '', isPolling = false }: Opening,
): Socket =>
  io(url + at, {
    ...(headers && { extraHeaders: headers }),
    ...(auth !== undefined && { auth: auth as object }),
    ...(path !== undefined && { path }),
    transports: [isPolling ? 'polling' : 'websocket'],
    forceNew: true,
    reconnection: false,
  });

/** A client of `ws` that tries to connect. */
export const openWs = (
  url: string,
  { headers = {}, protocols = [], at = '' }: Opening,
): WebSocket => new WebSocket(url.replace('http', 'ws') + at, protocols, { headers });

async function connectSocketIo(url: string, opening: Opening): Promise<Client> {
  const socket = openSocketIo(url, opening);
  const frames = new Frames();
  socket.onAny(frames.add);
  const closed = new Promise<string>((resolve) => void socket.once('disconnect', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('connect_error', (error) => {
      socket.disconnect();
      reject(error);
    });
    socket.io.once('close', (reason) => reject(new Error(reason)));
  });
  const say = (event: string, data: unknown = {}): void => void socket.emit(event, data);
  return {
    frames: frames.all,
    response: '',
    closed,
    say,
    next: (count) => frames.next(count),
    ask: async (event, data) => {
      say(event, data);
      return (await frames.next(1))[0] as Frame;
    },
    [Symbol.asyncDispose]: async () => void socket.disconnect(),
  };
}

async function connectWs(url: string, opening: Opening): Promise<Client> {
  const socket = openWs(url, opening);
  const frames = new Frames();
  let response = '';
  socket.on('upgrade', (message: IncomingMessage) => {
    response = JSON.stringify(message.rawHeaders);
  });
  socket.on('message', (text: Buffer) => {
    const { event, data } = JSON.parse(text.toString()) as Frame;
    frames.add(event, data);
  });
  const closed = new Promise<string>((resolve) =>
    socket.once('close', (code, reason) => resolve(`${code} ${reason.toString()}`)),
  );
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const say = (event: string, data: unknown = {}): void =>
    socket.send(JSON.stringify({ event, data }));
  return {
    frames: frames.all,
    response,
    closed,
    say,
    next: (count) => frames.next(count),
    ask: async (event, data) => {
      say(event, data);
      return (await frames.next(1))[0] as Frame;
    },
    [Symbol.asyncDispose]: async () => socket.terminate(),
  };
}

const reply = (data: unknown): Frame => ({ event: 'reply', data });

/** Guarded in itself, as Nest 11 asks for. */
@WebSocketGateway()
@UseGuards(HankoAuthGuard)
export class NotesGateway {
  @SubscribeMessage('unmarked')
  unmarked(@CurrentUser() user: HankoUser, @SessionToken() token: string): Frame {
    return reply({ id: user.id, tokenLength: token.length });
  }

  @RequireAuth({ session: 'online' })
  @SubscribeMessage('online')
  online(@CurrentUser('id') id: string): Frame {
    return reply(id);
  }

  @RequireAuth({ mfa: true })
  @SubscribeMessage('mfa')
  mfa(): Frame {
    return reply('mfa');
  }

  @RequireAuth({ claims: { tier: 'gold' } })
  @SubscribeMessage('gold')
  gold(): Frame {
    return reply('gold');
  }

  @OptionalAuth()
  @SubscribeMessage('optional')
  optional(@CurrentUser('id') id: string | null): Frame {
    return reply(id);
  }

  @Public()
  @SubscribeMessage('public')
  open(@CurrentUser() user: HankoUser | null, @MessageBody() data: unknown): Frame {
    return reply({ user, data });
  }
}

/** Without a guard: its parameters authenticate. */
@WebSocketGateway()
export class ParametersGateway {
  @SubscribeMessage('user-parameter')
  user(@CurrentUser('id') id: string): Frame {
    return reply(id);
  }

  @SubscribeMessage('token-parameter')
  token(@SessionToken() token: string): Frame {
    return reply(token.length);
  }

  @OptionalAuth()
  @SubscribeMessage('optional-parameter')
  optional(@CurrentUser('id') id: string | null): Frame {
    return reply(id);
  }
}

/** A port for a gateway, which must say it before it starts. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
