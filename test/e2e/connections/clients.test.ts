import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UseGuards } from '@nestjs/common';
import { type OnGatewayConnection, WebSocketGateway } from '@nestjs/websockets';
import {
  type GatewayClient,
  HankoAuthGuard,
  HankoAuthService,
  HankoModule,
  RequireAuth,
} from 'nestjs-hanko';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startApp } from '../../support/app.js';
import { sessionIdIn } from '../../support/claims-in.js';
import { closeLibrary } from '../../support/closed-gateways.js';
import { LIBRARIES, type Library } from '../../support/gateways.js';
import {
  clock,
  type Ending,
  ENDINGS,
  eventually,
  hanko,
  liveOptions,
  useLiveApp,
  useLiveHanko,
} from '../../support/live-streams.js';
import type { Login } from '../../support/recipes/login.js';
import * as overSocketIo from '../../support/recipes/reconnecting-socket-io.js';
import * as overWs from '../../support/recipes/reconnecting-ws.js';

/** The sessions that were let in, in their order. */
const connected: string[] = [];

abstract class Connections implements OnGatewayConnection {
  constructor(private readonly service: HankoAuthService) {}

  async handleConnection(client: GatewayClient): Promise<void> {
    connected.push((await this.service.authenticate(client)).sessionId);
  }
}

const at = (library: Library, path: string): { path: string } | { namespace: string } =>
  library === 'ws' ? { path } : { namespace: path };

function gatewaysFor(library: Library): readonly (typeof Connections)[] {
  @UseGuards(HankoAuthGuard)
  @WebSocketGateway(at(library, '/plain'))
  class Plain extends Connections {}

  @RequireAuth({ session: { refreshSeconds: 30 } })
  @WebSocketGateway(at(library, '/asked'))
  class Asked extends Connections {}

  for (const gateway of [Plain, Asked]) {
    Reflect.defineMetadata('design:paramtypes', [HankoAuthService], gateway);
  }
  return [Plain, Asked];
}

/** That of `ws` ends the process where a browser's tells its listeners. */
class BrowserSocket extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols);
    this.on('error', () => undefined);
  }
}

/** The login of a page, and how often it was asked. */
class Page implements Login {
  attempts = 0;
  shown = 0;
  isThere = true;
  /** Signs in, in another tab. */
  signIn: (() => Promise<string>) | undefined;

  constructor(public session: string) {}

  readonly token = (): string => {
    this.attempts += 1;
    return this.session;
  };

  readonly sessionId = async (): Promise<string | null> => {
    if (this.signIn !== undefined) this.session = await this.signIn();
    return this.isThere ? sessionIdIn(this.session) : null;
  };

  readonly show = (): void => void (this.shown += 1);
}

const read = (file: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../${file}`, import.meta.url)), 'utf8');

useLiveHanko();

beforeAll(() => {
  vi.stubGlobal('WebSocket', BrowserSocket);
});
beforeEach(() => {
  // How long a page waits is by chance: not for long. Not while an app starts: Nest tells its modules apart by chance, too.
  vi.spyOn(Math, 'random').mockReturnValue(0.01);
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => {
  vi.unstubAllGlobals();
});

describe.each(LIBRARIES)('a page with the documented client of %s', (library) => {
  const app = useLiveApp(() =>
    startApp(
      'Express',
      {
        imports: [HankoModule.forRoot(liveOptions())],
        providers: gatewaysFor(library) as never,
      },
      { configure: closeLibrary(library) },
    ),
  );
  afterEach(() => {
    connected.length = 0;
  });

  const keepConnected = (page: Page, isAsked: boolean): Disposable => {
    const url = `${app.url}${isAsked ? '/asked' : '/plain'}`;
    const { close } =
      library === 'ws'
        ? overWs.keepConnected(url.replace('http', 'ws'), page, () => undefined)
        : overSocketIo.keepConnected(url, page);
    return { [Symbol.dispose]: close };
  };

  const expectConnected = (token: string): Promise<unknown> =>
    eventually(() => expect(connected).toEqual([sessionIdIn(token)]));

  const isOver = ({ code }: Ending): boolean => code !== 'hanko_unavailable';

  it.each(ENDINGS.filter((ending) => !isOver(ending)))(
    'whose session $title tries again until somebody can say, with the session that it has',
    async ({ end }) => {
      const page = new Page(await hanko.token({ lifespanSeconds: 7 * 24 * 3600 }));
      using _ = keepConnected(page, true);
      await expectConnected(page.session);
      await end(app.app, page.session, () => page.attempts > 1);
      await hanko.recover();
      await eventually(() => {
        clock.advanceSeconds(1); // after a failure Hanko is not asked for some seconds
        expect(connected).toEqual([page.session, page.session].map(sessionIdIn));
      });
      expect(page.shown).toBe(0);
    },
  );

  describe.each(ENDINGS.filter(isOver))('whose session $title', ({ isAsked = false, end }) => {
    it('goes on with a new login', async () => {
      const user = hanko.createUser();
      const first = await hanko.token({ user });
      const page = new Page(first);
      using _ = keepConnected(page, isAsked);
      await expectConnected(first);
      page.signIn = () => hanko.token({ user });
      await end(app.app, first, () => page.attempts > 1);
      await eventually(() => expect(connected).toEqual([first, page.session].map(sessionIdIn)));
      expect(page.session).not.toBe(first);
      expect([page.attempts, page.shown]).toEqual([2, 0]);
    });

    it.each([
      ['there is none', false],
      ['it is still taken for one', true],
    ])('shows the login, once, and tries no more where %s', async (_title, isThere) => {
      const page = new Page(await hanko.token());
      using _ = keepConnected(page, isAsked);
      await expectConnected(page.session);
      page.isThere = isThere;
      await end(app.app, page.session, () => page.shown > 0);
      await eventually(() => expect(page.shown).toBe(1));
      expect(page.attempts).toBe(1);
    });
  });
});

describe('the documentation', () => {
  it.each(['login', 'reconnecting-ws', 'reconnecting-socket-io', 'telling-store'])(
    'shows the very recipe that is tested: %s',
    (recipe) => {
      const [code = ''] = /^(?:export|\/\*\*) [^]*$/m.exec(
        read(`test/support/recipes/${recipe}.ts`),
      ) ?? [''];
      expect(code.length).toBeGreaterThan(100);
      expect(read('docs/connections.md')).toContain(code);
    },
  );
});
