import { describe, expect, it } from 'vitest';
import { Gate } from '../../support/jwks.js';
import {
  alive,
  answering,
  createLiveness,
  ended,
  policy,
  type TestSession,
  testSession,
} from '../../support/validate-server.js';
import { thrownRefusalOf, unavailableRefusal } from '../../support/verifier.js';
import {
  START,
  ONLINE,
  MINUTE,
  QUIET_MINUTE,
  REVOKED,
  observer,
  clock,
  server,
  session,
  opened,
  create,
  check,
  refused,
  isKnown,
  held,
  useLiveness,
  useLivenessServer,
  sessionAt,
  start,
} from '../../support/session-liveness.js';

useLivenessServer();

describe('a policy that asks on each request', () => {
  it('asks each time', async () => {
    for (let n = 0; n < 3; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await check(ONLINE);
    }

    expect(server.methods).toEqual(['POST', 'POST', 'POST']);
  });

  it('asks also where another policy has just asked', async () => {
    await check(MINUTE);
    await check(ONLINE);

    expect(server.questions).toHaveLength(2);
  });

  it('refuses at once after a logout', async () => {
    await check(ONLINE);
    server.answer = ended;

    expect(await refused(ONLINE)).toEqual(REVOKED);
  });

  it('does not ask again about a session that has ended: it never comes back', async () => {
    server.answer = ended;
    await refused(ONLINE);
    server.answer = alive;
    clock.advance(3_600);

    expect(await refused(ONLINE)).toEqual(REVOKED);
    expect(server.questions).toHaveLength(1);
  });

  it('asks again where Hanko could not read the claims: that may be mended', async () => {
    server.answer = answering(400, { code: 400, message: 'failed to parse token claims: x' });
    expect(await refused(ONLINE)).toEqual(REVOKED);
    server.answer = alive;

    expect(await check(ONLINE)).toBeUndefined();
  });
});

describe('an answer', () => {
  it('holds for the time of the policy, and not a millisecond longer', async () => {
    await check(MINUTE);
    clock.advanceMs(59_999);

    expect(isKnown(MINUTE)).toBe(true);
    expect(server.questions).toHaveLength(1);

    clock.advanceMs(1);
    const asked = check(MINUTE);
    expect(asked).toBeInstanceOf(Promise);
    await asked;
    expect(server.questions).toHaveLength(2);
    expect(isKnown(MINUTE)).toBe(true);
  });

  it.each([MINUTE, QUIET_MINUTE])(
    'holds from when it was asked for, not from when it came, keepAlive $keepAlive',
    async (minute) => {
      const gate = new Gate();
      server.answer = held(gate);
      const asked = check(minute);
      await server.asked(1);
      clock.advance(30);
      gate.open();
      await asked;

      clock.advanceMs(29_999);
      expect(isKnown(minute)).toBe(true);
      clock.advanceMs(1);
      expect(isKnown(minute)).toBe(false);
      await server.asked(2);
    },
  );

  it('is one to each policy for its own time', async () => {
    await check(MINUTE);
    clock.advance(30);

    expect(isKnown(policy(31))).toBe(true);
    await check(policy(30));
    expect(server.questions).toHaveLength(2);
  });

  it('is about its session alone', async () => {
    const other = testSession(START);
    server.answer = (question, response) =>
      (question.sessionId === other.user.sessionId ? ended : alive)(question, response);
    await check(MINUTE);

    expect(await refused(MINUTE, other)).toEqual(REVOKED);
    expect(isKnown(MINUTE)).toBe(true);
    expect(server.questions).toHaveLength(2);
  });

  it('does not hold where the clock was set back, and the next one does', async () => {
    await check(MINUTE);
    clock.advance(-3_600);

    await check(MINUTE);
    expect(server.questions).toHaveLength(2);
    expect(isKnown(MINUTE)).toBe(true);

    clock.advanceMs(-1);
    await check(MINUTE);
    expect(server.questions).toHaveLength(3);
  });

  it('does not hold where the clock has jumped ahead, and the next one does', async () => {
    await check(MINUTE);
    clock.advance(86_400 * 365);

    await check(MINUTE);
    expect(server.questions).toHaveLength(2);
    expect(isKnown(MINUTE)).toBe(true);
  });

  it('that a session has ended holds for good, without another call', async () => {
    server.answer = ended;
    expect(await refused(MINUTE)).toEqual(REVOKED);
    server.answer = alive;

    for (const seconds of [0, 60, 86_400]) {
      clock.advance(seconds);
      expect(thrownRefusalOf(() => check(MINUTE), session.token)).toEqual(REVOKED);
    }
    expect(server.questions).toHaveLength(1);
  });

  it('about another session is none', async () => {
    server.answer = answering(200, {
      is_valid: true,
      claims: { session_id: testSession(START).user.sessionId },
    });

    expect(await refused(MINUTE)).toEqual(unavailableRefusal(1));
    expect(observer.failures).toEqual(['the reply is about another session']);
    server.answer = alive;
    await check(MINUTE);
    expect(server.questions).toHaveLength(2);
  });
});

describe('activity', () => {
  it('is a POST, and what is none is a GET', async () => {
    await check(policy(0, { keepAlive: false }));
    await check(ONLINE);

    expect(server.methods).toEqual(['GET', 'POST']);
  });

  it('is not satisfied by the answer to a GET', async () => {
    await check(QUIET_MINUTE);
    await check(MINUTE);

    expect(server.methods).toEqual(['GET', 'POST']);
    expect(isKnown(MINUTE)).toBe(true);
  });

  it('satisfies also who wants none', async () => {
    await check(MINUTE);

    expect(isKnown(QUIET_MINUTE)).toBe(true);
    expect(server.methods).toEqual(['POST']);
  });

  it('counts from the last POST, whatever was asked by GET since', async () => {
    await check(MINUTE);
    clock.advance(50);
    await check(policy(10, { keepAlive: false }));
    clock.advance(9);
    expect(isKnown(MINUTE)).toBe(true);

    clock.advance(1);
    expect(isKnown(QUIET_MINUTE)).toBe(true);
    await check(MINUTE);

    expect(server.methods).toEqual(['POST', 'GET', 'POST']);
  });

  it('is of no interest once the session has ended', async () => {
    server.answer = ended;
    await refused(QUIET_MINUTE);

    expect(thrownRefusalOf(() => check(MINUTE))).toEqual(REVOKED);
    expect(server.methods).toEqual(['GET']);
  });

  it('keeps a session alive at Hanko, and a GET does not', async () => {
    await using hanko = await start({ idleTimeoutSeconds: 100 });
    useLiveness(create({ apiUrl: hanko.url }));
    const [active, passive] = await Promise.all([sessionAt(hanko), sessionAt(hanko)]);
    for (let n = 0; n < 5; n += 1) {
      clock.advance(40);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await check(ONLINE, active);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      if (n < 2) await check(policy(0, { keepAlive: false }), passive);
    }

    expect(await refused(policy(0, { keepAlive: false }), passive)).toEqual(REVOKED);
  });
});

it('remembers so many sessions at most, and the last half of them', async () => {
  const remembering = createLiveness({ now: clock.now, apiUrl: server.url }, 4);
  opened.push(remembering);
  const sessions = Array.from({ length: 7 }, () => testSession(START));
  for (const { token, user } of sessions) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await remembering.check(token, user, MINUTE);
  }
  const isRemembered = ({ token, user }: TestSession): boolean => {
    const found = remembering.check(token, user, MINUTE);
    if (found instanceof Promise) found.catch(() => undefined);
    return found === undefined;
  };

  // Of two halves of two the younger one has the seventh, the older one the two before.
  expect(sessions.map(isRemembered)).toEqual([false, false, false, false, true, true, true]);
});
