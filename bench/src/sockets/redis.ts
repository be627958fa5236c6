import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';

/** A Redis of one's own that keeps nothing. */
export class Redis implements AsyncDisposable {
  private constructor(
    private readonly process: ChildProcess,
    readonly url: string,
  ) {}

  /** @returns undefined where no `redis-server` is installed. */
  static async start(): Promise<Redis | undefined> {
    const port = await freePort();
    const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', ''];
    const child = spawn('redis-server', [...flags, '--appendonly', 'no'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const failed = once(child, 'error').then(() => undefined);
    failed.catch(() => undefined);
    const ready = (async () => {
      for await (const line of createInterface({ input: child.stdout })) {
        if (!line.includes('Ready to accept connections')) continue;
        child.stdout.resume();
        return new Redis(child, `redis://127.0.0.1:${port}`);
      }
      return undefined;
    })();
    return Promise.race([ready, failed]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
