import { Agent, get } from 'node:http';

/** A client of server-sent events that keeps its connection for the next request. */
export class KeepAliveClient {
  readonly seen: string[] = [];
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(
    private readonly url: string,
    private readonly headers: Record<string, string> = {},
  ) {}

  open(path: string): void {
    const { agent, headers } = this;
    const request = get(this.url + path, { agent, headers }, (response) => {
      this.seen.push(String(response.statusCode));
      response.on('data', (chunk: Buffer) => {
        for (const [, data] of chunk.toString().matchAll(/^data: (.*)$/gm)) {
          this.seen.push(data as string);
        }
      });
      response.on('end', () => void this.seen.push('end'));
      response.on('error', () => void this.seen.push('error'));
    });
    request.on('error', ({ code }: NodeJS.ErrnoException) => {
      // The server was closing the connection just then: RFC 9112 §9.3.1 lets a client ask again.
      if (request.reusedSocket && code === 'ECONNRESET') this.open(path);
      else this.seen.push('no response');
    });
  }

  [Symbol.dispose](): void {
    this.agent.destroy();
  }
}
