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
    get(this.url + path, { agent: this.agent, headers: this.headers }, (response) => {
      this.seen.push(String(response.statusCode));
      response.on('data', (chunk: Buffer) => {
        for (const [, data] of chunk.toString().matchAll(/^data: (.*)$/gm)) {
          this.seen.push(data as string);
        }
      });
      response.on('end', () => void this.seen.push('end'));
      response.on('error', () => void this.seen.push('error'));
    }).on('error', () => void this.seen.push('no response'));
  }

  [Symbol.dispose](): void {
    this.agent.destroy();
  }
}
