import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { Thenable } from '../../support/thenable.js';
import { isPromise, type MaybePromise, andThen } from '../../../lib/util/maybe-promise.js';

describe('andThen()', () => {
  test('has the outcome at once where the value is there', () => {
    expect(andThen(2, (value) => value + 1)).toBe(3);
  });

  test('waits where there is a promise', async () => {
    const later = andThen(Promise.resolve(2), (value) => value + 1);
    expect(later).toBeInstanceOf(Promise);
    await expect(later).resolves.toBe(3);
  });

  test('waits for promises of another realm, and for any other thenable', async () => {
    const foreign = runInNewContext('Promise.resolve(2)') as Promise<number>;
    const thenable = new Thenable(2);
    for (const value of [foreign, thenable as unknown as Promise<number>]) {
      const later = andThen(value, (two) => two + 1);
      expect(later).toBeInstanceOf(Promise);
      // eslint-disable-next-line no-await-in-loop
      await expect(later).resolves.toBe(3);
    }
  });

  test('gives onError what the promise is rejected with', async () => {
    const failed: MaybePromise<number> = Promise.reject(new Error('down'));
    await expect(
      andThen(
        failed,
        () => 'up',
        (error) => (error as Error).message,
      ),
    ).resolves.toBe('down');
  });

  test('passes on what onValue throws: now without a promise, else by the promise', async () => {
    const fail = (): never => {
      throw new Error('bad value');
    };
    const onError = (): string => 'must not be called';
    expect(() => andThen(1, fail, onError)).toThrow('bad value');
    await expect(andThen(Promise.resolve(1), fail, onError)).rejects.toThrow('bad value');
  });
});

describe('isPromise()', () => {
  test.each([[null], [undefined], [0], ['then'], [{}], [JSON.parse('{"then":true}')]])(
    'is false for %j',
    (value) => {
      expect(isPromise<unknown>(value)).toBe(false);
    },
  );
});
