import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HankoAuthService, HankoModule } from 'nestjs-hanko';
import { expect, it } from 'vitest';
import { CapturedLog } from '../../support/log.js';
import { JWKS, ModuleApp, start } from '../../support/module-app.js';

const fixture = new ModuleApp();
const { expectWorking } = fixture;

it('uses the fetch of the app', async () => {
  const asked: string[] = [];
  await using app = await start([
    HankoModule.forRoot(
      fixture.options({
        apiUrl: 'https://hanko.internal/base',
        fetch: (input, init) => {
          asked.push(new Request(input).url);
          return fetch(fixture.hanko.url + JWKS, init);
        },
      }),
    ),
  ]);

  await expectWorking(app);
  expect(asked).toEqual([`https://hanko.internal/base${JWKS}`]);
});

it('works in an application context, without HTTP', async () => {
  @Module({ imports: [HankoModule.forRoot(fixture.options())] })
  class WorkerModule {}
  const context = await NestFactory.createApplicationContext(WorkerModule, {
    logger: new CapturedLog(),
    abortOnError: false,
  });

  const user = await context.get(HankoAuthService).verifyToken(fixture.token);
  await context.close();

  expect(user.id).toBe(fixture.userId);
});

it('exports the service to every module', async () => {
  await using app = await start([HankoModule.forRoot(fixture.options())]);

  expect(app.app.get(HankoAuthService, { strict: false })).toBeInstanceOf(HankoAuthService);
});
