import { UseGuards } from '@nestjs/common';
import { type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { FakeHanko } from 'fake-hanko';
import {
  CurrentUser,
  HankoAuthGuard,
  HankoLiveSessions,
  HankoRevocation,
  hankoSockets,
  OptionalAuth,
  Public,
  RequireAuth,
} from 'nestjs-hanko';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, cookie, FakeClock, type RunningApp, startApp } from '../../support/app.js';
import { startClosed, tryToConnect } from '../../support/closed-gateways.js';
import { connect, type Frame, LIBRARIES, type Opening, SERVERS } from '../../support/gateways.js';

let clock: FakeClock;
let hanko: FakeHanko;
let userId: string;
let token: string;

beforeAll(async () => {
  clock = new FakeClock();
  hanko = await FakeHanko.start({ now: clock.now });
  userId = hanko.createUser().id;
  token = await hanko.token({ user: userId });
});
afterAll(() => hanko.stop());

const FOREIGN = { Origin: 'https://evil.test' };

/** How often `handleConnection()` ran. */
let connections = 0;

@WebSocketGateway()
class CountingGateway implements OnGatewayConnection {
  handleConnection(): void {
    connections += 1;
  }

  @SubscribeMessage('who')
  @UseGuards(HankoAuthGuard)
  who(@CurrentUser('id') id: string): Frame {
    return { event: 'reply', data: id };
  }
}

describe.each(SERVERS)('who connects to $library on $platform', ({ library, platform }) => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startClosed(library, hanko, [CountingGateway], {
      platform,
      options: { now: clock.now, trustedOrigins: ['https://app.test'] },
    });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const answerTo = (opening: Opening = {}) => tryToConnect(library, app.url, opening);
  const carried = (text: string): Opening =>
    library === 'ws' ? { protocols: ['hanko', `bearer.${text}`] } : { auth: { token: text } };

  it('has a valid token, in each place that is for one', async () => {
    const before = connections;
    for (const opening of [
      { headers: bearer(token) },
      { headers: cookie(token) },
      carried(token),
    ]) {
      await using client = await connect(library, app.url, opening);
      expect(await client.ask('who')).toEqual({ event: 'reply', data: userId });
    }
    expect(connections - before).toBe(3);
  });

  it('is refused otherwise, before handleConnection()', async () => {
    const before = connections;
    const host = new URL(app.url).host;
    const refusals: readonly [Opening, number, string][] = [
      [{}, 401, 'credentials_missing'],
      [{ headers: bearer('garbage') }, 401, 'token_malformed'],
      [carried('garbage'), 401, 'token_malformed'],
      [
        { headers: cookie(await hanko.forgedToken('other-key-same-kid')) },
        401,
        'token_signature_invalid',
      ],
      [{ ...carried(token), headers: bearer(await hanko.token()) }, 400, 'credentials_ambiguous'],
      // A page of another site, however it hides.
      [{ headers: { ...cookie(token), ...FOREIGN } }, 403, 'cross_site_request'],
      [{ headers: { ...cookie(token), Origin: 'null' } }, 403, 'cross_site_request'],
      [
        { headers: { ...cookie(token), Origin: `https://${host}.evil.test` } },
        403,
        'cross_site_request',
      ],
      [
        { headers: { ...cookie(token), 'Sec-Fetch-Site': 'cross-site' } },
        403,
        'cross_site_request',
      ],
      [{ headers: { ...cookie(token), ...FOREIGN }, isPolling: true }, 403, 'cross_site_request'],
    ];
    for (const [opening, status, code] of refusals) {
      expect(await answerTo(opening)).toMatchObject({
        status,
        code,
        body: { statusCode: status, code, message: expect.any(String) },
      });
    }
    expect(connections).toBe(before);
    expect(app.app.get(HankoLiveSessions).size).toBe(0);
  });

  it('may come from own and trusted origins, and with a token from any', async () => {
    for (const headers of [
      { ...cookie(token), Origin: app.url },
      { ...cookie(token), Origin: 'https://app.test' },
      { ...cookie(token), 'Sec-Fetch-Site': 'same-site', ...FOREIGN },
      { ...bearer(token), ...FOREIGN },
    ]) {
      expect(await answerTo({ headers })).toEqual({ status: 0 });
    }
  });

  it('leaves no token in any log, body or header field', async () => {
    const bad = await hanko.forgedToken('other-key-same-kid');
    const answers = [
      await answerTo({ headers: bearer(bad) }),
      await answerTo({ headers: { ...cookie(token), ...FOREIGN } }),
      await answerTo(carried(bad)),
      await answerTo({ ...carried(token), headers: bearer(bad) }),
    ];
    const texts = [...app.log.lines.map(({ text }) => text), JSON.stringify(answers)].join('\n');

    for (const secret of [token, bad]) {
      for (const part of secret.split('.')) expect(texts).not.toContain(part);
    }
  });

  it('goes when the session ends, though nothing was said', async () => {
    const soon = await hanko.token({ user: userId });
    await using client = await connect(library, app.url, { headers: bearer(soon) });
    expect(app.app.get(HankoLiveSessions).size).toBe(1);

    await app.app.get(HankoRevocation).revokeUser(userId);
    expect(await client.closed).toBe(
      library === 'ws' ? '4401 session_revoked' : 'io server disconnect',
    );
    expect(app.app.get(HankoLiveSessions).size).toBe(0);
    userId = hanko.createUser().id;
    token = await hanko.token({ user: userId });
  });
});

describe.each(LIBRARIES)('the class of a gateway of %s', (library) => {
  const at = (gateway: string): Opening => ({ at: `/${gateway}` });
  const address = (name: string) => (library === 'ws' ? { path: `/${name}` } : { namespace: name });

  @Public()
  @WebSocketGateway(address('public'))
  class PublicGateway {}

  @OptionalAuth()
  @WebSocketGateway(address('optional'))
  class OptionalGateway {}

  @RequireAuth({ mfa: true })
  @WebSocketGateway(address('mfa'))
  class MfaGateway {}

  @RequireAuth({ claims: { tier: 'gold' } })
  @WebSocketGateway(address('gold'))
  class GoldGateway {}

  @RequireAuth({ session: 'online' })
  @WebSocketGateway(address('online'))
  class OnlineGateway {}

  @WebSocketGateway(address('shared'))
  class ClosedOfShared {}

  @Public()
  @WebSocketGateway(address('shared'))
  class OpenOfShared {}

  const gateways = [
    PublicGateway,
    OptionalGateway,
    MfaGateway,
    GoldGateway,
    OnlineGateway,
    ClosedOfShared,
    OpenOfShared,
  ];
  let app: RunningApp;

  beforeAll(async () => {
    app = await startClosed(library, hanko, gateways, { options: { now: clock.now } });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const codeOf = async (name: string, headers: Record<string, string> = {}): Promise<string> => {
    const { status, code } = await tryToConnect(library, app.url, { ...at(name), headers });
    return status === 0 ? 'in' : `${status} ${code}`;
  };

  it('says who may connect', async () => {
    const gold = await hanko.token({ claims: { tier: 'gold' } });
    const ended = await hanko.token();
    hanko.revoke(ended);

    for (const [name, headers, answer] of [
      ['public', {}, 'in'],
      ['public', bearer('garbage'), 'in'],
      ['optional', {}, 'in'],
      ['optional', cookie('garbage'), 'in'],
      ['optional', bearer('garbage'), '401 token_malformed'],
      ['optional', { ...cookie(token), ...FOREIGN }, '403 cross_site_request'],
      ['optional', bearer(token), 'in'],
      ['mfa', bearer(token), '401 step_up_required'],
      ['gold', bearer(token), '403 requirement_not_met'],
      ['gold', bearer(gold), 'in'],
      ['online', bearer(token), 'in'],
      ['online', bearer(ended), '401 session_revoked'],
      ['shared', {}, 'in'],
    ] as const) {
      expect(`${name} ${await codeOf(name, headers)}`).toBe(`${name} ${answer}`);
    }
  });

  it('has no say in how long an anonymous client stays, and all of a user', async () => {
    const user = hanko.createUser().id;
    const own = await hanko.token({ user });
    await using anonymous = await connect(library, app.url, at('optional'));
    await using known = await connect(library, app.url, {
      ...at('optional'),
      headers: bearer(own),
    });
    const live = app.app.get(HankoLiveSessions);
    expect(live.size).toBe(1);

    await app.app.get(HankoRevocation).revokeUser(user);
    await known.closed;
    expect(live.size).toBe(0);
    expect(await Promise.race([anonymous.closed, Promise.resolve('open')])).toBe('open');
  });

  it('lets nobody in while Hanko cannot be reached, but those who need no token', async () => {
    const gone = await FakeHanko.start();
    const other = await gone.token();
    await gone.stop();
    await using unreachable = await startClosed(library, gone, gateways);
    const attempt = (name: string) =>
      tryToConnect(library, unreachable.url, { ...at(name), headers: bearer(other) });

    expect(await attempt('public')).toEqual({ status: 0 });
    const answer = await attempt('optional');
    expect(answer).toMatchObject({ status: 503, code: 'hanko_unavailable' });
    // socket.io has no header fields for it.
    expect(answer.headers?.['retry-after'] === undefined).toBe(library === 'socket.io');
  });
});

describe('hankoSockets()', () => {
  it('takes an application with HankoModule, and an adapter, once', async () => {
    const bare = await startApp('Express', {});
    const app = await startClosed('socket.io', hanko, []);
    try {
      const { app: nest } = app;
      expect(() => hankoSockets(bare.app, new IoAdapter())).toThrow(
        /hankoSockets\(\): is used in an application without HankoModule/,
      );
      expect(() => hankoSockets(undefined as never, new IoAdapter())).toThrow(
        /takes the application as its first argument, got nothing/,
      );
      for (const wrong of [undefined, IoAdapter, {}, nest]) {
        expect(() => hankoSockets(nest, wrong as never)).toThrow(
          /takes a WebSocket adapter as its second argument/,
        );
      }
      const adapter = hankoSockets(nest, new IoAdapter());
      const before = Object.getOwnPropertyDescriptors(adapter);
      expect(hankoSockets(nest, adapter)).toBe(adapter);
      expect(Object.getOwnPropertyDescriptors(adapter)).toEqual(before);
      await using second = await startClosed('socket.io', hanko, []);
      expect(() => hankoSockets(second.app, adapter)).toThrow(/another application/);
    } finally {
      await bare[Symbol.asyncDispose]();
      await app[Symbol.asyncDispose]();
    }
  });

  it('stops an app with an adapter that it does not know', async () => {
    class OtherAdapter extends IoAdapter {
      override create(): never {
        return { on: () => undefined } as never;
      }
    }
    await expect(
      startClosed('socket.io', hanko, [CountingGateway], {
        configure: (app) => void app.useWebSocketAdapter(hankoSockets(app, new OtherAdapter(app))),
      }),
    ).rejects.toThrow(/neither one of socket\.io nor one of ws/);
  });

  it('closes two apps of one process, each by its own options', async () => {
    const token2 = await hanko.token({ audience: 'two.test' });
    await using one = await startClosed('ws', hanko, [CountingGateway]);
    await using two = await startClosed('ws', hanko, [CountingGateway], {
      options: { audience: 'two.test' },
    });
    expect(await tryToConnect('ws', one.url, { headers: bearer(token) })).toEqual({ status: 0 });
    expect(await tryToConnect('ws', two.url, { headers: bearer(token) })).toMatchObject({
      code: 'token_audience_mismatch',
    });
    expect(await tryToConnect('ws', one.url, { headers: bearer(token2) })).toMatchObject({
      status: 401,
    });
  });

  it('lets the app close while somebody is connected', async () => {
    for (const library of LIBRARIES) {
      const app = await startClosed(library, hanko, [CountingGateway]);
      await using client = await connect(library, app.url, {
        headers: bearer(await hanko.token()),
      });
      await app[Symbol.asyncDispose]();
      await client.closed;
      expect(app.app.get(HankoLiveSessions).size).toBe(0);
    }
  });
});
