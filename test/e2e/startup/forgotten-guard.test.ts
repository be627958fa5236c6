import { Controller, Get, UseGuards } from '@nestjs/common';
import { FakeHanko } from 'fake-hanko';
import { HankoAuthGuard, Public } from 'nestjs-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLATFORMS, type RunningApp } from '../../support/app.js';
import { APP_GUARD_PROVIDER, starter } from '../../support/lost-marks.js';

let hanko: FakeHanko;

beforeAll(async () => {
  hanko = await FakeHanko.start();
});
afterAll(() => hanko.stop());

const warnings = ({ log }: RunningApp): string[] => log.messages('warn', 'HankoModule');

describe.each(PLATFORMS)('a forgotten guard, on %s', (platform) => {
  const start = starter(platform, () => hanko.url);

  @Controller('notes')
  class NotesController {
    @Get()
    list(): string {
      return 'list';
    }

    @Get('one')
    one(): string {
      return 'one';
    }

    @Public()
    @Get('health')
    health(): string {
      return 'ok';
    }
  }

  @UseGuards(HankoAuthGuard)
  @Controller('guarded')
  class GuardedController {
    @Get()
    list(): string {
      return 'list';
    }
  }

  @Controller('many')
  class ManyController {
    a(): void {}
    b(): void {}
    c(): void {}
    d(): void {}
    e(): void {}
    f(): void {}
    g(): void {}
  }
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) {
    const descriptor = Object.getOwnPropertyDescriptor(ManyController.prototype, name);
    Get(name)(ManyController.prototype, name, descriptor as PropertyDescriptor);
  }

  it('is one warning: how many handlers, which, and both cures', async () => {
    await using app = await start([NotesController, GuardedController]);

    expect(warnings(app)).toEqual([
      'No HankoAuthGuard runs for 2 of 4 handlers: NotesController.list, NotesController.one. Bind it to the whole app, ' +
        'with { provide: APP_GUARD, useExisting: HankoAuthGuard } among the providers of the root module, or to a ' +
        'controller with @UseGuards(HankoAuthGuard). Mark what is open on purpose @Public().',
    ]);
  });

  it('names the first few', async () => {
    await using app = await start([ManyController]);

    expect(warnings(app)).toEqual([
      expect.stringMatching(
        /^No HankoAuthGuard runs for 7 of 7 handlers: (?:ManyController\.[a-e],? ){5}and 2 more\. Bind/,
      ),
    ]);
  });

  it('is none where the app is guarded, and where all is @Public()', async () => {
    await using guarded = await start([NotesController, GuardedController, ManyController], {
      providers: [APP_GUARD_PROVIDER],
    });
    expect(warnings(guarded)).toEqual([]);

    @Public()
    @Controller('open')
    class OpenController extends ManyController {}
    await using open = await start([OpenController, GuardedController]);
    expect(warnings(open)).toEqual([]);
  });

  it('is none where a test has replaced it', async () => {
    await using app = await start(
      [GuardedController],
      {},
      {
        override: (builder) =>
          builder.overrideGuard(HankoAuthGuard).useValue({ canActivate: () => true }),
      },
    );

    expect(warnings(app)).toEqual([]);
  });
});
