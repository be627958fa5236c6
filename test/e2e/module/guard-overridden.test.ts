import { type CanActivate, Controller, Get, type ModuleMetadata, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { CurrentUser, HankoAuthGuard, HankoModule, RequireAuth } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, PlainController, PLATFORMS, startApp } from '../../support/app.js';
import { ModuleApp } from '../../support/module-app.js';

const fixture = new ModuleApp();

describe.each(PLATFORMS)('the guard overridden in a test, on %s', (platform) => {
  @Controller()
  class NotesController {
    @UseGuards(HankoAuthGuard)
    @Get('guarded')
    guarded(): string {
      return 'in';
    }

    @RequireAuth()
    @Get('required')
    required(): string {
      return 'in';
    }

    @UseGuards(HankoAuthGuard)
    @Get('user')
    user(@CurrentUser('id') id: string): string {
      return id;
    }
  }
  const letThrough: CanActivate = { canActivate: () => true };
  const metadata = (isAppGuard: boolean): ModuleMetadata => ({
    imports: [HankoModule.forRoot(fixture.options())],
    controllers: isAppGuard ? [PlainController] : [NotesController],
    providers: isAppGuard ? [{ provide: APP_GUARD, useExisting: HankoAuthGuard }] : [],
  });

  it('by overrideGuard where @UseGuards() or @RequireAuth() bound it', async () => {
    await using app = await startApp(platform, metadata(false), {
      override: (builder) => builder.overrideGuard(HankoAuthGuard).useValue(letThrough),
    });

    expect((await app.get('/guarded')).text).toBe('in');
    expect((await app.get('/required')).text).toBe('in');
  });

  it('by overrideProvider where APP_GUARD with useExisting bound it', async () => {
    await using app = await startApp(platform, metadata(true), {
      override: (builder) => builder.overrideProvider(HankoAuthGuard).useValue(letThrough),
    });

    expect((await app.get('/plain')).text).toBe('plain');
  });

  it('leaves @CurrentUser() verifying: to act as somebody send a token', async () => {
    await using app = await startApp(platform, metadata(false), {
      override: (builder) => builder.overrideGuard(HankoAuthGuard).useValue(letThrough),
    });

    expect(await app.get('/user')).toBeRefused('credentials_missing');
    expect(await app.get('/user', bearer('garbage'))).toBeRefused('token_malformed');
    expect((await app.get('/user', bearer(fixture.token))).text).toBe(fixture.userId);
  });
});
