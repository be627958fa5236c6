import { HankoUser } from 'nestjs-hanko';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { noteSessionCheck } from '../../../lib/session/session-checks.js';
import {
  live,
  liveness,
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
import { gate, settled } from '../../support/revocation.js';
import {
  alive,
  answering,
  broken,
  ended,
  policy,
  type TestSession,
  ValidateServer,
} from '../../support/validate-server.js';

useLive();

let server: ValidateServer;
let lines: string[];
beforeEach(async () => {
  lines = [];
  writeLogTo(lines);
  server = await ValidateServer.start();
  makeLive({ apiUrl: server.url });
});
afterEach(() => server[Symbol.asyncDispose]());

const ONLINE = policy(0);
const ACCEPTING = policy(0, { onUnavailable: 'accept' });
const unreadable = answering(400, { code: 400, message: 'Bad Request' });

/** A session that a request by this policy has just asked about, and its connection. */
async function admitted(by = ONLINE, one: TestSession = session(40_000)) {
  await liveness.check(one.token, one.user, by);
  return watched(one, { policy: by });
}

/** Time goes on, and what was asked has its reply. */
async function passAnswered(seconds: number, questions: number): Promise<void> {
  const before = server.questions.length;
  await pass(seconds);
  await server.asked(before + questions);
  await answered();
}

/** Whatever Hanko was asked has come to an end. */
async function answered(): Promise<void> {
  for (let n = 0; n < 20; n += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one turn after the other
    await settled();
  }
}

describe('a policy that asks Hanko', () => {
  it.each([
    ["'online'", 0, 30],
    ['of ten seconds', 10, 30],
    ['of two minutes', 120, 120],
  ])(
    '%s asks about a connection by GET, every %s, at least 30, seconds',
    async (_, seconds, every) => {
      const connection = await admitted(policy(seconds));
      await pass(every - 1);
      expect(server.methods).toEqual(['POST']);
      await passAnswered(1, 1);
      await passAnswered(every, 1);

      expect(server.methods).toEqual(['POST', 'GET', 'GET']);
      expect(connection.ends).toEqual([]);
    },
  );

  it('asks nothing where none does, nor for what has closed', async () => {
    const connection = await admitted();
    watched(session(40_000));
    connection.close();
    await pass(3_600);
    await pass(3_600);

    expect(server.methods).toEqual(['POST']);
  });

  it('asks when the reply that let a call in gets old, and not when a request has asked meanwhile', async () => {
    const one = session(40_000);
    const by = policy(60);
    await liveness.check(one.token, one.user, by);
    await pass(50);
    watched(one, { policy: by });
    await passAnswered(10, 1);
    await pass(50);
    await liveness.check(one.token, one.user, policy(0));
    await pass(10);
    expect(server.methods).toEqual(['POST', 'GET', 'POST']);
    await passAnswered(50, 1);
  });

  it('ends all connections of a session that has ended, whatever their policy', async () => {
    const one = session(40_000);
    const offline = watched(one);
    const online = await admitted(ONLINE, one);
    server.answer = ended;
    await passAnswered(30, 1);

    expect([offline.ends, online.ends]).toEqual([['session_revoked'], ['session_revoked']]);
    expect(live.size).toBe(0);
  });

  it('ends those of whose session Hanko cannot read the token, and no others', async () => {
    const one = session(40_000);
    const offline = watched(one);
    const online = await admitted(ONLINE, one);
    server.answer = unreadable;
    await passAnswered(30, 1);

    expect([offline.ends, online.ends]).toEqual([[], ['session_revoked']]);
  });

  it('learns nothing of a connection that closes while it asks', async () => {
    const connection = await admitted();
    const held = gate();
    server.answer = async (question, response) => {
      await held.passed;
      await ended(question, response);
    };
    await pass(30);
    await server.asked(2);
    connection.close();
    held.open();
    await answered();
    await pass(30);

    expect([connection.ends, server.questions.length, live.size]).toEqual([[], 2, 0]);
  });

  it('keeps connections to Hanko free for requests, and asks about all the same', async () => {
    const all = await Promise.all(Array.from({ length: 100 }, () => admitted()));
    const held = gate();
    server.answer = async (question, response) => {
      await held.passed;
      await alive(question, response);
    };
    await pass(30);
    await server.asked(116);
    await answered();
    expect(server.questions.length).toBe(116);
    held.open();
    await server.asked(200);

    expect(all.every(({ ends }) => ends.length === 0)).toBe(true);
  });
});

describe('while Hanko does not reply', () => {
  it.each([
    ["'online'", 0, 30],
    ['of an hour', 3_600, 3_600],
  ])(
    '%s: a connection stays until the last good reply is older than that plus five minutes',
    async (_, seconds, age) => {
      const connection = await admitted(policy(seconds));
      server.answer = broken;
      await passAnswered(age, 1);
      for (let n = 0; n < 9; n += 1) await pass(30).then(answered);
      expect(connection.ends).toEqual([]);
      for (let n = 0; n < 4; n += 1) await pass(30).then(answered);

      expect(connection.ends).toEqual(['hanko_unavailable']);
      expect(lines.filter((line) => line.includes('Connections are ended'))).toHaveLength(1);
    },
  );

  it("'accept' keeps it until its token expires", async () => {
    const connection = await admitted(ACCEPTING, session(7_200));
    server.answer = broken;
    for (let n = 0; n < 20; n += 1) await pass(300).then(answered);
    expect(connection.ends).toEqual([]);
    await pass(1_300);
    expect(connection.ends).toEqual(['token_expired']);
  });

  it('ends are spread over half a minute, and a reply lets those off that have not ended', async () => {
    const all = await Promise.all(Array.from({ length: 60 }, () => admitted()));
    const left = (): number => all.filter(({ ends }) => ends.length === 0).length;
    server.answer = broken;
    await pass(400).then(answered);
    await tick().then(answered);
    expect(left()).toBe(60);
    await pass(15);
    expect(left()).toBeGreaterThan(10);
    expect(left()).toBeLessThan(50);

    server.answer = alive;
    // A call without a user's token finds that out first.
    for (let n = 0; n < 10; n += 1) await pass(1).then(answered);
    const staying = left();
    expect(staying).toBeGreaterThan(5);
    for (let n = 0; n < 20; n += 1) await pass(30).then(answered);
    expect(left()).toBe(staying);
  });

  it('a reply that a request got lets off at once', async () => {
    const one = session(40_000);
    const connection = await admitted(ONLINE, one);
    server.answer = broken;
    await pass(400).then(answered);
    server.answer = alive;
    await pass(0.1);
    await vi.waitFor(() => liveness.check(one.token, one.user, ONLINE));
    await pass(31);
    expect(connection.ends).toEqual([]);
  });

  it('what has ended does not end a signal of the session that is asked for later', async () => {
    const one = session(40_000);
    const other = await admitted(ACCEPTING, one);
    const strict = new HankoUser(one.user.claims);
    noteSessionCheck({ token: one.token, user: strict, policy: ONLINE });
    const connection = new TestConnection();
    const [shared, own] = [live.signal(strict), live.signalOn(strict, connection)];
    server.answer = broken;
    for (let n = 0; n < 16; n += 1) await pass(30).then(answered);
    expect([shared.reason, own.reason]).toEqual([
      expect.objectContaining({ code: 'hanko_unavailable' }),
      expect.objectContaining({ code: 'hanko_unavailable' }),
    ]);
    expect(other.ends).toEqual([]);

    server.answer = alive;
    const again = [live.signal(one.user), live.signalOn(one.user, connection)];
    expect(again.map(({ aborted }) => aborted)).toEqual([false, false]);
    await revocation.revoke(one.user.sessionId);
    expect(again.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it('a clock that was set back does not lengthen that', async () => {
    const connection = await admitted();
    await pass(-36_000);
    server.answer = broken;
    for (let n = 0; n < 14; n += 1) await pass(30).then(answered);

    expect(connection.ends).toEqual(['hanko_unavailable']);
  });

  it('what this instance learns of ends it all the same', async () => {
    const one = session(40_000);
    const connection = await admitted(ACCEPTING, one);
    server.answer = broken;
    await pass(60).then(answered);
    await revocation.revoke(one.user.sessionId);

    expect(connection.ends).toEqual(['session_revoked']);
  });
});
