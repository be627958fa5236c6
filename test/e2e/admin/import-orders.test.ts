import { Controller, Get, Module, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { FakeHanko } from 'fake-hanko';
import {
  CurrentUser,
  HankoConfigurationError,
  type HankoForRootOptions,
  HankoModule,
} from 'nestjs-hanko';
import { HankoAdmin, type HankoAdminForRootOptions, HankoAdminModule } from 'nestjs-hanko/admin';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import { bearer, type RunningApp, startApp } from '../../support/app.js';
import { sessionIdIn } from '../../support/claims-in.js';
import { APP_GUARD_PROVIDER } from '../../support/guarded-app.js';

let hanko: FakeHanko;
beforeAll(async () => {
  hanko = await FakeHanko.start();
});
afterAll(() => hanko.stop());

@Controller()
class NotesController {
  @Get('notes')
  notes(@CurrentUser('id') id: string): string {
    return id;
  }
}

type Imports = NonNullable<Parameters<typeof startApp>[1]['imports']>;

const options = () => ({ apiUrl: hanko.url, audience: 'localhost' });

const hankoModule = (others: HankoForRootOptions = {}) =>
  HankoModule.forRoot({ ...options(), ...others });

const adminModule = (others: HankoAdminForRootOptions = {}) =>
  HankoAdminModule.forRoot({ url: hanko.adminUrl, ...others });

const start = (imports: Imports): Promise<RunningApp> =>
  startApp('Express', {
    imports,
    controllers: [NotesController],
    providers: [APP_GUARD_PROVIDER],
  });

async function signedIn() {
  const { id } = hanko.createUser();
  const token = await hanko.token({ user: id });
  return { id, token, sessionId: sessionIdIn(token) };
}

describe('wherever the modules are imported', () => {
  const inFeature = (imports: Imports): Type => {
    @Module({ imports })
    class FeatureModule {}
    return FeatureModule;
  };
  const later = () =>
    HankoModule.forRootAsync({
      useFactory: async () => {
        await new Promise(setImmediate);
        return options();
      },
    });

  it.each<{ name: string; imports: () => Imports }>([
    { name: 'HankoModule first', imports: () => [hankoModule(), adminModule()] },
    { name: 'HankoModule last', imports: () => [adminModule(), hankoModule()] },
    { name: 'HankoModule ready late', imports: () => [adminModule(), later()] },
    {
      name: 'HankoModule not global, first',
      imports: () => [hankoModule({ isGlobal: false }), adminModule()],
    },
    {
      name: 'HankoModule not global, last',
      imports: () => [adminModule(), hankoModule({ isGlobal: false })],
    },
    {
      name: 'neither global, in a feature module',
      imports: () => {
        const module = hankoModule({ isGlobal: false });
        return [inFeature([adminModule({ isGlobal: false })]), inFeature([module]), module];
      },
    },
  ])('a revoked session is refused: $name', async ({ imports }) => {
    await using app = await start(imports());
    const { id, token, sessionId } = await signedIn();
    expect((await app.get('/notes', bearer(token))).status).toBe(200);
    await app.app.get(HankoAdmin, { strict: false }).sessions.revoke(id, sessionId);

    expect(await app.get('/notes', bearer(token))).toBeRefused('session_revoked');
  });

  it('an app without HankoModule has nobody to tell', async () => {
    const app = await Test.createTestingModule({ imports: [adminModule()] }).compile();
    const { id } = await signedIn();
    expect(await app.get(HankoAdmin).users.revokeSessions(id)).toBe(1);
    await app.get(HankoAdmin).users.delete(id);
    await app.close();
  });

  it('an app that ends sessions before HankoModule is ready is told so', async () => {
    const { id, sessionId } = await signedIn();
    const isEnded = {
      provide: 'ENDED',
      inject: [HankoAdmin],
      useFactory: (early: HankoAdmin) => early.sessions.revoke(id, sessionId),
    };
    @Module({ providers: [isEnded], exports: ['ENDED'] })
    class EarlyModule {}
    const starting = start([
      adminModule(),
      HankoModule.forRootAsync({
        imports: [EarlyModule],
        inject: ['ENDED'],
        useFactory: options,
      }),
    ]);

    const error: unknown = await starting.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HankoConfigurationError);
    expect(String(error)).toMatch(/before HankoModule was ready.*onModuleInit/s);
    expect(hanko.sessions(id)).toHaveLength(1);
  });
});
