import type { Contender, Platform } from '../contenders/contender.js';
import type { JwksServer } from '../hanko/jwks-server.js';
import type { TokenStore } from '../hanko/token-store.js';
import { checkCorrectness } from './correctness.js';
import { Server } from './server.js';

/** The servers of all contenders; idle ones take no CPU. They are started when they are first asked for. */
export class Fleet implements AsyncDisposable {
  private readonly servers = new Map<Platform, readonly Server[]>();

  constructor(
    private readonly contenders: readonly Contender[],
    private readonly jwks: JwksServer,
    private readonly tokens: TokenStore,
    private readonly execPath: string,
  ) {}

  /** All that run on a platform, in the order of the tables; each has shown that it is correct. */
  async on(platform: Platform): Promise<readonly Server[]> {
    const running = this.servers.get(platform);
    if (running !== undefined) return running;
    const starts = await Promise.allSettled(
      this.contenders
        .filter(({ platforms }) => platforms.includes(platform))
        .map((contender) => Server.start(contender, platform, this.jwks, this.execPath)),
    );
    // Those that did start are stopped with the others, also if one did not.
    const started = starts.flatMap((start) => (start.status === 'fulfilled' ? start.value : []));
    this.servers.set(platform, started);
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
    await Promise.all(started.map((server) => checkCorrectness(server, this.tokens)));
    return started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.servers.values()].flat();
    await Promise.all(all.map((server) => server[Symbol.asyncDispose]()));
  }
}
