import type { FakeServer } from './http-server.js';

/** Servers that are opened and closed together, one step after the other. */
export class ServerGroup {
  private stopped = false;
  private lastStep: Promise<void> = Promise.resolve();

  constructor(private readonly servers: readonly FakeServer[]) {}

  /** True from the moment in which it was told to stop. */
  get isStopped(): boolean {
    return this.stopped;
  }

  /** Opens all or none: what listens would keep a failed test run alive. @throws Error */
  listen(): Promise<void> {
    return this.inTurn(() => this.open());
  }

  close(): Promise<void> {
    return this.inTurn(() => this.closeAll());
  }

  /** Closes, and does not listen again. */
  stop(): Promise<void> {
    this.stopped = true;
    return this.close();
  }

  /** A step waits for the one before: else a port could be opened while it is being closed. */
  private inTurn(step: () => Promise<void>): Promise<void> {
    const turn = this.lastStep.then(step);
    this.lastStep = turn.catch(() => undefined);
    return turn;
  }

  private async open(): Promise<void> {
    if (this.stopped) return;
    const results = await Promise.allSettled(this.servers.map((server) => server.listen()));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure === undefined) return;
    await this.closeAll();
    const { message } = failure.reason as Error;
    throw new Error(`FakeHanko cannot listen: ${message}`, { cause: failure.reason });
  }

  private async closeAll(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
  }
}
