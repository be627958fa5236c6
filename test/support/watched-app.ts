import { randomUUID } from 'node:crypto';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { FakeHanko } from 'fake-hanko';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoLiveSessions,
  type HankoModuleOptions,
  HankoRevocation,
  HankoUser,
  OptionalAuth,
  Public,
  RequireAuth,
} from 'nestjs-hanko';
import { bearer, cookie, type Platform } from './app.js';
import { type ReceiverApp, startReceiver } from './webhooks.js';

@Controller('watched')
class WatchedController {
  @Get('closed')
  closed(@CurrentUser('id') id: string): string {
    return id;
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser() user: HankoUser | null): string {
    return user === null ? 'nobody' : 'somebody';
  }

  @Public()
  @Get('open')
  open(): string {
    return 'open';
  }

  @RequireAuth({ mfa: true })
  @Get('mfa')
  mfa(): string {
    return 'strong';
  }

  @RequireAuth({ session: 'online' })
  @Get('online')
  online(): string {
    return 'alive';
  }
}

/** An app in which everything happens that is worth watching. */
export const startWatched = (
  platform: Platform,
  hanko: FakeHanko,
  options: HankoModuleOptions,
  configure: (app: INestApplication) => unknown = () => undefined,
): Promise<ReceiverApp> =>
  startReceiver(platform, {
    hanko,
    options,
    configure,
    controllers: [WatchedController],
    providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }],
  });

/** Something of each kind, once; what was used must appear nowhere. @returns the secrets and the ids of people. */
export async function doEverything(app: ReceiverApp, hanko: FakeHanko): Promise<string[]> {
  const email = `${randomUUID()}@example.test`;
  const user = hanko.createUser({ email });
  const token = await hanko.token({ user: user.id, amr: ['pwd'] });
  const ended = await hanko.token({ user: user.id });
  await app.get('/watched/closed', bearer(token));
  await app.get('/watched/closed', bearer(token));
  await app.get('/watched/closed', cookie(token));
  await app.get('/watched/closed');
  await app.get('/watched/closed', bearer('garbage'));
  await app.get('/watched/open', bearer('garbage'));
  await app.get('/watched/optional');
  await app.get('/watched/optional', cookie('rotten'));
  await app.get('/watched/mfa', bearer(token));
  await app.get('/watched/online', bearer(token));
  await app.get('/watched/online', bearer(ended));
  hanko.revoke(ended);
  await app.get('/watched/online', bearer(ended));
  await hanko.fault('error');
  await app.get('/watched/online', bearer(token));
  await app.get('/watched/closed', bearer(await hanko.forgedToken('unknown-kid')));
  await hanko.recover();

  const live = app.app.get(HankoLiveSessions);
  const revocation = app.app.get(HankoRevocation);
  const stays = await hanko.token();
  const goes = await hanko.token();
  for (const each of [stays, goes]) live.signal(userIn(each), () => undefined);
  await revocation.revoke(userIn(goes).sessionId);

  await app.deliver('user.create', { id: user.id });
  await app.post({ event: 'user.create', token: 'garbage' });

  return [token, ended, stays, goes]
    .flatMap((each) => [each, ...Object.values(userIn(each))])
    .filter((value) => typeof value === 'string')
    .concat(email, '127.0.0.1');
}

function userIn(token: string): HankoUser {
  const [, payload = ''] = token.split('.');
  return new HankoUser(JSON.parse(Buffer.from(payload, 'base64url').toString()) as never);
}
