import { createHook } from 'node:async_hooks';
import { webcrypto } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { HankoAuthGuard } from 'nestjs-hanko';
import type { FakeHanko } from 'fake-hanko';
import { FakeClock } from './app.js';

/** What one call of `canActivate` did before it returned: counts, which no machine changes. */
export interface Bill {
  /** What it returned: true, a promise, or an error that it threw. */
  readonly result: unknown;
  readonly promises: number;
  readonly signatures: number;
  readonly jsonParses: number;
  readonly metadataReads: number;
  readonly headerReads: number;
  readonly clockReadings: number;
}

/** A clock that stands still until it is told to move, and counts who looks at it. */
export class CountingClock {
  readings = 0;
  private readonly clock = new FakeClock();

  readonly now = (): number => {
    this.readings += 1;
    return this.clock.now();
  };

  /** Looks at it without being counted. */
  readonly peek = (): number => this.clock.now();

  advanceSeconds(seconds: number): void {
    this.clock.advanceSeconds(seconds);
  }
}

/** What is spent on requests altogether, from their first byte to the last of the answer. */
export interface Total {
  readonly signatures: number;
  readonly fetches: number;
  readonly clockReadings: number;
}

export async function totalOf(
  { hanko, clock }: { readonly hanko: FakeHanko; readonly clock: CountingClock },
  act: () => Promise<unknown>,
): Promise<Total> {
  using signatures = countCalls(webcrypto.subtle, 'verify');
  const fetches = hanko.countRequests();
  const { readings } = clock;
  await act();
  return {
    signatures: signatures.count,
    fetches: hanko.countRequests() - fetches,
    clockReadings: clock.readings - readings,
  };
}

/** Writes the bill of each call of the guard. */
export class CostMeter {
  readonly bills: Bill[] = [];

  constructor(private readonly clock: CountingClock) {}

  measure(request: object, act: () => boolean | Promise<boolean>): boolean | Promise<boolean> {
    using signatures = countCalls(webcrypto.subtle, 'verify');
    using jsonParses = countCalls(JSON, 'parse');
    using metadataReads = countCalls(Reflect, ...METADATA_READERS);
    using headerReads = countReads(request, 'headers', 'rawHeaders', 'cookies');
    const clockReadings = this.clock.readings;
    let result: unknown;
    let promises = 0;
    const hook = createHook({
      init: (_id, type) => {
        if (type === 'PROMISE') promises += 1;
      },
    }).enable();
    try {
      const answer = act();
      result = answer;
      return answer;
    } catch (error) {
      result = error;
      throw error;
    } finally {
      hook.disable();
      this.bills.push({
        result,
        promises,
        signatures: signatures.count,
        jsonParses: jsonParses.count,
        metadataReads: metadataReads.count,
        headerReads: headerReads.count,
        clockReadings: this.clock.readings - clockReadings,
      });
    }
  }

  /** The bill of the last call. */
  get last(): Bill | undefined {
    return this.bills.at(-1);
  }
}

/** Our guard, called as Nest calls it, with a meter around it. */
@Injectable()
export class MeteredGuard implements CanActivate {
  constructor(
    @Inject(HankoAuthGuard) private readonly guard: HankoAuthGuard,
    @Inject(CostMeter) private readonly meter: CostMeter,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<object>();
    return this.meter.measure(request, () => this.guard.canActivate(context));
  }
}

interface Count extends Disposable {
  readonly count: number;
}

const METADATA_READERS = [
  'getMetadata',
  'getOwnMetadata',
  'hasMetadata',
  'hasOwnMetadata',
  'getMetadataKeys',
  'getOwnMetadataKeys',
] as const;

/** Counts calls of methods, which do what they always do. Counts may be taken inside one another. */
export function countCalls<Owner extends object>(
  owner: Owner,
  ...names: readonly (keyof Owner & string)[]
): Count {
  let count = 0;
  const undo = names.map((name) => {
    const own = Object.getOwnPropertyDescriptor(owner, name);
    const method = owner[name] as (...args: unknown[]) => unknown;
    Object.defineProperty(owner, name, {
      configurable: true,
      writable: true,
      value(this: unknown, ...args: unknown[]): unknown {
        count += 1;
        return Reflect.apply(method, this, args);
      },
    });
    return () => restore(owner, name, own);
  });
  return counted(() => count, undo);
}

/** Counts reads of these properties of a request, and of Node's request behind it. */
function countReads(request: { readonly raw?: object }, ...names: readonly string[]): Count {
  let count = 0;
  const objects = new Set<object>([request, request.raw ?? request]);
  const undo = [...objects].flatMap((object) =>
    names.map((name) => {
      const own = Object.getOwnPropertyDescriptor(object, name);
      const value: unknown = Reflect.get(object, name);
      Object.defineProperty(object, name, {
        configurable: true,
        get() {
          count += 1;
          return value;
        },
      });
      return () => restore(object, name, own);
    }),
  );
  return counted(() => count, undo);
}

function restore(owner: object, name: string, own: PropertyDescriptor | undefined): void {
  if (own === undefined) Reflect.deleteProperty(owner, name);
  else Object.defineProperty(owner, name, own);
}

const counted = (read: () => number, undo: readonly (() => void)[]): Count => ({
  get count() {
    return read();
  },
  [Symbol.dispose]: () => {
    for (const step of undo) step();
  },
});
