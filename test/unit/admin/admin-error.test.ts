import { HttpException } from '@nestjs/common';
import { HankoAdminError } from 'nestjs-hanko/admin';
import { expect, test } from 'vitest';

/** The module once more, as an app has it that loads both builds. */
const COPY = '../../../lib/admin/admin-error.js?copy';

test('a HankoAdminError is one in the eyes of another copy of the package', async () => {
  const copy = (await import(COPY)) as { readonly HankoAdminError: typeof HankoAdminError };
  expect(copy.HankoAdminError).not.toBe(HankoAdminError);
  expect(new copy.HankoAdminError('conflict', 'x') instanceof HankoAdminError).toBe(true);
  expect(new HankoAdminError('conflict', 'x') instanceof copy.HankoAdminError).toBe(true);
});

test('nothing else is a HankoAdminError', () => {
  class Mine extends HankoAdminError {}
  const error = new HankoAdminError('not_found', 'x');
  expect(error).toBeInstanceOf(Error);
  expect(error instanceof HttpException).toBe(false);
  expect(error instanceof Mine).toBe(false);
  expect(new Mine('not_found', 'x') instanceof Mine).toBe(true);
  expect(new Mine('not_found', 'x') instanceof HankoAdminError).toBe(true);
  for (const other of [
    new Error('x'),
    { code: 'not_found' },
    null,
    undefined,
    'x',
    HankoAdminError,
  ]) {
    expect((other as unknown) instanceof HankoAdminError).toBe(false);
  }
});

test('a HankoAdminError shows its code, and no more than it knows', () => {
  const error = new HankoAdminError('conflict', 'taken', { status: 409, requestId: undefined });
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    name: 'HankoAdminError',
    code: 'conflict',
    status: 409,
  });
  expect('requestId' in error).toBe(false);
});
