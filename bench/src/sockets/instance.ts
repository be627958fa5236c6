import { Child } from '../child.js';
import { type Library, WEBHOOK_PATH } from './socket-app.js';
import type { Held, InstanceSettings, Listening } from './instance-process.js';

const TIMEOUT_MS = 60_000;

/** An app in a process of its own. */
export class Instance implements AsyncDisposable {
  private constructor(
    private readonly child: Child,
    readonly library: Library,
    readonly port: number,
  ) {}

  static async start(settings: InstanceSettings): Promise<Instance> {
    const child = Child.start({
      script: 'sockets/instance-process.js',
      args: [JSON.stringify(settings)],
      execArgv: ['--expose-gc'],
      execPath: process.execPath,
    });
    const { port } = await child.next<Listening>(TIMEOUT_MS);
    return new Instance(child, settings.library, port);
  }

  get webhookUrl(): string {
    return `http://127.0.0.1:${this.port}${WEBHOOK_PATH}`;
  }

  held(): Promise<Held> {
    return this.child.ask<Held>({}, TIMEOUT_MS);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.child[Symbol.asyncDispose]();
  }
}
