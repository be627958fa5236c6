import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The command as it is built: `npm run build` first. */
export const BUILT = fileURLToPath(new URL('../../dist/esm/command/main.js', import.meta.url));

/** A running command. */
export class CommandProcess implements AsyncDisposable {
  private readonly child;
  private readonly closed: Promise<readonly unknown[]>;
  output = '';
  errors = '';

  constructor(file: string, args: readonly string[]) {
    if (!existsSync(file)) throw new Error(`${file} is missing: run npm run build first`);
    this.child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
    this.closed = once(this.child, 'close');
  }

  /** Waits until it has printed what fits. @returns the first group, or all of it. */
  async printed(pattern: RegExp): Promise<string> {
    for (;;) {
      const match = pattern.exec(this.output);
      if (match !== null) return match[1] ?? match[0];
      const ended = await Promise.race([
        once(this.child.stdout, 'data').then(() => false),
        this.closed.then(() => true),
      ]);
      if (ended) throw new Error(`It ended before it printed ${pattern}: ${this.errors}`);
    }
  }

  kill(signal: 'SIGINT' | 'SIGTERM'): void {
    this.child.kill(signal);
  }

  /** The exit code, once it has ended. */
  async exitCode(): Promise<number | null> {
    const [code] = await this.closed;
    return code as number | null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.closed;
  }
}
