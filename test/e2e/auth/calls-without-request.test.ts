import { type ExecutionContext, Injectable, Module, SetMetadata } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { ExternalContextCreator } from '@nestjs/core';
import { FakeHanko } from 'fake-hanko';
import {
  HankoAuthGuard,
  HankoAuthService,
  HankoConfigurationError,
  HankoModule,
  isHankoError,
  Public,
  RequireAuth,
} from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLATFORMS, type RunningApp, startApp } from '../../support/app.js';

/** Packages find their handlers by decorators of their own. */
const IsJob = SetMetadata('jobs:handler', true);

@Injectable()
class Jobs {
  @RequireAuth()
  @IsJob
  closed(): string {
    return 'in';
  }

  @Public()
  @IsJob
  open(): string {
    return 'in';
  }
}

let hanko: FakeHanko;
let token: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  token = await hanko.token();
});
afterAll(() => hanko.stop());

/** The code of the error of ours that is thrown; false if it is none of ours. */
function codeOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return isHankoError(error) && error.code;
  }
}

/** What `ExternalContextCreator` may be called with. */
const ARGUMENTS: readonly { what: string; args: readonly unknown[] }[] = [
  { what: 'nothing', args: [] },
  { what: 'undefined', args: [undefined] },
  { what: 'null', args: [null] },
  { what: 'a text', args: ['job'] },
  { what: 'a number', args: [1] },
  { what: 'a list', args: [[]] },
  { what: 'a function', args: [() => undefined] },
  { what: 'an object without header fields', args: [{ id: 1 }] },
  { what: 'header fields of null', args: [{ headers: null }] },
  { what: 'header fields of text', args: [{ headers: 'authorization' }] },
  { what: 'a list of header fields', args: [{ headers: [['authorization', 'Bearer x']] }] },
  { what: 'no header fields', args: [{ headers: {} }] },
  { what: 'no response', args: [{ headers: {} }, null] },
  { what: 'a response that is none', args: [{ headers: {} }, 'response'] },
];

describe.each(PLATFORMS)('a call without a request, on %s,', (platform) => {
  let app: RunningApp;
  let guard: HankoAuthGuard;
  beforeAll(async () => {
    @Module({ providers: [Jobs] })
    class JobsModule {}
    app = await startApp(platform, {
      imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' }), JobsModule],
    });
    guard = app.app.get(HankoAuthGuard);
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const call = async (method: keyof Jobs, args: readonly unknown[], type?: string) => {
    const jobs = app.app.get(Jobs, { strict: false });
    const handler = app.app.get(ExternalContextCreator).create(
      jobs,
      // eslint-disable-next-line typescript/unbound-method -- as Nest's own modules do
      jobs[method],
      method,
      undefined,
      undefined,
      undefined,
      undefined,
      { guards: true, filters: false, interceptors: false },
      type,
    ) as (...given: unknown[]) => Promise<unknown>;
    return handler(...args);
  };

  it.each(ARGUMENTS)(
    'by ExternalContextCreator with $what is refused by an error of ours',
    async ({ args }) => {
      for (const type of [undefined, 'http']) {
        const error: unknown = await call('closed', args, type).catch((thrown: unknown) => thrown);

        expect(isHankoError(error) && error.code).toMatch(
          /^(?:credentials_missing|context_unsupported)$/,
        );
      }
      expect(await call('open', args)).toBe('in');
    },
  );

  it.each(ARGUMENTS)(
    'by a context made by hand with $what is refused by an error of ours',
    ({ args }) => {
      const context = new ExecutionContextHost([...args]);

      expect(codeOf(() => guard.canActivate(context))).toMatch(
        /^(?:credentials_missing|context_unsupported)$/,
      );
    },
  );

  it('by a context of no known kind is refused', () => {
    for (const type of [
      undefined,
      null,
      '',
      'HTTP',
      'http ',
      7,
      Symbol('http'),
      {},
      'constructor',
    ]) {
      const context = new ExecutionContextHost([{ headers: { authorization: `Bearer ${token}` } }]);
      context.setType(type as never);
      if (type === undefined || type === null || type === '') {
        // setType() ignores those; a context of another make may say them.
        Object.defineProperty(context, 'getType', { value: () => type });
      }

      expect(codeOf(() => guard.canActivate(context))).toBe('context_unsupported');
    }
  });

  it('is told once in the log, with what is missing', async () => {
    await call('closed', []).catch(() => undefined);
    await call('closed', []).catch(() => undefined);

    const lines = app.log
      .messages('error', 'HankoAuth')
      .filter((line) => line.startsWith('Jobs.closed was called as a "http" handler'));
    expect(lines).toEqual([
      expect.stringContaining('shows no request and no metadata of the caller'),
    ]);
  });

  it('by authenticate() itself names what it takes', async () => {
    const service = app.app.get(HankoAuthService);
    for (const source of [
      undefined,
      null,
      'request',
      {},
      { headers: null },
      { headers: 'x' },
      new Request('http://a.test', { headers: { authorization: `Bearer ${token}` } }),
    ]) {
      const refusal: unknown = await service
        .authenticate(source as unknown as ExecutionContext)
        .catch((error: unknown) => error);

      expect(refusal).toBeInstanceOf(HankoConfigurationError);
      expect(String(refusal)).toContain('takes an ExecutionContext, or a request with "headers"');
    }
  });
});
