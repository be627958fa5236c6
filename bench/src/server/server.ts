import { Child } from '../child.js';
import type { Contender, Platform } from '../contenders/contender.js';
import type { JwksServer } from '../hanko/jwks-server.js';
import type { ServerSettings, Started, Usage } from './server-process.js';

const START_TIMEOUT_MS = 60_000;
const ANSWER_TIMEOUT_MS = 10_000;

/** A contender's app, running. */
export class Server implements AsyncDisposable {
  private constructor(
    readonly contender: Contender,
    readonly platform: Platform,
    readonly port: number,
    private readonly child: Child,
  ) {}

  /** @throws Error if the app does not start. */
  static async start(
    contender: Contender,
    platform: Platform,
    jwks: JwksServer,
    execPath: string,
  ): Promise<Server> {
    const hanko = jwks.settingsFor(callerName(contender, platform));
    const settings: ServerSettings = { contender: contender.id, platform, hanko };
    const child = Child.start({
      script: 'server/server-process.js',
      args: [JSON.stringify(settings)],
      execPath,
    });
    const started = await child.next<Started>(START_TIMEOUT_MS);
    if ('port' in started) return new Server(contender, platform, started.port, child);
    await child[Symbol.asyncDispose]();
    throw new Error(`${settings.contender} on ${platform} does not start: ${started.failure}`);
  }

  /** CPU time used so far, of all threads, in microseconds. */
  usage(): Promise<Usage> {
    return this.child.ask<Usage>({}, ANSWER_TIMEOUT_MS);
  }

  /** Its name at the JWKS server. */
  get caller(): string {
    return callerName(this.contender, this.platform);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.child[Symbol.asyncDispose]();
  }
}

const callerName = (contender: Contender, platform: Platform): string =>
  `${contender.id}-${platform}`;
