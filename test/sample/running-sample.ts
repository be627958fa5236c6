import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const start = fileURLToPath(new URL('../../sample/start/start.mjs', import.meta.url));

/** What `npm start` runs, on a free port. */
export class Sample implements AsyncDisposable {
  private constructor(
    /** Where the pages are. */
    readonly url: string,
    private readonly process: ReturnType<typeof spawn>,
  ) {}

  static async start(environment: Readonly<Record<string, string>> = {}): Promise<Sample> {
    const inherited = { ...process.env };
    for (const name of ['HANKO_API_URL', 'HANKO_ADMIN_URL', 'HANKO_TOKEN_TRANSPORT']) {
      delete inherited[name];
    }
    const child = spawn(process.execPath, [start], {
      env: { ...inherited, PORT: '0', ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /^Open (\S+)/.exec(line)?.[1];
      if (url !== undefined) return new Sample(url, child);
    }
    throw new Error('The sample ended before it served');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null && this.process.kill()) await once(this.process, 'exit');
  }
}
