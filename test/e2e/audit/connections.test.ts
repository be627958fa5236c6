import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WebSocketGateway } from '@nestjs/websockets';
import { FakeHanko } from 'fake-hanko';
import { HankoModule, hankoSockets, OptionalAuth, Public, RequireAuth } from 'nestjs-hanko';
import { describeRoutes, expectNoOpenRoutes } from 'nestjs-hanko/testing';
import { describe, expect, it } from 'vitest';
import { type RunningApp, startApp } from '../../support/app.js';
import { CapturedLog } from '../../support/log.js';
import { accessOf, routesOf } from '../../support/routes.js';

@WebSocketGateway()
class RootGateway {}

@Public()
@WebSocketGateway({ namespace: 'news' })
class NewsGateway {}

@OptionalAuth()
@WebSocketGateway({ namespace: /^\/team-\d+$/ })
class TeamGateway {}

@RequireAuth({ mfa: true })
@WebSocketGateway({ namespace: 'admin' })
class AdminGateway {}

@RequireAuth({ mfa: true, maxAgeSeconds: 300 })
@WebSocketGateway({ namespace: '/admin' })
class StricterGateway {}

@RequireAuth()
@WebSocketGateway({ namespace: 'news', connectionStateRecovery: {} })
class PressGateway {}

/** Makes by itself what Nest then does not connect. */
const NOT_CONNECTED = { provide: 'mine', useFactory: () => new NewsGateway() };

const hankoModule = () =>
  HankoModule.forRoot({ apiUrl: 'https://hanko.test', audience: 'localhost', logRoutes: true });

const withLine = (app: INestApplication): unknown =>
  app.useWebSocketAdapter(hankoSockets(app, new IoAdapter(app)));

const start = (
  gateways: readonly (Type | typeof NOT_CONNECTED)[],
  configure?: (app: INestApplication) => unknown,
): Promise<RunningApp> =>
  startApp(
    'Express',
    { imports: [hankoModule()], providers: [...gateways] },
    configure && { configure },
  );

const warningsOf = ({ log }: RunningApp): string[] => log.messages('warn', 'HankoRoutes');

const messageOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
};

describe('connections to gateways', () => {
  it('are open without hankoSockets(), and a warning names them', async () => {
    await using app = await start([RootGateway, NewsGateway, TeamGateway]);

    expect(accessOf(app.app)).toEqual({
      'CONNECT /': 'unguarded',
      'CONNECT /news': 'public',
      'CONNECT /^\\/team-\\d+$/': 'unguarded',
    });
    expect(warningsOf(app)).toEqual([
      expect.stringMatching(
        /^RootGateway, TeamGateway: Anyone can connect, .* app\.useWebSocketAdapter\(hankoSockets\(app, new IoAdapter\(app\)\)\)/,
      ),
    ]);
    expect(messageOf(() => expectNoOpenRoutes(app.app, { except: ['NewsGateway'] }))).toMatch(
      /^2 routes are open:\n {2}CONNECT \/ \(RootGateway\): nothing asks who connects\.\n {4}Anyone can connect/,
    );
  });

  it('are as the marks of their classes say with it', async () => {
    await using app = await start([RootGateway, NewsGateway, TeamGateway, AdminGateway], withLine);

    expect(accessOf(app.app)).toEqual({
      'CONNECT /': 'required',
      'CONNECT /news': 'public',
      'CONNECT /^\\/team-\\d+$/': 'optional',
      'CONNECT /admin': 'required',
    });
    expect(routesOf(app.app).get('CONNECT /admin')).toEqual({
      kind: 'gateway',
      route: 'CONNECT /admin',
      handler: 'AdminGateway',
      access: 'required',
      demands: { mfa: true },
      otherGuards: [],
      problems: [],
      notes: [],
    });
    expect(warningsOf(app)).toEqual([]);
    expect(app.log.messages('log', 'HankoRoutes').join('\n')).toMatch(
      /^required {3}CONNECT \/admin +AdminGateway \(mfa\)$/m,
    );
    expectNoOpenRoutes(app.app, { except: ['NewsGateway', 'CONNECT /^\\/team-\\d+$/'] });
  });

  it('are as the most lenient says of those that share a namespace, and a warning names it', async () => {
    await using app = await start(
      [NewsGateway, PressGateway, AdminGateway, StricterGateway],
      withLine,
    );

    expect(
      describeRoutes(app.app).map(({ handler, access, demands }) => ({ handler, access, demands })),
    ).toEqual([
      { handler: 'NewsGateway', access: 'public', demands: {} },
      { handler: 'PressGateway', access: 'public', demands: {} },
      { handler: 'AdminGateway', access: 'required', demands: { mfa: true } },
      { handler: 'StricterGateway', access: 'required', demands: {} },
    ]);
    expect(warningsOf(app)).toEqual([
      expect.stringMatching(/^PressGateway: Whoever NewsGateway lets in can connect to it/),
      expect.stringMatching(/^StricterGateway: Whoever AdminGateway lets in can connect to it/),
    ]);
  });

  it('are not what a provider is called that Nest does not connect', async () => {
    await using app = await start([PressGateway, NOT_CONNECTED], withLine);

    expect(accessOf(app.app)).toEqual({ 'CONNECT /news': 'required' });
  });

  it('come back unasked by connectionStateRecovery, says a warning where hankoSockets() is missing', async () => {
    await using app = await start([PressGateway]);

    expect(warningsOf(app)).toEqual([
      expect.stringMatching(/^PressGateway: Anyone can connect/),
      expect.stringMatching(/^PressGateway: connectionStateRecovery gives a lost connection back/),
    ]);
  });

  it('are none in a process that serves nothing', async () => {
    const log = new CapturedLog();
    class WorkerModule {}
    const worker = await NestFactory.createApplicationContext(
      { module: WorkerModule, imports: [hankoModule()], providers: [RootGateway] },
      { logger: log },
    );
    await worker.close();

    expect(log.messages('warn', 'HankoRoutes')).toEqual([]);
  });
});

describe('a gateway that demands what needs the address of Hanko', () => {
  @RequireAuth({ session: 'online' })
  @WebSocketGateway()
  class OnlineGateway {}

  it('stops an app without one, though it has no handler', async () => {
    await using hanko = await FakeHanko.start();
    await expect(
      startApp('Express', {
        imports: [HankoModule.forRoot({ audience: 'localhost', jwks: hanko.jwks() })],
        providers: [OnlineGateway],
      }),
    ).rejects.toThrow(/OnlineGateway.*apiUrl/s);
  });
});
