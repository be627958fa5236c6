import { Child } from '../child.js';
import type { HankoSettings } from '../contenders/contender.js';
import { type Library, WEBHOOK_PATH } from '../sockets/socket-app.js';
import type { Held, InstanceSettings, Listening } from './instance-process.js';

const TIMEOUT_MS = 60_000;

/** How often Hanko is asked about a session, in seconds: the least for what is open. */
export const REFRESH_SECONDS = 30;
export const CLOCK_TOLERANCE_SECONDS = 1;

/** An app in a process of its own. */
export class Instance implements AsyncDisposable {
  private constructor(
    private readonly child: Child,
    readonly library: Library,
    readonly port: number,
  ) {}

  static async start(
    library: Library,
    hanko: HankoSettings,
    redisUrl: string | undefined,
  ): Promise<Instance> {
    const options = {
      session: { refreshSeconds: REFRESH_SECONDS },
      clockToleranceSeconds: CLOCK_TOLERANCE_SECONDS,
    };
    const settings: InstanceSettings = { library, hanko, redisUrl, isClosed: true, options };
    const child = Child.start({
      script: 'soak/instance-process.js',
      args: [JSON.stringify(settings)],
      execArgv: ['--expose-gc'],
      execPath: process.execPath,
    });
    const { port } = await child.next<Listening>(TIMEOUT_MS);
    return new Instance(child, library, port);
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
