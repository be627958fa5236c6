import { HankoModule, HankoRevocation } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bearer, cookie, FakeClock, type RunningApp, startApp } from '../../support/app.js';
import { sessionIdIn } from '../../support/claims-in.js';
import {
  type Client,
  connect,
  LIBRARIES,
  NotesGateway,
  type Opening,
  useLibrary,
} from '../../support/gateways.js';

let clock: FakeClock;
let hanko: FakeHanko;
let userId: string;
let token: string;

beforeAll(async () => {
  clock = new FakeClock();
  hanko = await FakeHanko.start({ now: clock.now });
});
beforeEach(async () => {
  userId = hanko.createUser().id;
  token = await hanko.token({ user: userId });
});
afterAll(() => hanko.stop());

describe.each(LIBRARIES)('a connection of %s is looked at with each message', (library) => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp(
      'Express',
      {
        imports: [
          HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', now: clock.now }),
        ],
        providers: [NotesGateway],
      },
      { configure: useLibrary(library) },
    );
  });
  afterAll(() => app[Symbol.asyncDispose]());

  const open = (opening: Opening = { headers: bearer(token) }): Promise<Client> =>
    connect(library, app.url, opening);

  const IN = { event: 'reply' };
  const out = (code: string): object => ({ event: 'exception', data: { code } });
  /** socket.io says why in a frame of its own. */
  const expectEnd = async (client: Client, code: string): Promise<void> => {
    expect(await client.closed).toBe(library === 'ws' ? `4401 ${code}` : 'io server disconnect');
    if (library === 'socket.io') expect(client.frames.at(-1)).toMatchObject(out(code));
  };

  it('until its token expires', async () => {
    await using byBearer = await open();
    await using byCookie = await open({ headers: cookie(token) });
    expect(await byBearer.ask('unmarked')).toMatchObject(IN);
    expect(await byCookie.ask('optional')).toEqual({ event: 'reply', data: userId });

    clock.advanceSeconds(13 * 3600);
    expect(await byBearer.ask('unmarked')).toMatchObject(out('token_expired'));
    expect(await byBearer.ask('optional')).toMatchObject(out('token_expired'));
    expect(await byCookie.ask('unmarked')).toMatchObject(out('token_expired'));
    // As a page: the browser goes on sending it.
    expect(await byCookie.ask('optional')).toEqual({ event: 'reply', data: null });
  });

  it('until its session is revoked, and another of the same user goes on', async () => {
    const other = await hanko.token({ user: userId });
    await using client = await open();
    await using otherClient = await open({ headers: bearer(other) });
    expect(await client.ask('unmarked')).toMatchObject(IN);

    await app.app.get(HankoRevocation).revoke(sessionIdIn(token));
    await expectEnd(client, 'session_revoked');
    expect(await otherClient.ask('unmarked')).toMatchObject(IN);

    await app.app.get(HankoRevocation).revokeUser(userId);
    await expectEnd(otherClient, 'session_revoked');
    await using late = await open();
    expect(await late.ask('unmarked')).toMatchObject(out('session_revoked'));
  });

  it('by the session policy of its handler', async () => {
    await using client = await open();
    expect(await client.ask('online')).toEqual({ event: 'reply', data: userId });

    hanko.revoke(token);
    clock.advanceSeconds(1);
    // What one handler learned, the connection ends for.
    client.say('online');
    await expectEnd(client, 'session_revoked');
    // And all handlers know.
    await using late = await open();
    expect(await late.ask('unmarked')).toMatchObject(out('session_revoked'));
  });
});
