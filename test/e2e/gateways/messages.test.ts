import { HankoModule } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bearer, cookie, type RunningApp, startApp } from '../../support/app.js';
import {
  connect,
  NotesGateway,
  type Opening,
  ParametersGateway,
  SERVERS,
  useLibrary,
} from '../../support/gateways.js';

let hanko: FakeHanko;
let token: string;
let strongToken: string;
let userId: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  userId = hanko.createUser().id;
  token = await hanko.token({ user: userId });
  strongToken = await hanko.token({ amr: ['pwd', 'totp'], claims: { tier: 'gold' } });
});
afterEach(() => hanko.recover());
afterAll(() => hanko.stop());

const body = (code: string): unknown => ({
  event: 'exception',
  data: expect.objectContaining({
    statusCode: expect.any(Number),
    code,
    message: expect.any(String),
  }),
});

describe.each(SERVERS)('messages over $library on $platform', ({ library, platform }) => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp(
      platform,
      {
        imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost' })],
        providers: [NotesGateway, ParametersGateway],
      },
      { configure: useLibrary(library) },
    );
  });
  afterAll(() => app[Symbol.asyncDispose]());

  /** A public message after it: what was sent twice would have come before its reply. */
  const ask = async (opening: Opening, event: string, data?: unknown): Promise<unknown> => {
    await using client = await connect(library, app.url, opening);
    const answer = await client.ask(event, data);
    await client.ask('public', 'last');
    expect(client.frames).toHaveLength(2);
    return answer;
  };

  const logged = (): string => app.log.lines.map(({ text }) => text).join('\n');

  const own = (): Opening =>
    library === 'ws' ? { protocols: ['hanko', `bearer.${token}`] } : { auth: { token } };

  it('reach their handler with a token in each of its places, and the parameters have the user', async () => {
    const openings = [
      { headers: bearer(token) },
      { headers: cookie(token) },
      { headers: { ...cookie(token), Origin: app.url } },
      own(),
      ...(library === 'ws'
        ? []
        : [
            { auth: { authorization: `Bearer ${token}` } },
            { auth: { headers: { Authorization: `bearer ${token}` } } },
            { auth: { token }, isPolling: true },
            { headers: cookie(token), isPolling: true },
          ]),
    ];
    for (const opening of openings) {
      await using client = await connect(library, app.url, opening);
      expect(await client.ask('unmarked')).toEqual({
        event: 'reply',
        data: { id: userId, tokenLength: token.length },
      });
      expect(await client.ask('optional')).toEqual({ event: 'reply', data: userId });
      expect(await client.ask('user-parameter')).toEqual({ event: 'reply', data: userId });
      expect(await client.ask('token-parameter')).toEqual({ event: 'reply', data: token.length });
      expect(client.response).not.toContain(token);
    }
  });

  it.each(['unmarked', 'online', 'mfa', 'gold', 'user-parameter', 'token-parameter'])(
    'without a credential are refused by an event, once, and what they say is not repeated: %s',
    async (event) => {
      const refusal = await ask({}, event, { secret: 'of the caller' });

      expect(refusal).toEqual({
        event: 'exception',
        data: {
          statusCode: 401,
          code: 'credentials_missing',
          message: 'Authentication is required',
        },
      });
    },
  );

  it('reach optional and public handlers without a credential', async () => {
    expect(await ask({}, 'optional')).toEqual({ event: 'reply', data: null });
    expect(await ask({}, 'optional-parameter')).toEqual({ event: 'reply', data: null });
    expect(await ask({}, 'public', { n: 1 })).toEqual({
      event: 'reply',
      data: { user: null, data: { n: 1 } },
    });
  });

  it('are held to the requirements of their handler', async () => {
    expect(await ask(own(), 'mfa')).toEqual({
      event: 'exception',
      data: expect.objectContaining({ statusCode: 401, code: 'step_up_required' }),
    });
    expect(await ask(own(), 'gold')).toEqual({
      event: 'exception',
      data: expect.objectContaining({ statusCode: 403, code: 'requirement_not_met' }),
    });
    expect(await ask({ headers: bearer(strongToken) }, 'mfa')).toEqual({
      event: 'reply',
      data: 'mfa',
    });
    expect(await ask({ headers: bearer(strongToken) }, 'gold')).toEqual({
      event: 'reply',
      data: 'gold',
    });
  });

  it('with a bad token have the same codes as over HTTP, and the token is nowhere', async () => {
    const bad = {
      token_expired: await hanko.expiredToken(),
      token_malformed: 'garbage',
      token_signature_invalid: await hanko.forgedToken('changed-payload'),
      token_audience_mismatch: await hanko.token({ audience: 'elsewhere' }),
    };
    for (const [code, badToken] of Object.entries(bad)) {
      for (const opening of [{ headers: bearer(badToken) }, { headers: cookie(badToken) }]) {
        expect(await ask(opening, 'unmarked')).toEqual(body(code));
      }
      expect(await ask({ headers: bearer(badToken) }, 'optional')).toEqual(body(code));
      expect(await ask({ headers: cookie(badToken) }, 'optional')).toEqual({
        event: 'reply',
        data: null,
      });
      expect(logged()).not.toContain(badToken);
    }
    expect(logged()).not.toContain(token);
  });

  it('with a cookie from a foreign site are refused: a page can open sockets anywhere', async () => {
    const foreign = { ...cookie(token), Origin: 'https://evil.test' };
    const openings = [
      { headers: foreign },
      { headers: { ...cookie(token), 'Sec-Fetch-Site': 'cross-site' } },
      ...(library === 'ws' ? [] : [{ headers: foreign, isPolling: true }]),
    ];
    for (const opening of openings) {
      for (const event of ['unmarked', 'optional', 'user-parameter']) {
        expect(await ask(opening, event)).toEqual(body('cross_site_request'));
      }
    }
    expect(await ask({ ...own(), headers: foreign }, 'optional')).toEqual({
      event: 'reply',
      data: userId,
    });
  });

  it('are refused as unavailable while Hanko is down, and public ones are not', async () => {
    await hanko.fault('down');
    // A token that no route has asked Hanko about.
    const opening = { headers: bearer(token) };

    expect(await ask(opening, 'online')).toEqual({
      event: 'exception',
      data: expect.objectContaining({ statusCode: 503, code: 'hanko_unavailable' }),
    });
    expect(await ask({ headers: bearer('garbage') }, 'public', 1)).toEqual({
      event: 'reply',
      data: { user: null, data: 1 },
    });
  });

  it('in flight at the same time are each refused once, also where they wait for one answer', async () => {
    await using client = await connect(library, app.url, {
      headers: bearer(await hanko.forgedToken('unknown-kid')),
    });
    const events = ['unmarked', 'mfa', 'unmarked', 'user-parameter', 'unmarked'];
    for (const event of events) client.say(event, { n: 1 });
    client.say('public', 'between');
    const frames = await client.next(events.length + 1);

    expect(frames.filter(({ event }) => event === 'exception')).toHaveLength(events.length);
    expect(new Set(frames.map(({ data }) => JSON.stringify(data))).size).toBe(2);
    await client.ask('public', 'last');
    expect(client.frames).toHaveLength(events.length + 2);
  });
});
