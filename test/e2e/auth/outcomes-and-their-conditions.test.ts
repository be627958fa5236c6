import type { IncomingMessage } from 'node:http';
import {
  Controller,
  Delete,
  Get,
  Inject,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestMiddleware,
  type Type,
} from '@nestjs/common';
import { FakeHanko } from 'fake-hanko';
import {
  CurrentUser,
  HANKO_CHANNELS,
  type HankoAuthenticateOptions,
  HankoAuthService,
  HankoModule,
  isHankoError,
  OptionalAuth,
  RequireAuth,
} from 'nestjs-hanko';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import '../../support/to-be-refused.js';
import {
  bearer,
  cookie,
  FakeClock,
  PLATFORMS,
  recordChannel,
  type RunningApp,
  startApp,
} from '../../support/app.js';

interface NodeRequest extends IncomingMessage {
  user?: unknown;
}

/** What the early middleware of a test does; and what it saw. */
let early: (auth: HankoAuthService, request: NodeRequest) => Promise<unknown>;
let seen: unknown[] = [];
/** The last request, as Node made it. */
let lastRequest: NodeRequest | undefined;
let lastAuth: HankoAuthService | undefined;

@Injectable()
class EarlyMiddleware implements NestMiddleware {
  constructor(@Inject(HankoAuthService) private readonly auth: HankoAuthService) {}

  async use(request: NodeRequest, _response: unknown, next: () => void): Promise<void> {
    lastRequest = request;
    lastAuth = this.auth;
    seen.push(await early(this.auth, request).catch((error: unknown) => codeOf(error)));
    next();
  }
}

const codeOf = (error: unknown): unknown => (isHankoError(error) ? error.code : error);

@Controller()
class NotesController {
  @RequireAuth()
  @Get('notes')
  list(@CurrentUser('id') id: string): string {
    return id;
  }

  @RequireAuth()
  @Delete('notes')
  remove(@CurrentUser('id') id: string): string {
    return id;
  }

  @RequireAuth({ session: 'online' })
  @Get('online')
  online(): string {
    return 'in';
  }

  @RequireAuth({ mfa: true })
  @Get('mfa')
  mfa(): string {
    return 'in';
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser('id') id: string | null): string {
    return id ?? 'nobody';
  }
}

let hanko: FakeHanko;
let ada: { id: string; token: string };
let bob: { id: string; token: string };

beforeAll(async () => {
  hanko = await FakeHanko.start();
  const [adaId, bobId] = [hanko.createUser().id, hanko.createUser().id];
  ada = { id: adaId, token: await hanko.token({ user: adaId }) };
  bob = { id: bobId, token: await hanko.token({ user: bobId }) };
});
afterAll(() => hanko.stop());
beforeEach(() => {
  seen = [];
});

describe.each(PLATFORMS)('on %s, what was found out early', (platform) => {
  const clock = new FakeClock();
  let app: RunningApp;
  beforeAll(async () => {
    @Module({ controllers: [NotesController] })
    class NotesModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer.apply(EarlyMiddleware as Type<NestMiddleware>).forRoutes('*path');
      }
    }
    app = await startApp(platform, {
      imports: [
        HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', now: clock.now }),
        NotesModule,
      ],
    });
    // With Hanko's keys.
    early = async () => undefined;
    await app.get('/notes', bearer(ada.token));
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const authenticate =
    (options: HankoAuthenticateOptions = {}) =>
    (auth: HankoAuthService, request: NodeRequest): Promise<unknown> =>
      auth.authenticate(request, options);

  it('is not asked again for the same credential: one verification, one message', async () => {
    using authentications = recordChannel(HANKO_CHANNELS.authentication);
    early = authenticate();

    expect((await app.get('/notes', bearer(ada.token))).text).toBe(ada.id);
    expect(authentications.messages).toHaveLength(1);
  });

  it('does not hold for a credential that middleware swapped since', async () => {
    early = async (auth, request) => {
      const user = await auth.authenticate(request);
      request.headers.authorization = `Bearer ${bob.token}`;
      return user.id;
    };

    expect((await app.get('/notes', bearer(ada.token))).text).toBe(bob.id);
    expect(seen).toEqual([ada.id]);
  });

  it('does not hold for a credential that middleware removed since', async () => {
    early = async (auth, request) => {
      await auth.authenticate(request);
      delete request.headers.authorization;
      delete request.headers.cookie;
    };

    expect(await app.get('/notes', bearer(ada.token))).toBeRefused('credentials_missing');
    expect(await app.get('/notes', cookie(ada.token))).toBeRefused('credentials_missing');
    expect((await app.get('/optional', cookie(ada.token))).text).toBe('nobody');
  });

  it('of a safe method does not hold for the unsafe one that it is overridden by', async () => {
    early = async (auth, request) => {
      const { method } = request;
      request.method = 'GET';
      const user = await auth.authenticate(request);
      request.method = method;
      return user.id;
    };
    const foreign = { ...cookie(ada.token), 'Sec-Fetch-Site': 'cross-site' };

    expect(await app.request('DELETE', '/notes', foreign)).toBeRefused('cross_site_request');
    expect(seen).toEqual([ada.id]);
    expect((await app.request('DELETE', '/notes', cookie(ada.token))).text).toBe(ada.id);
    expect((await app.request('DELETE', '/notes', bearer(ada.token))).text).toBe(ada.id);
  });

  it('of a request does not hold for the same one as a handshake', async () => {
    early = async (auth, request) => [
      (await auth.authenticate(request)).id,
      await auth.authenticate(request, { isHandshake: true }).catch(codeOf),
    ];
    const foreign = { Origin: 'https://evil.test', ...cookie(ada.token) };
    await app.get('/notes', foreign);
    await app.get('/notes', cookie(ada.token));
    await app.get('/notes', bearer(ada.token));

    expect(seen).toEqual([
      [ada.id, 'cross_site_request'],
      [ada.id, expect.objectContaining({ id: ada.id })],
      [ada.id, expect.objectContaining({ id: ada.id })],
    ]);
  });

  it('of a handshake does not hold later: its session may have ended', async () => {
    early = async () => undefined;
    const token = await hanko.token({ user: ada.id });
    for (const headers of [{ ...bearer(token), Upgrade: 'websocket' }, bearer(token)]) {
      await app.get('/optional', headers);
      const options = 'Upgrade' in headers ? {} : { isHandshake: true };
      const ask = () => lastAuth?.authenticate(lastRequest as never, options).catch(codeOf);

      expect(await ask()).toMatchObject({ id: ada.id });
      clock.advanceSeconds(13 * 3600);
      expect(await ask()).toBe('token_expired');
      clock.advanceSeconds(-13 * 3600);
    }
  });

  it('is taken back from request.user when a stricter demand refuses', async () => {
    early = async (auth, request) => {
      await auth.authenticate(request);
      return (request.user as { id: string }).id;
    };
    expect((await app.get('/mfa', bearer(ada.token))).status).toBe(401);
    expect(seen).toEqual([ada.id]);
    expect(lastRequest).not.toHaveProperty('user');
  });

  it('is taken back from request.user when a stricter policy refuses; what stood there before returns', async () => {
    early = async (auth, request) => {
      request.user = 'guest';
      await auth.authenticate(request);
      return (request.user as { id: string }).id;
    };
    await hanko.fault('down');
    const answer = await app.get('/online', bearer(ada.token));
    await hanko.recover();

    expect(answer).toBeRefused('hanko_unavailable');
    expect(seen).toEqual([ada.id]);
    expect(lastRequest?.user).toBe('guest');
  });

  it('is taken back from request.user where the caller counts as nobody now', async () => {
    early = async (auth, request) => {
      await auth.authenticate(request);
      request.headers.cookie = 'hanko=garbage';
    };
    expect((await app.get('/optional', cookie(ada.token))).text).toBe('nobody');
    expect(lastRequest).not.toHaveProperty('user');
  });
});
