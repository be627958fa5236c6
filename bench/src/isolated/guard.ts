import {
  type CanActivate,
  type ExecutionContext,
  type INestApplicationContext,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { HankoSettings } from '../contenders/contender.js';
import { contenderById } from '../contenders/index.js';

/** For the compiler to warm up: as many calls as that, or as many as fit into the time. */
const WARM_UP = { calls: 20_000, atOnce: 500, timeMs: 500 };

/** A contender's own guard, from its own app. */
export class Guard {
  private constructor(
    private readonly guard: CanActivate,
    private readonly app: INestApplicationContext,
  ) {}

  /** @param contender the id of one that has a guard. */
  static async start(contender: string, hanko: HankoSettings): Promise<Guard> {
    const found = contenderById(contender);
    if (found.guard === undefined) throw new Error(`${contender} has no guard`);
    const context = await NestFactory.createApplicationContext(await found.app(hanko), {
      logger: ['error', 'warn'],
      abortOnError: false,
    });
    return new Guard(context.get(found.guard, { strict: false }), context);
  }

  /** @param newContext is called for each call. */
  async warmUp(newContext: () => ExecutionContext, expected: boolean): Promise<void> {
    const startedAt = performance.now();
    for (let calls = 0; calls < WARM_UP.calls; calls += WARM_UP.atOnce) {
      if (performance.now() - startedAt > WARM_UP.timeMs) return;
      await this.time(Array.from({ length: WARM_UP.atOnce }, newContext), expected);
    }
  }

  /**
   * Calls it for one after the other, and waits only where a promise is returned, as Nest does.
   * @returns microseconds per call.
   * @throws Error if one is let in that should not be, or the other way round.
   */
  async time(contexts: readonly ExecutionContext[], expected: boolean): Promise<number> {
    let right = 0;
    const startedAt = performance.now();
    for (const context of contexts) {
      try {
        const result = this.guard.canActivate(context);
        if ((typeof result === 'boolean' ? result : await result) === expected) right += 1;
      } catch {
        if (!expected) right += 1;
      }
    }
    const elapsedMs = performance.now() - startedAt;
    this.check(right, contexts.length);
    return (elapsedMs / contexts.length) * 1_000;
  }

  /** Calls it for all at once. @returns microseconds per call. */
  async timeAtOnce(contexts: readonly ExecutionContext[]): Promise<number> {
    const startedAt = performance.now();
    const results = await Promise.all(
      contexts.map(async (context) => this.guard.canActivate(context)),
    );
    const elapsedMs = performance.now() - startedAt;
    this.check(results.filter((result) => result === true).length, contexts.length);
    return (elapsedMs / contexts.length) * 1_000;
  }

  /** Another provider of its app. */
  provider<T>(type: Type<T>): T {
    return this.app.get(type, { strict: false });
  }

  async stop(): Promise<void> {
    await this.app.close();
  }

  private check(right: number, all: number): void {
    if (right !== all) throw new Error(`the guard was wrong about ${all - right} of ${all}`);
  }
}
