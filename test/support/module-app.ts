import { Controller, Get, type ModuleMetadata, UseGuards } from '@nestjs/common';
import { FakeHanko } from 'fake-hanko';
import {
  type ConfigurationFault,
  CurrentUser,
  HankoAuthGuard,
  HankoConfigurationError,
  type HankoModuleOptions,
} from 'nestjs-hanko';
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import './to-be-refused.js';
import { bearer, type RunningApp, startApp, type StartOptions } from './app.js';

@Controller()
export class WhoController {
  @UseGuards(HankoAuthGuard)
  @Get('who')
  who(@CurrentUser('id') id: string): string {
    return id;
  }
}

export const JWKS = '/.well-known/jwks.json';

/** A Hanko for the tests of one file, and a user of it. The environment is as it was after each test. */
export class ModuleApp {
  hanko!: FakeHanko;
  userId!: string;
  token!: string;

  constructor() {
    beforeAll(async () => {
      this.hanko = await FakeHanko.start();
      this.userId = this.hanko.createUser().id;
      this.token = await this.hanko.token({ user: this.userId });
    });
    beforeEach(() => {
      this.hanko.clearRequests();
    });
    afterEach(async () => {
      await this.hanko.recover();
      vi.unstubAllEnvs();
      // ConfigModule copies .env files there.
      for (const name of Object.keys(process.env)) {
        if (name.startsWith('HANKO_')) delete process.env[name];
      }
    });
    afterAll(() => this.hanko.stop());
  }

  readonly options = (others: HankoModuleOptions = {}): HankoModuleOptions => ({
    apiUrl: this.hanko.url,
    audience: 'localhost',
    ...others,
  });

  // oxlint-disable vitest/no-standalone-expect -- it is called in tests
  readonly expectWorking = async (app: RunningApp): Promise<void> => {
    expect(await app.get('/who')).toBeRefused('credentials_missing');
    expect((await app.get('/who', bearer(this.token))).text).toBe(this.userId);
  };
}

/** Starts on Express: where a module gets its options from has nothing to do with the adapter. */
export const start = (
  imports: ModuleMetadata['imports'],
  options: StartOptions = {},
): Promise<RunningApp> =>
  startApp('Express', { imports: imports ?? [], controllers: [WhoController] }, options);

/** What is wrong with an app that does not start. */
export async function faultsOf(
  starting: Promise<RunningApp>,
): Promise<readonly ConfigurationFault[]> {
  const error: unknown = await starting.then(
    async (app) => app[Symbol.asyncDispose](),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HankoConfigurationError);
  return (error as HankoConfigurationError).faults;
}

export const pathsOf = (faults: readonly ConfigurationFault[]): string[] =>
  faults.map(({ path }) => path).toSorted();
