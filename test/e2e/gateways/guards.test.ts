import * as common from '@nestjs/common';
import { Injectable, Scope, UseGuards } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { CurrentUser, HankoAuthGuard, Public, RequireAuth } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { bearer, PLATFORMS, startApp } from '../../support/app.js';
import { connect, LIBRARIES, type Library, useLibrary } from '../../support/gateways.js';
import {
  APP_GUARD_PROVIDER,
  hankoModule,
  IS_NEST_11,
  ran,
  run,
  token,
  unprotected,
  useMessageHanko,
  userId,
} from '../../support/message-app.js';

useMessageHanko();

@WebSocketGateway()
class NotesGateway {
  @SubscribeMessage('unmarked')
  unmarked(): unknown {
    return { event: 'reply', data: run('unmarked') };
  }

  @Public()
  @SubscribeMessage('public')
  open(): unknown {
    return { event: 'reply', data: run('public') };
  }
}

@WebSocketGateway()
@UseGuards(HankoAuthGuard)
class GuardedGateway extends NotesGateway {}

class StricterGuard extends HankoAuthGuard {}

@WebSocketGateway()
@UseGuards(StricterGuard)
class SubclassGuardedGateway extends NotesGateway {}

@WebSocketGateway()
@RequireAuth()
class RequiredGateway extends NotesGateway {}

@WebSocketGateway()
@Public()
class PublicGateway extends NotesGateway {}

@Injectable()
class LetThroughGuard {
  canActivate(): boolean {
    return true;
  }
}

@WebSocketGateway()
@UseGuards(LetThroughGuard)
class ForeignGuardGateway extends NotesGateway {}

@WebSocketGateway()
class HandlerGuardedGateway extends NotesGateway {
  @UseGuards(HankoAuthGuard)
  @SubscribeMessage('unmarked')
  override unmarked(): unknown {
    return super.unmarked();
  }
}

const start = (
  library: Library,
  gateway: common.Type,
  providers: readonly object[] = [APP_GUARD_PROVIDER],
  isBoundInMain = false,
) =>
  startApp(
    'Express',
    { imports: [hankoModule()], providers: [gateway, ...(providers as [])] },
    {
      configure: (nest) => {
        useLibrary(library)(nest);
        if (isBoundInMain) nest.useGlobalGuards(nest.get(HankoAuthGuard));
      },
    },
  );

/** The warning that only Nest 11 calls for. */
const warningOf = (gateway: common.Type): unknown[] =>
  IS_NEST_11
    ? [
        expect.stringMatching(
          new RegExp(
            `^${gateway.name}\\.unmarked.*: On Nest 11 APP_GUARD does not reach gateways, so anyone can call it\\. ` +
              'Put @UseGuards\\(HankoAuthGuard\\) on it',
          ),
        ),
      ]
    : [];

describe.each(LIBRARIES)('gateways over %s', (library) => {
  it('are closed by APP_GUARD on Nest 12, and on Nest 11 named in a warning', async () => {
    await using app = await start(library, NotesGateway);
    await using nobody = await connect(library, app.url);
    await using somebody = await connect(library, app.url, { headers: bearer(token) });

    expect(await nobody.ask('unmarked')).toMatchObject(
      IS_NEST_11
        ? { event: 'reply' }
        : { event: 'exception', data: { code: 'credentials_missing' } },
    );
    expect(await somebody.ask('unmarked')).toEqual({ event: 'reply', data: 'unmarked' });
    expect(await nobody.ask('public')).toEqual({ event: 'reply', data: 'public' });
    expect(unprotected(app.log)).toEqual(warningOf(NotesGateway));
  });

  it.each([
    { what: '@UseGuards(HankoAuthGuard)', gateway: GuardedGateway },
    { what: '@RequireAuth()', gateway: RequiredGateway },
    { what: 'a guard on a handler', gateway: HandlerGuardedGateway },
  ])('are closed by $what without APP_GUARD', async ({ gateway }) => {
    await using app = await start(library, gateway, []);
    await using nobody = await connect(library, app.url);
    await using somebody = await connect(library, app.url, { headers: bearer(token) });

    expect(await nobody.ask('unmarked')).toMatchObject({ event: 'exception' });
    expect(ran).toEqual([]);
    expect(await somebody.ask('unmarked')).toEqual({ event: 'reply', data: 'unmarked' });
    expect(await nobody.ask('public')).toEqual({ event: 'reply', data: 'public' });
  });

  it('are open to everyone if the whole class is @Public()', async () => {
    await using app = await start(library, PublicGateway);
    await using client = await connect(library, app.url, { headers: bearer('garbage') });

    expect(await client.ask('unmarked')).toEqual({ event: 'reply', data: 'unmarked' });
    expect(unprotected(app.log)).toEqual([]);
  });

  it('that are made for each message are guarded as well', async () => {
    @WebSocketGateway()
    @UseGuards(HankoAuthGuard)
    @Injectable({ scope: Scope.REQUEST })
    class ScopedGateway {
      constructor(@common.Inject(REQUEST) readonly client: object) {}

      @SubscribeMessage('who')
      who(@CurrentUser('id') id: string): unknown {
        return { event: 'reply', data: id };
      }
    }
    await using app = await start(library, ScopedGateway, []);
    await using nobody = await connect(library, app.url);
    await using somebody = await connect(library, app.url, { headers: bearer(token) });

    expect(await somebody.ask('who')).toEqual({ event: 'reply', data: userId });
    expect(await nobody.ask('who')).toMatchObject({ data: { code: 'credentials_missing' } });
    expect(await somebody.ask('who')).toEqual({ event: 'reply', data: userId });
  });
});

describe('gateways which nothing of ours guards on Nest 11', () => {
  it.each([
    { what: 'another guard protects', gateway: ForeignGuardGateway, isBoundInMain: false },
    { what: 'main.ts binds the guard to', gateway: NotesGateway, isBoundInMain: true },
  ])('are named: $what', async ({ gateway, isBoundInMain }) => {
    const providers = isBoundInMain ? [] : [APP_GUARD_PROVIDER];
    await using app = await start('ws', gateway, providers, isBoundInMain);

    expect(unprotected(app.log)).toEqual(warningOf(gateway));
  });

  it.each([GuardedGateway, SubclassGuardedGateway, RequiredGateway, PublicGateway])(
    'are not those that guard themselves, or are meant to be open: %o',
    async (gateway) => {
      await using app = await start('ws', gateway);

      expect(unprotected(app.log)).toEqual([]);
    },
  );
});

describe.each(PLATFORMS)('an app on %s without any guard', (platform) => {
  it('has its gateways named', async () => {
    await using app = await startApp(
      platform,
      { imports: [hankoModule()], providers: [NotesGateway] },
      { configure: useLibrary('ws') },
    );

    expect(unprotected(app.log)).toEqual([
      expect.stringMatching(/^No HankoAuthGuard runs for \d of \d handlers: NotesGateway\./),
    ]);
  });
});
