import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const BUFFER_BYTES = 16_384;
const HEAD_END = '\r\n\r\n';
const CONTENT_LENGTH = /\r\ncontent-length: (\d+)/i;

/**
 * A keep-alive connection with one request under way at a time.
 *
 * Written out, because autocannon takes about as much CPU per request as the quickest server here:
 * with two cores it would be the client that is measured.
 */
export class Connection {
  /** Is told the status of each answer. */
  onAnswer: (status: number) => void = () => undefined;
  private received = '';
  private failure: Error | undefined;

  private constructor(private readonly socket: Socket) {}

  static async open(port: number): Promise<Connection> {
    const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer,
        callback: (bytes) => {
          connection.receive(buffer.toString('latin1', 0, bytes));
          return true;
        },
      },
    });
    const connection = new Connection(socket);
    await once(socket, 'connect');
    return connection;
  }

  /** Is called if the server closes the connection, or says what is not understood. */
  onFailure(listener: (error: Error) => void): void {
    this.socket.on('error', listener);
    this.socket.on('close', () => listener(this.failure ?? new Error('the server hung up')));
  }

  send(request: Buffer): void {
    this.socket.write(request);
  }

  close(): void {
    this.socket.removeAllListeners('error').removeAllListeners('close').destroy();
  }

  private receive(text: string): void {
    this.received += text;
    const headEnd = this.received.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const length = CONTENT_LENGTH.exec(this.received.slice(0, headEnd))?.[1];
    const missing = headEnd + HEAD_END.length + Number(length) - this.received.length;
    if (missing > 0) return;
    if (missing < 0 || length === undefined) {
      this.failure = new Error(`not understood: ${this.received.slice(0, headEnd)}`);
      this.socket.destroy();
      return;
    }
    const status = Number(this.received.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length));
    this.received = '';
    this.onAnswer(status);
  }
}

/** A whole GET request. */
export function requestBytes(path: string, header: string | null): Buffer {
  const lines = [`GET ${path} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: keep-alive'];
  if (header !== null) lines.push(header);
  return Buffer.from(lines.join('\r\n') + HEAD_END, 'latin1');
}
