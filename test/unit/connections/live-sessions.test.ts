import { randomUUID } from 'node:crypto';
import { HANKO_CHANNELS, HankoTokenError, HankoUser } from 'nestjs-hanko';
import { beforeEach, describe, expect, it } from 'vitest';
import { recordChannel } from '../../support/app.js';
import {
  clock,
  live,
  makeLive,
  pass,
  revocation,
  session,
  TestConnection,
  tick,
  useLive,
  watched,
} from '../../support/live-sessions.js';
import { writeLogTo } from '../../support/log.js';
import { testSession } from '../../support/validate-server.js';

useLive();

let lines: string[];
beforeEach(() => {
  lines = [];
  writeLogTo(lines, { isDebug: true });
});

describe('a connection', () => {
  it('ends when the token expires, after the tolerance for clocks and not before, and once', async () => {
    makeLive({ clockToleranceSeconds: 10 });
    const connection = watched(session(60));
    await pass(69);
    expect(connection.ends).toEqual([]);
    await pass(1);
    await pass(1);

    expect(connection.ends).toEqual(['token_expired']);
    expect(connection.error).toBeInstanceOf(HankoTokenError);
    expect(live.size).toBe(0);
  });

  it('ends when its session is revoked, at once, and no other does', async () => {
    const one = session();
    const [a, b, other] = [watched(one), watched(one), watched()];
    await revocation.revoke(one.user.sessionId.toUpperCase());

    expect([a.ends, b.ends, other.ends]).toEqual([['session_revoked'], ['session_revoked'], []]);
    expect(live.size).toBe(1);
  });

  it('ends when its user is revoked, unless the session began later', async () => {
    const first = session();
    clock.advance(60);
    const later = testSession(clock.now(), { sub: first.user.id.toUpperCase() });
    const [a, b] = [watched(first), watched(later)];
    await revocation.revokeUser(first.user.id, new Date(clock.now() - 1_000));

    expect([a.ends, b.ends]).toEqual([['session_revoked'], []]);
    await revocation.revokeUser(first.user.id, new Date(clock.now()));
    expect(b.ends).toEqual(['session_revoked']);
    expect(live.size).toBe(0);
  });

  it.each<[string, (one: ReturnType<typeof session>) => unknown, string]>([
    ['expired', () => clock.advance(3_700), 'token_expired'],
    ['was revoked', ({ user }) => revocation.revoke(user.sessionId), 'session_revoked'],
  ])('of a session that %s after it was verified is ended at once', async (_, happens, code) => {
    const one = session();
    await happens(one);

    expect(watched(one).ends).toEqual([code]);
    expect(live.size).toBe(0);
  });

  it('that closes is held no longer, though it closed while it was verified', async () => {
    const one = session(60);
    const connection = watched(one);
    expect(live.size).toBe(1);
    connection.close();
    const closed = watched(one, { connection: TestConnection.closed() });
    expect(live.size).toBe(0);

    await pass(100);
    await revocation.revoke(one.user.sessionId);
    expect([connection.ends, closed.ends]).toEqual([[], []]);
  });

  it('is watched once, whatever the number of calls', async () => {
    const one = session();
    const connection = watched(one);
    for (let n = 0; n < 10; n += 1) watched(one, { connection });
    expect(live.size).toBe(1);

    await revocation.revoke(one.user.sessionId);
    expect(connection.ends).toEqual(['session_revoked']);
  });

  it('ends with the later one of two sessions of its user, whichever came first', async () => {
    const early = session(60);
    const late = testSession(clock.now(), { sub: early.user.id, exp: clock.now() / 1000 + 120 });
    const [a, b] = [watched(early), watched(late)];
    watched(late, { connection: a });
    watched(early, { connection: b });
    await pass(110);
    expect([a.ends, b.ends]).toEqual([[], []]);

    await revocation.revoke(late.user.sessionId);
    expect([a.ends, b.ends]).toEqual([['session_revoked'], ['session_revoked']]);
    expect(live.size).toBe(0);
  });

  it('by which two users came ends once, with the first session that ends', async () => {
    const [one, other] = [session(), session()];
    const connection = watched(one);
    watched(other, { connection });
    expect(live.size).toBe(2);

    await revocation.revoke(other.user.sessionId);
    await revocation.revoke(one.user.sessionId);
    expect(connection.ends).toEqual(['session_revoked']);
    expect(live.size).toBe(0);
  });

  it('of two users who have one session id is held no more than twice', () => {
    const id = randomUUID();
    const [one, other] = [session(60, id), session(60, id)];
    const connection = watched(one);
    for (let n = 0; n < 5; n += 1) watched(other, { connection });

    expect(live.size).toBe(2);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('passcode 123456');
      },
    ],
    ['rejects', () => Promise.reject(new Error('passcode 123456'))],
  ])('whose end() %s does not keep the others, and the log says so once', async (_, end) => {
    const one = session();
    const bad = [new TestConnection(), new TestConnection()];
    for (const connection of bad) {
      connection.end = end;
      watched(one, { connection });
    }
    const good = watched(one);
    await revocation.revoke(one.user.sessionId);
    await tick();

    expect(good.ends).toEqual(['session_revoked']);
    const told = lines.filter((line) => line.includes('could not be ended'));
    expect(told).toHaveLength(1);
    expect(told.join()).not.toContain('123456');
  });

  it('whose onClose() throws is not held', () => {
    const connection = new TestConnection();
    connection.onClose = () => {
      throw new Error('no such event');
    };

    expect(() => watched(session(), { connection })).toThrow('no such event');
    expect(live.size).toBe(0);
  });

  it('whose onClose() rejects ends with its session, and the process does not', async () => {
    const connection = new TestConnection();
    connection.onClose = () => Promise.reject(new Error('passcode 123456')) as never;
    watched(session(60), { connection });
    await pass(100);

    expect(connection.ends).toEqual(['token_expired']);
    expect(lines.filter((line) => line.includes('does not tell when'))).toHaveLength(1);
    expect(lines.join()).not.toContain('123456');
  });

  it('whose key is another one each time ends all the same', async () => {
    const connection = new TestConnection();
    Object.defineProperty(connection, 'key', { get: () => ({}) });
    watched(session(60), { connection });
    await pass(100);

    expect([connection.ends, live.size]).toEqual([['token_expired'], 0]);
  });
});

describe('a clock', () => {
  it('that is set forward ends what has expired by it; set back, it ends nothing early', async () => {
    const [early, late] = [watched(session(60)), watched(session(7_200))];
    await pass(-3_600);
    await pass(1_800);
    expect([early.ends, late.ends]).toEqual([[], []]);
    await pass(1_900);
    expect([early.ends, late.ends]).toEqual([['token_expired'], []]);
    await pass(86_400);
    expect(late.ends).toEqual(['token_expired']);
  });
});

describe('an app', () => {
  it('that stops holds nothing, and takes nothing more', async () => {
    const before = watched(session(60));
    live.onModuleDestroy();
    const after = watched(session(60));
    const signal = live.signal(session(60).user);
    await pass(100);

    expect(live.size).toBe(0);
    expect([before.ends, after.ends, signal.aborted]).toEqual([[], [], false]);
  });

  it('that hands over something else is told what is wrong', () => {
    const { user } = session();
    const of = (part: object): unknown => Object.assign({}, user, part);
    expect(() => live.watch(null as never, new TestConnection())).toThrow(
      'watch() takes a HankoUser, as authenticate() returns it: "id" must be a text',
    );
    expect(() => live.signal(of({ sessionId: '' }) as never)).toThrow('"sessionId" must be a text');
    expect(() => live.signal(of({ expiresAt: '2026-03-01T12:00:00Z' }) as never)).toThrow(
      '"expiresAt" must be a valid Date',
    );
    expect(() => live.signal(of({ authenticatedAt: new Date(NaN) }) as never)).toThrow(
      '"authenticatedAt" must be a valid Date',
    );
    for (const connection of [
      null,
      {},
      { key: 'a', end: () => undefined, onClose: () => undefined },
      () => undefined,
    ]) {
      expect(() => live.watch(user, connection as never)).toThrow('takes a connection { key, end');
    }
    expect(live.size).toBe(0);
  });
});

describe('a signal', () => {
  it('aborts with the reason when the session ends, and is one for all who ask', async () => {
    const { user } = session();
    const signal = live.signal(user);
    expect(live.signal(user)).toBe(signal);
    expect([signal.aborted, live.size]).toEqual([false, 1]);

    await revocation.revoke(user.sessionId);
    expect(signal.reason).toMatchObject({ code: 'session_revoked' });
    expect(live.size).toBe(0);
    expect(live.signal(user)).toMatchObject({ aborted: true, reason: { code: 'session_revoked' } });
    expect(live.size).toBe(0);
  });

  it('that says when it is over is one of its own, and is forgotten then', async () => {
    const { user } = session();
    const call = new TestConnection();
    const signal = live.signal(user, (listener) => call.onClose(listener));
    expect(live.signal(user, () => undefined)).not.toBe(signal);
    expect(live.size).toBe(2);
    call.close();
    expect(live.size).toBe(1);

    await revocation.revoke(user.sessionId);
    expect(signal.aborted).toBe(false);
  });

  it('of calls that come by one connection is one, and goes with it', async () => {
    const { user } = session();
    const connection = new TestConnection();
    const signals = Array.from({ length: 10 }, () => live.signalOn(user, connection));
    expect([new Set(signals).size, live.size]).toEqual([1, 1]);
    connection.close();
    expect(live.size).toBe(0);
    expect(signals).not.toContain(live.signalOn(user, connection));

    const open = live.signalOn(user, new TestConnection());
    await revocation.revoke(user.sessionId);
    expect([open.aborted, signals[0]?.aborted]).toEqual([true, false]);
  });

  it.each<[string, (one: ReturnType<typeof session>) => unknown, string]>([
    ['expires', () => pass(100), 'token_expired'],
    ['is revoked', ({ user }) => revocation.revoke(user.sessionId), 'session_revoked'],
  ])(
    'aborts when its session %s, though the connection closes at once',
    async (_, happens, code) => {
      const one = session(60);
      const connection = new TestConnection();
      connection.end = () => connection.close();
      watched(one, { connection });
      const signal = live.signalOn(one.user, connection);
      await happens(one);

      expect([signal.aborted, live.size]).toEqual([true, 0]);
      expect(signal.reason).toMatchObject({ code });
    },
  );

  it('is there for a job whose user came as JSON', async () => {
    const { user } = session(60);
    const { id, sessionId, ...times } = JSON.parse(JSON.stringify(user)) as HankoUser;
    const signal = live.signal({
      id,
      sessionId,
      authenticatedAt: new Date(times.authenticatedAt),
      expiresAt: new Date(times.expiresAt),
    });
    await pass(100);

    expect(signal.reason).toMatchObject({ code: 'token_expired' });
  });
});

describe('operators', () => {
  it('see on the channel what became of each, and at debug why it was ended', async () => {
    using channel = recordChannel(HANKO_CHANNELS.connection);
    const { user } = session();
    const { id: userId, sessionId } = user;
    live.watch(user, new TestConnection());
    const other = new TestConnection();
    live.watch(user, other);
    other.close();
    await revocation.revoke(sessionId);

    expect(channel.messages).toEqual([
      { outcome: 'watched', userId, sessionId },
      { outcome: 'watched', userId, sessionId },
      { outcome: 'closed', userId, sessionId },
      {
        outcome: 'ended',
        userId,
        sessionId,
        code: 'session_revoked',
        reason: 'The session, or its user, was revoked',
      },
    ]);
    expect(lines).toEqual([
      'debug A connection was ended: session_revoked. The session, or its user, was revoked HankoLiveSessions',
    ]);
  });

  it('have ten lines a second at most, though thousands end at once', async () => {
    const one = session();
    for (let n = 0; n < 2_000; n += 1) watched(one);
    await revocation.revoke(one.user.sessionId);

    expect(live.size).toBe(0);
    expect(lines.length).toBeLessThan(100);
  });
});

describe('20,000 that expire at one moment', () => {
  it('end in turns, and a revocation finds its own among them', async () => {
    const connections = Array.from({ length: 20_000 }, () => watched(session(60)));
    const one = session(60);
    const own = watched(one);
    await revocation.revoke(one.user.sessionId);
    expect(own.ends).toEqual(['session_revoked']);
    await pass(100);
    expect(live.size).toBeGreaterThan(0);
    for (let turn = 0; turn < 100; turn += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one turn after the other
      await tick();
    }

    expect(live.size).toBe(0);
    expect(connections.every(({ ends }) => ends.length === 1)).toBe(true);
  }, 60_000);
});
