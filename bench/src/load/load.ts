import { Child } from '../child.js';
import type { Order } from './load-process.js';
import type { Probe, ProbeResult } from './probe.js';
import type { Volley, VolleyResult } from './volley.js';

/** For the answers that are due when the time of a volley is over. */
const GRACE_MS = 30_000;

/** A process that sends requests. */
export class Load implements AsyncDisposable {
  private readonly child = Child.start({
    script: 'load/load-process.js',
    execPath: process.execPath,
  });

  /** What the next volleys send. */
  async setTokens(tokens: readonly string[]): Promise<void> {
    await this.ask({ tokens }, GRACE_MS);
  }

  fire(volley: Volley): Promise<VolleyResult> {
    return this.ask({ fire: volley }, volley.durationMs + GRACE_MS);
  }

  probe(probe: Probe): Promise<ProbeResult> {
    return this.ask({ probe }, probe.durationMs + GRACE_MS);
  }

  private ask<Answer>(order: Order, timeoutMs: number): Promise<Answer> {
    return this.child.ask<Answer>(order, timeoutMs);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.child[Symbol.asyncDispose]();
  }
}
