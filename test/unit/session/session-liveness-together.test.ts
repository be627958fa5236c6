import { HankoConfigurationError } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { Gate, turn } from '../../support/jwks.js';
import {
  alive,
  broken,
  ended,
  policy,
  silent,
  testSession,
} from '../../support/validate-server.js';
import { unavailableRefusal } from '../../support/verifier.js';
import {
  START,
  ONLINE,
  MINUTE,
  QUIET_MINUTE,
  ACCEPTING,
  REVOKED,
  observer,
  clock,
  server,
  liveness,
  session,
  create,
  check,
  checked,
  refused,
  isKnown,
  fail,
  held,
  useLiveness,
  useLivenessServer,
} from '../../support/session-liveness.js';

useLivenessServer();

describe('requests at the same time', () => {
  it('share one call per session', async () => {
    const other = testSession(START);

    await Promise.all(
      Array.from({ length: 50 }, (_, n) => checked(n % 2 === 0 ? ONLINE : MINUTE)).concat(
        Array.from({ length: 50 }, () => checked(MINUTE, other)),
      ),
    );

    expect(server.questions.map(({ sessionId }) => sessionId).toSorted()).toEqual(
      [session.user.sessionId, other.user.sessionId].toSorted(),
    );
  });

  it('share also a call that is no activity', async () => {
    await Promise.all(Array.from({ length: 50 }, () => checked(QUIET_MINUTE)));

    expect(server.methods).toEqual(['GET']);
  });

  it('are all refused by one answer', async () => {
    server.answer = ended;

    const refusals = await Promise.all(Array.from({ length: 20 }, () => refused(MINUTE)));

    expect(refusals).toEqual(Array.from({ length: 20 }, () => REVOKED));
    expect(server.questions).toHaveLength(1);
  });

  it('all fail by one failure, and the next one asks anew', async () => {
    server.answer = broken;

    const refusals = await Promise.all(Array.from({ length: 20 }, () => refused(MINUTE)));

    expect(refusals).toEqual(Array.from({ length: 20 }, () => unavailableRefusal(1)));
    expect(server.questions).toHaveLength(1);
    server.answer = alive;
    await check(MINUTE);
    expect(server.questions).toHaveLength(2);
  });

  it('fail each as its own policy says', async () => {
    server.answer = broken;

    const [rejecting, accepting] = await Promise.all([
      refused(MINUTE),
      checked(ACCEPTING).then(() => 'accepted'),
    ]);

    expect([rejecting, accepting]).toEqual([unavailableRefusal(1), 'accepted']);
    expect(server.questions).toHaveLength(1);
  });

  it('ask by POST after a GET that is under way, once for all of them', async () => {
    const gate = new Gate();
    server.answer = held(gate);
    const all = [checked(QUIET_MINUTE)];
    await server.asked(1);
    for (let n = 0; n < 10; n += 1) all.push(checked(MINUTE), checked(QUIET_MINUTE));
    await turn();
    expect(server.methods).toEqual(['GET']);

    gate.open();
    await Promise.all(all);

    expect(server.methods).toEqual(['GET', 'POST']);
    expect(isKnown(MINUTE)).toBe(true);
  });

  it('need no POST after a GET that says that the session has ended', async () => {
    const gate = new Gate();
    server.answer = held(gate, ended);
    const first = refused(QUIET_MINUTE);
    await server.asked(1);
    const second = refused(MINUTE);
    gate.open();

    expect(await Promise.all([first, second])).toEqual([REVOKED, REVOKED]);
    expect(server.methods).toEqual(['GET']);
  });

  it('need no GET beside a POST that is under way', async () => {
    const gate = new Gate();
    server.answer = held(gate);
    const all = [checked(MINUTE)];
    await server.asked(1);
    all.push(checked(QUIET_MINUTE), checked(QUIET_MINUTE));
    gate.open();
    await Promise.all(all);

    expect(server.methods).toEqual(['POST']);
  });
});

describe('while Hanko cannot be asked', () => {
  it('what is known holds for its time, and then it is 503', async () => {
    await check(MINUTE);
    server.answer = broken;
    clock.advanceMs(59_999);
    expect(isKnown(MINUTE)).toBe(true);

    clock.advanceMs(1);
    expect(await refused(MINUTE)).toEqual(unavailableRefusal(1));
  });

  it('Retry-After says how long Hanko is left alone, and is never 0', async () => {
    await fail(5);
    const headers: (string | undefined)[] = [];
    for (const ms of [0, 999, 1, 0, 1, 1_998, 1, 3_000]) {
      clock.advanceMs(ms);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      headers.push((await refused(MINUTE, testSession(START))).headers['Retry-After']);
    }

    // The third and the seventh are tries, which double the wait.
    expect(headers).toEqual(['1', '1', '2', '2', '2', '1', '4', '1']);
    expect(server.questions).toHaveLength(7);
  });

  it.each([policy(0, { onUnavailable: 'accept' }), ACCEPTING])(
    'accepting lets unknown sessions through, after $refreshMs ms',
    async (accepting) => {
      server.answer = broken;
      for (let n = 0; n < 20; n += 1) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect(await check(accepting)).toBeUndefined();
      }

      expect(server.questions).toHaveLength(5);
    },
  );

  it('accepting lets a session through that was alive when it was last known', async () => {
    await check(ACCEPTING);
    server.answer = broken;
    clock.advance(3_600);

    expect(await check(ACCEPTING)).toBeUndefined();
    expect(server.questions).toHaveLength(2);
  });

  it('accepting keeps a session out that is known to have ended, whenever that was', async () => {
    server.answer = ended;
    await refused(ACCEPTING);
    server.answer = broken;

    for (const seconds of [1, 60, 3_600, 40_000]) {
      clock.advance(seconds);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await refused(ACCEPTING)).toEqual(REVOKED);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await refused(policy(0, { onUnavailable: 'accept' }))).toEqual(REVOKED);
    }
  });

  it('rejecting says of such a session what is known, and not 503', async () => {
    server.answer = ended;
    await refused(MINUTE);
    server.answer = broken;
    clock.advance(3_600);

    expect(await refused(MINUTE)).toEqual(REVOKED);
    expect(await refused(ONLINE)).toEqual(REVOKED);
    expect(await refused(MINUTE, testSession(START))).toEqual(unavailableRefusal(1));
  });

  it('accepting says nothing of it later: the next request asks', async () => {
    server.answer = broken;
    await check(ACCEPTING);
    server.answer = ended;

    expect(await refused(ACCEPTING)).toEqual(REVOKED);
  });

  it('accepting does not wait for a dead server once five have waited', async () => {
    useLiveness(create({ apiUrl: server.url, validateTimeoutMs: 30 }));
    server.answer = silent;
    await Promise.all(Array.from({ length: 5 }, () => checked(ACCEPTING, testSession(START))));
    expect(server.questions).toHaveLength(5);

    await Promise.all(Array.from({ length: 500 }, () => checked(ACCEPTING, testSession(START))));

    expect(server.questions).toHaveLength(5);
  });
});

describe('without an address', () => {
  it('nobody can be asked, and no policy accepts that', async () => {
    useLiveness(create({ jwks: { getKey: () => undefined } }));

    for (const by of [ONLINE, ACCEPTING]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await expect(checked(by)).rejects.toThrow(HankoConfigurationError);
    }
    expect(liveness.status).toBeNull();
  });

  it('closing is nothing', () => {
    useLiveness(create({ jwks: { getKey: () => undefined } }));

    expect(() => liveness.onModuleDestroy()).not.toThrow();
  });
});

/** With the test's clock. */

describe('when the app closes', () => {
  it('calls under way are given up, and nobody is left waiting', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    try {
      useLiveness(create({ apiUrl: server.url, validateTimeoutMs: 60_000 }));
      server.answer = silent;
      const all = [
        refused(MINUTE),
        refused(MINUTE),
        refused(QUIET_MINUTE),
        refused(MINUTE, testSession(START)),
      ];
      const accepted = check(ACCEPTING, testSession(START));
      await server.asked(3);

      liveness.onModuleDestroy();

      expect(await Promise.all(all)).toEqual(all.map(() => unavailableRefusal(1)));
      expect(await accepted).toBeUndefined();
      await server.until(() => server.underWay === 0);
      await turn();
      expect(unhandled).toEqual([]);
      expect(observer.log).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});
