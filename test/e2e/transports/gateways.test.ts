import type { IncomingMessage } from 'node:http';
import * as common from '@nestjs/common';
import { Injectable, UseGuards } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  MessageBody,
  type OnGatewayConnection,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoAuthService,
  type HankoUser,
  isHankoError,
  Public,
  RequireAuth,
  SessionToken,
} from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import '../../support/to-be-refused.js';
import { bearer, cookie, PLATFORMS, startApp } from '../../support/app.js';
import {
  useMessageHanko,
  IS_NEST_11,
  run,
  ran,
  unprotected,
  refusedHandlers,
  userId,
  token,
  hankoModule,
  APP_GUARD_PROVIDER,
} from '../../support/message-app.js';

useMessageHanko();

describe.each(PLATFORMS)('on %s', (platform) => {
  describe('gateways', () => {
    @WebSocketGateway()
    class NotesGateway {
      @SubscribeMessage('unmarked')
      unmarked(): unknown {
        return { event: 'reply', data: run('unmarked') };
      }

      @Public()
      @SubscribeMessage('public')
      open(@MessageBody() data: unknown): unknown {
        return { event: 'reply', data: run('public', data) };
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

    @WebSocketGateway()
    @UseGuards(LetThroughGuard)
    class ForeignGuardGateway extends NotesGateway {}

    @WebSocketGateway()
    class HandlerGuardedGateway {
      @UseGuards(HankoAuthGuard)
      @SubscribeMessage('unmarked')
      unmarked(): unknown {
        return { event: 'reply', data: run('unmarked') };
      }

      @RequireAuth()
      @SubscribeMessage('required')
      required(): unknown {
        return { event: 'reply', data: run('required') };
      }

      @Public()
      @SubscribeMessage('public')
      open(@MessageBody() data: unknown): unknown {
        return { event: 'reply', data: run('public', data) };
      }
    }

    @WebSocketGateway()
    class ParameterGateway {
      @SubscribeMessage('user')
      user(@CurrentUser() user: HankoUser): unknown {
        return { event: 'reply', data: run('user', user) };
      }

      @SubscribeMessage('token')
      token(@SessionToken() sessionToken: string): unknown {
        return { event: 'reply', data: run('token', sessionToken) };
      }

      @Public()
      @SubscribeMessage('public')
      open(@CurrentUser() user: HankoUser | null): unknown {
        return { event: 'reply', data: run('public', user) };
      }
    }

    const start = (gateway: common.Type, providers: object[] = [APP_GUARD_PROVIDER]) =>
      startApp(
        platform,
        { imports: [hankoModule()], providers: [gateway, ...(providers as [])] },
        { configure: (nest) => nest.useWebSocketAdapter(new WsAdapter(nest)) },
      );

    /** Sends messages, then a public one, and waits for its reply: by then all have been dealt with. */
    const sendAll = async (url: string, events: readonly string[]): Promise<unknown[]> => {
      const socket = new WebSocket(url.replace('http', 'ws'));
      const received: unknown[] = [];
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      await new Promise((resolve, reject) => {
        socket.once('close', reject).on('message', (data: Buffer) => {
          const message = JSON.parse(data.toString()) as { event: string; data: unknown };
          received.push(message);
          if (message.event === 'reply' && message.data !== 'unmarked') resolve(undefined);
        });
        for (const event of events) socket.send(JSON.stringify({ event, data: { n: 1 } }));
        socket.send(JSON.stringify({ event: 'public', data: 'last' }));
      });
      socket.removeAllListeners('close').terminate();
      return received;
    };

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

    it('are refused under APP_GUARD on Nest 12, and on Nest 11 named in a warning', async () => {
      await using app = await start(NotesGateway);
      const received = await sendAll(app.url, ['unmarked', 'unmarked']);

      expect(ran).toEqual(IS_NEST_11 ? ['unmarked', 'unmarked', 'public'] : ['public']);
      expect(received).toContainEqual({ event: 'reply', data: 'last' });
      expect(unprotected(app.log)).toEqual(warningOf(NotesGateway));
      expect(refusedHandlers(app.log.messages('error'))).toEqual(
        IS_NEST_11 ? [] : ['NotesGateway.unmarked ws'],
      );
    });

    it('which only another guard protects are named too', async () => {
      await using app = await start(ForeignGuardGateway);

      expect(unprotected(app.log)).toEqual(warningOf(ForeignGuardGateway));
    });

    it('are named also if the guard is bound in main.ts', async () => {
      await using app = await startApp(
        platform,
        { imports: [hankoModule()], providers: [NotesGateway] },
        {
          configure: (nest) => {
            nest.useWebSocketAdapter(new WsAdapter(nest));
            nest.useGlobalGuards(nest.get(HankoAuthGuard));
          },
        },
      );

      expect(unprotected(app.log)).toEqual(warningOf(NotesGateway));
    });

    it.each([
      { what: 'guarded', gateway: GuardedGateway },
      { what: 'guarded by a subclass', gateway: SubclassGuardedGateway },
      { what: 'marked @RequireAuth()', gateway: RequiredGateway },
      { what: 'meant to be open, by @Public()', gateway: PublicGateway },
    ])('that are $what cause no warning', async ({ gateway }) => {
      await using app = await start(gateway);

      expect(unprotected(app.log)).toEqual([]);
    });

    it('are named where no guard was bound at all', async () => {
      await using app = await start(NotesGateway, []);

      expect(unprotected(app.log)).toEqual([
        expect.stringMatching(/^No HankoAuthGuard runs for \d of \d handlers: NotesGateway\./),
      ]);
    });

    it('are open to everyone if the whole class is @Public()', async () => {
      await using app = await start(PublicGateway);
      await sendAll(app.url, ['unmarked']);

      expect(ran).toEqual(['unmarked', 'public']);
    });

    it.each([
      { what: '@UseGuards(HankoAuthGuard)', gateway: GuardedGateway },
      { what: '@RequireAuth()', gateway: RequiredGateway },
      { what: 'both on their handlers', gateway: HandlerGuardedGateway },
    ])('are closed by $what, with one line per handler', async ({ gateway }) => {
      await using app = await start(gateway, []);
      await sendAll(app.url, ['unmarked', 'unmarked', 'unmarked', 'required']);

      expect(ran).toEqual(['public']);
      expect(refusedHandlers(app.log.messages('error'))).toContain(`${gateway.name}.unmarked ws`);
      expect(new Set(app.log.messages('error')).size).toBe(app.log.messages('error').length);
    });

    it('are refused by @CurrentUser() and @SessionToken() where no guard is', async () => {
      await using app = await start(ParameterGateway, []);
      await sendAll(app.url, ['user', 'token']);

      expect(ran).toEqual(['public']);
      expect(refusedHandlers(app.log.messages('error', 'HankoAuth'))).toEqual([
        'ParameterGateway.user ws',
        'ParameterGateway.token ws',
      ]);
    });
  });

  describe('connections to a gateway', () => {
    /** What `authenticate(request)` said, in `handleConnection`. */
    const outcomeOf = async (headers: Record<string, string>): Promise<unknown> => {
      let done: (outcome: unknown) => void;
      const outcome = new Promise((resolve) => {
        done = resolve;
      });
      @WebSocketGateway()
      class ConnectionGateway implements OnGatewayConnection {
        constructor(@common.Inject(HankoAuthService) private readonly auth: HankoAuthService) {}

        async handleConnection(client: WebSocket, request: IncomingMessage): Promise<void> {
          try {
            done((await this.auth.authenticate(request)).id);
          } catch (error) {
            done(isHankoError(error) ? error.code : error);
          }
          client.terminate();
        }
      }
      await using app = await startApp(
        platform,
        { imports: [hankoModule()], providers: [ConnectionGateway] },
        { configure: (nest) => nest.useWebSocketAdapter(new WsAdapter(nest)) },
      );
      const socket = new WebSocket(app.url.replace('http', 'ws'), { headers });
      socket.on('error', () => undefined);
      return await outcome;
    };

    it('are authenticated by header and by cookie', async () => {
      expect(await outcomeOf(bearer(token))).toBe(userId);
      expect(await outcomeOf(cookie(token))).toBe(userId);
      expect(await outcomeOf({})).toBe('credentials_missing');
      expect(await outcomeOf(bearer('garbage'))).toBe('token_malformed');
    });

    it('with a cookie from a foreign site are refused: a page can open sockets anywhere', async () => {
      const foreign = { Origin: 'https://evil.test' };

      expect(await outcomeOf({ ...cookie(token), ...foreign })).toBe('cross_site_request');
      expect(await outcomeOf({ ...cookie(token), 'Sec-Fetch-Site': 'cross-site' })).toBe(
        'cross_site_request',
      );
      expect(await outcomeOf({ ...bearer(token), ...foreign })).toBe(userId);
    });
  });
});

@Injectable()
class LetThroughGuard {
  canActivate(): boolean {
    return true;
  }
}
