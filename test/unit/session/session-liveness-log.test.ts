import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answering, policy, testSession } from '../../support/validate-server.js';
import { shareAPiece } from '../../support/verifier.js';
import {
  START,
  ONLINE,
  MINUTE,
  QUIET_MINUTE,
  REVOKED,
  observer,
  clock,
  server,
  liveness,
  create,
  check,
  refused,
  useLiveness,
  useLivenessServer,
  sessionAt,
  start,
} from '../../support/session-liveness.js';

useLivenessServer();

const warnings = (): readonly string[] => observer.log.filter((line) => line.startsWith('warn'));

describe('the log', () => {
  it('says nothing while all is well', async () => {
    await using hanko = await start({ idleTimeoutSeconds: 60 });
    useLiveness(create({ apiUrl: hanko.url }));
    const living = await sessionAt(hanko);
    await check(MINUTE, living);
    await check(ONLINE, living);
    hanko.revoke(living.token);
    expect(await refused(ONLINE, living)).toEqual(REVOKED);

    expect(observer.log).toEqual([]);
  });

  it('says once that an "email" that is text cannot be validated', async () => {
    await using hanko = await start();
    useLiveness(create({ apiUrl: hanko.url }));
    for (const keepAlive of [true, false, true]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const one = await sessionAt(hanko, { email: 'ada@example.test' });
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await refused(policy(0, { keepAlive }), one)).toEqual(REVOKED);
    }

    expect(observer.log).toEqual([
      expect.stringMatching(/^warn Hanko refuses to validate sessions whose "email" claim is text/),
    ]);
    expect(observer.log.join()).not.toContain('ada@');
  });

  it('says once that claims cannot be read, for whatever reason', async () => {
    server.answer = answering(400, { code: 400, message: 'failed to parse token claims: x' });
    await refused(ONLINE);
    await refused(ONLINE, testSession(START, { email: { address: 'ada@example.test' } }));

    expect(observer.log).toEqual([
      'warn Hanko refuses to validate a session because of the claims in its token, so the request gets 401. HankoSessions',
    ]);
  });

  it('says once that the idle timeout is shorter than a policy waits', async () => {
    await using hanko = await start({ idleTimeoutSeconds: 60 });
    useLiveness(create({ apiUrl: hanko.url }));
    await check(policy(61), await sessionAt(hanko));
    await check(policy(600), await sessionAt(hanko));

    expect(observer.log).toEqual([
      expect.stringMatching(/^warn Hanko's idle timeout is shorter than the refreshSeconds/),
    ]);
  });

  it.each([59, 60])(
    'is content with an idle timeout of 60 s and a policy of %i s',
    async (seconds) => {
      await using hanko = await start({ idleTimeoutSeconds: 60 });
      useLiveness(create({ apiUrl: hanko.url }));
      await check(policy(seconds), await sessionAt(hanko));

      expect(observer.log).toEqual([]);
    },
  );

  it('is content where the token expires before the policy would ask again', async () => {
    await using hanko = await start({ idleTimeoutSeconds: 3_600, lifespanSeconds: 600 });
    useLiveness(create({ apiUrl: hanko.url }));
    await check(policy(3_600), await sessionAt(hanko));
    await check(policy(86_400), await sessionAt(hanko));

    expect(observer.log).toEqual([]);
  });

  it('does not blame the idle timeout where only the user is idle', async () => {
    await using hanko = await start({ idleTimeoutSeconds: 1_800 });
    useLiveness(create({ apiUrl: hanko.url }));
    const polled = await sessionAt(hanko);
    // A page polls for half an hour; its user does nothing.
    for (let minute = 0; minute < 31; minute += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await check(QUIET_MINUTE, polled);
      clock.advanceMs(59_500);
    }

    expect(warnings()).toEqual([]);
  });
});

describe('a token', () => {
  let hanko: FakeHanko;
  beforeAll(async () => {
    hanko = await FakeHanko.start();
  });
  afterAll(() => hanko.stop());

  it('is in no log line, no message and no error, whatever goes wrong', async () => {
    useLiveness(create({ apiUrl: hanko.url, now: Date.now, validateTimeoutMs: 100 }));
    const seen: string[] = [];
    for (const kind of ['error', 'garbage', 'redirect', 'down', 'hang'] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const one = await sessionAt(hanko);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await hanko.fault(kind, { times: 1, path: '/sessions/validate' });
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await refused(ONLINE, one)).toMatchObject({ code: 'hanko_unavailable', leaks: [] });
      seen.push(one.token);
    }
    for (const keepAlive of [true, false]) {
      useLiveness(create({ apiUrl: hanko.url, now: Date.now }));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const one = await sessionAt(hanko, { email: 'text' });
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await refused(policy(0, { keepAlive }), one)).toEqual(REVOKED);
      seen.push(one.token);
    }

    const said = JSON.stringify([observer.log, observer.messages, liveness.status]);
    expect(observer.messages).toHaveLength(7);
    expect(observer.log).not.toEqual([]);
    for (const token of seen) expect(shareAPiece(said, token)).toBe(false);
    expect(said).not.toContain(hanko.url);
    expect(said).not.toContain(new URL(hanko.url).port);
  });
});
