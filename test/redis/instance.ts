import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { HankoHealthReport } from 'nestjs-hanko';
import { freePort } from './redis-server.js';

const script = fileURLToPath(new URL('instance.mjs', import.meta.url));

/** Longer than anything that is promised; what takes longer hangs. */
const DEADLINE_MS = 10_000;

export interface InstanceOptions {
  readonly hankoUrl: string;
  readonly redisUrl: string;
  readonly onUnavailable?: 'reject' | 'accept';
  /** Whether its store has `subscribe`. Default: no. */
  readonly isTold?: boolean;
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfter: string | null;
  readonly ms: number;
}

/** An app in a process of its own, on a port that stays the same when it starts again. */
export class Instance implements AsyncDisposable {
  private process: ChildProcess | null = null;

  private constructor(
    private readonly port: number,
    private readonly options: InstanceOptions,
  ) {}

  static async start(options: InstanceOptions, port?: number): Promise<Instance> {
    const instance = new Instance(port ?? (await freePort()), options);
    await instance.start();
    return instance;
  }

  get webhookUrl(): string {
    return `http://127.0.0.1:${this.port}/webhooks/hanko`;
  }

  get socketUrl(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  get isRunning(): boolean {
    return this.process !== null && this.process.exitCode === null;
  }

  async start(): Promise<void> {
    const { hankoUrl, redisUrl, onUnavailable = 'reject', isTold = false } = this.options;
    const child = fork(script, {
      env: {
        ...process.env,
        HANKO_API_URL: hankoUrl,
        REDIS_URL: redisUrl,
        ON_UNAVAILABLE: onUnavailable,
        IS_TOLD: isTold ? 'yes' : 'no',
        PORT: String(this.port),
      },
      execArgv: [],
    });
    this.process = child;
    const ended = once(child, 'exit').then(() => {
      throw new Error('The instance ended before it served');
    });
    await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => undefined);
  }

  /** At once: it gets to do nothing more. */
  async kill(): Promise<void> {
    const { process } = this;
    this.process = null;
    if (process === null || process.exitCode !== null || process.signalCode !== null) return;
    const ended = once(process, 'exit');
    process.kill('SIGKILL');
    await ended;
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  /** A request with this token. @throws if there is no answer in time. */
  async me(token: string): Promise<Reply> {
    const start = performance.now();
    const response = await fetch(`http://127.0.0.1:${this.port}/me`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: response.status === 200 ? text : (JSON.parse(text) as unknown),
      retryAfter: response.headers.get('retry-after'),
      ms: performance.now() - start,
    };
  }

  async status(token: string): Promise<number> {
    return (await this.me(token)).status;
  }

  async health(): Promise<HankoHealthReport> {
    const response = await fetch(`http://127.0.0.1:${this.port}/health`, {
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    return (await response.json()) as HankoHealthReport;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
