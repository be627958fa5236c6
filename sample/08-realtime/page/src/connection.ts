export type Message = { id: string; from: string; text: string };

/** The body that nestjs-hanko refuses with, over HTTP, socket.io and ws alike. */
export type Refusal = { code: string; message: string };

export type Connection = {
  /** With the token of now, in place of the connection that there is. */
  open(): void;
  close(): void;
  say(text: string): void;
};

/** What a connection tells the page. */
export type Listener = {
  opened(): void;
  said(message: Message): void;
  /** One message was refused. The connection is still there. */
  refused(why: Refusal): void;
  /** It is tried again by itself. */
  lost(): void;
  /** The server has ended it, or would not have it, and will not have this session again. */
  ended(code: string): void;
};

/** How long to wait before the next try. By chance, or all pages come back at one moment. */
export const delayMs = (tries: number) => Math.random() * Math.min(30_000, 1000 * 2 ** tries);
