import { filter, firstValueFrom, map, type Observable, Subject, take, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GuardedObservable } from '../../../lib/revocation/guarded-observable.js';

let source: Subject<number>;
let errors: unknown[];
let guarded: Observable<number>;
/** What would have ended the process. */
let lost: unknown[];
const onLost = (error: unknown): void => void lost.push(error);

beforeEach(() => {
  source = new Subject();
  errors = [];
  lost = [];
  guarded = new GuardedObservable(source, (error) => void errors.push(error));
  process.on('uncaughtException', onLost);
  process.on('unhandledRejection', onLost);
});

/** RxJS throws from a timer, promises are looked at after their turn. */
const later = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(() => setImmediate(resolve), 0);
  });

afterEach(async () => {
  await later();
  process.off('uncaughtException', onLost);
  process.off('unhandledRejection', onLost);
  // oxlint-disable-next-line vitest/no-standalone-expect -- of each test
  expect(lost).toEqual([]);
});

const fault = new Error('a subscriber failed');
const fail = (): never => {
  throw fault;
};

describe('a subscriber that throws', () => {
  it.each<[string, (observable: Observable<number>) => unknown]>([
    ['as a function', (observable) => observable.subscribe(fail)],
    ['as an observer', (observable) => observable.subscribe({ next: fail })],
    ['as a promise that is rejected', (observable) => observable.subscribe(async () => fail())],
    [
      'behind operators',
      (observable) => observable.pipe(filter(Boolean), map(String)).subscribe(fail),
    ],
    ['in an operator', (observable) => observable.pipe(map(fail)).subscribe()],
    ['in its error handler', (observable) => observable.pipe(map(fail)).subscribe({ error: fail })],
  ])('%s is told of, and ends nothing', async (_, subscribe) => {
    const seen: number[] = [];
    subscribe(guarded);
    guarded.subscribe((value) => void seen.push(value));
    source.next(1);
    await later();

    expect(errors).toEqual([fault]);
    expect(seen).toEqual([1]);
  });

  it('stays subscribed', () => {
    let calls = 0;
    guarded.subscribe(() => {
      calls += 1;
      fail();
    });
    source.next(1);
    source.next(2);

    expect([calls, errors.length]).toEqual([2, 2]);
  });

  it('when it is over is told of too', () => {
    guarded.subscribe({ complete: fail });
    source.complete();

    expect(errors).toEqual([fault]);
  });
});

describe('a subscriber that is well', () => {
  it('gets values, and the end', async () => {
    const all = firstValueFrom(
      guarded.pipe(
        map((n) => n * 2),
        take(2),
        toArray(),
      ),
    );
    source.next(1);
    source.next(2);

    expect(await all).toEqual([2, 4]);
  });

  it('hears of errors of its operators by itself', () => {
    const seen: unknown[] = [];
    guarded.pipe(map(fail)).subscribe({ error: (error) => void seen.push(error) });
    source.next(1);

    expect([seen, errors]).toEqual([[fault], []]);
  });

  it('can leave', () => {
    const seen: number[] = [];
    const subscription = guarded.subscribe((value) => void seen.push(value));
    source.next(1);
    subscription.unsubscribe();
    source.next(2);

    expect([seen, source.observed]).toEqual([[1], false]);
  });

  it('is called with its observer as this', () => {
    const observer = {
      seen: [] as number[],
      next(value: number): void {
        this.seen.push(value);
      },
    };
    guarded.subscribe(observer);
    source.next(1);

    expect(observer.seen).toEqual([1]);
  });
});
