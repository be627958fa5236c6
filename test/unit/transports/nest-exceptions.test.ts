import { RpcException } from '@nestjs/microservices';
import { HankoCredentialsError } from 'nestjs-hanko';
import { expect, it } from 'vitest';
import {
  atFirstRefusal,
  type ExceptionOf,
  loadRpcException,
} from '../../../lib/transports/nest-exceptions.js';

const error = new HankoCredentialsError('credentials_missing', 'none');

it("is Nest's own class, with the body and our error as cause", async () => {
  const exception = (await loadRpcException())({ code: 'x' }, error) as RpcException;

  expect(exception).toBeInstanceOf(RpcException);
  expect(exception.getError()).toEqual({ code: 'x' });
  expect(exception.cause).toBe(error);
  expect(Object.keys(exception)).not.toContain('cause');
});

it('is loaded at the first refusal, once', async () => {
  let loads = 0;
  const exceptionOf = atFirstRefusal(async (): Promise<ExceptionOf> => {
    loads += 1;
    return (body) => body;
  });
  expect(loads).toBe(0);

  const body = { code: 'x' };
  expect(await Promise.all([exceptionOf(body, error), exceptionOf(body, error)])).toEqual([
    body,
    body,
  ]);
  expect(loads).toBe(1);
});

it('is our error where the package is not there', async () => {
  const exceptionOf = atFirstRefusal(() => Promise.reject(new Error('Cannot find package')));

  expect(await exceptionOf({}, error)).toBe(error);
});
