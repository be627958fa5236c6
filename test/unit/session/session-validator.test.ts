import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Gate, turn } from '../../support/jwks.js';
import { alive, broken, ended, silent, testSession } from '../../support/validate-server.js';
import { refusalOf, unavailableRefusal } from '../../support/verifier.js';
import {
  START,
  ALIVE,
  ENDED,
  observer,
  clock,
  network,
  server,
  session,
  createValidator,
  ask,
  answeredOf,
  fail,
  useValidateServer,
} from '../../support/session-validator.js';

useValidateServer();

describe('a question', () => {
  it('that counts as activity is a POST with the token in its body, and nowhere else', async () => {
    expect(await ask(createValidator())).toEqual(ALIVE);

    expect(server.questions).toMatchObject([
      {
        method: 'POST',
        path: '/sessions/validate',
        headers: { accept: 'application/json', 'content-type': 'application/json' },
        body: JSON.stringify({ session_token: session.token }),
      },
    ]);
    expect(JSON.stringify(server.questions[0]?.headers)).not.toContain(session.token);
  });

  it('that does not is a GET with the token as bearer, and nowhere else', async () => {
    expect(await ask(createValidator(), session, false)).toEqual(ALIVE);

    expect(server.questions).toMatchObject([
      {
        method: 'GET',
        path: '/sessions/validate',
        headers: { accept: 'application/json', authorization: `Bearer ${session.token}` },
        body: '',
      },
    ]);
    expect(server.questions[0]?.headers).not.toHaveProperty('content-type');
    expect(server.questions[0]?.headers).not.toHaveProperty('cookie');
  });

  it.each([true, false])('is told about on the channel, keepAlive %j', async (keepAlive) => {
    const validator = createValidator();
    await ask(validator, session, keepAlive);
    server.answer = ended;
    expect(await ask(validator, session, keepAlive)).toEqual(ENDED);

    expect(observer.messages).toEqual([{ outcome: 'alive' }, { outcome: 'ended' }]);
    expect(observer.log).toEqual([]);
  });

  it('shows in the status when it was answered', async () => {
    const validator = createValidator();
    expect(validator.status).toEqual({
      answeredAt: null,
      failedAt: null,
      failure: null,
      isFailing: false,
      retryInMs: 0,
    });

    await ask(validator);

    expect(validator.status).toMatchObject({ answeredAt: START, failedAt: null, isFailing: false });
  });

  it('shows in the status when it was not', async () => {
    const validator = createValidator();
    await ask(validator);
    clock.advance(1);
    server.answer = broken;
    await fail(validator, 4);
    const failed = { answeredAt: START, failedAt: START + 1_000, failure: 'status 500' };
    expect(validator.status).toEqual({ ...failed, isFailing: false, retryInMs: 0 });

    await fail(validator, 1);
    expect(validator.status).toEqual({ ...failed, isFailing: true, retryInMs: 1_000 });

    clock.advance(1);
    server.answer = ended;
    await ask(validator);

    expect(validator.status).toMatchObject({ answeredAt: START + 2_000, isFailing: false });
  });
});

describe('connections', () => {
  it('are 64 at a time, and everybody has an answer', async () => {
    const gate = new Gate();
    let underWay = 0;
    let most = 0;
    server.answer = async (question, response) => {
      await gate.opened;
      await alive(question, response);
    };
    const validator = createValidator({
      fetch: async (input, init) => {
        most = Math.max(most, (underWay += 1));
        return network.fetch(input, init).finally(() => (underWay -= 1));
      },
    });

    const answered = answeredOf(validator, 200);
    await server.asked(64);
    await turn();
    expect([server.open, network.calls]).toEqual([64, 64]);

    gate.open();
    expect(await answered).toBe(200);
    expect(server.questions).toHaveLength(200);
    expect(server.mostOpen).toBe(64);
    expect(most).toBe(64);
  });

  it('are used again, one question after the other', async () => {
    const validator = createValidator();
    for (let n = 0; n < 20; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await ask(validator, testSession(START), n % 2 === 0);
    }

    expect(server.questions).toHaveLength(20);
    // The platform may take a second one where a question follows at once upon an answer.
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  it('are not waited for longer than the time-out, which is of the whole', async () => {
    server.answer = silent;
    const validator = createValidator({ timeoutMs: 30 });

    expect(await answeredOf(validator, 70)).toBe(0);
    // The time that is said is that of the whole, not what was left of it.
    const known = [
      'no reply within 30 ms',
      'no free connection within 30 ms',
      'earlier calls failed',
    ];
    expect(observer.failures).toContain(known[0]);
    expect(observer.failures.filter((reason) => !known.includes(reason))).toEqual([]);
  });

  it('leave who waited for one only what is left of the time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const release: (() => void)[] = [];
      const validator = createValidator({
        timeoutMs: 1_000,
        fetch: () =>
          new Promise((resolve) => release.push(() => resolve(Response.json({ is_valid: false })))),
      });
      const answered = answeredOf(validator, 64);
      let isRefused = false;
      const last = refusalOf(ask(validator)).then((refusal) => {
        isRefused = true;
        return refusal;
      });
      await turn();
      expect(release).toHaveLength(64);

      await vi.advanceTimersByTimeAsync(600);
      for (const letGo of release) letGo();
      expect(await answered).toBe(64);
      await turn();
      expect(release).toHaveLength(65);

      await vi.advanceTimersByTimeAsync(399);
      expect(isRefused).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(await last).toEqual(unavailableRefusal(1));
    } finally {
      vi.useRealTimers();
    }
  });

  it('come free again after failures', async () => {
    server.answer = broken;
    const validator = createValidator();
    await answeredOf(validator, 64);
    clock.advance(1);
    server.answer = alive;

    expect(await ask(validator)).toEqual(ALIVE);
    expect(await answeredOf(validator, 64)).toBe(64);
  });

  it('in numbers are no leak in the eyes of the platform', async () => {
    const warnings: string[] = [];
    const note = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', note);
    try {
      await answeredOf(createValidator(), 64);
      await turn();
    } finally {
      process.off('warning', note);
    }

    expect(warnings).toEqual([]);
  });
});

describe('when the app closes', () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  beforeAll(() => void process.on('unhandledRejection', note));
  afterAll(() => void process.off('unhandledRejection', note));

  it('what is under way or in line is given up', async () => {
    server.answer = silent;
    const validator = createValidator();
    const answered = answeredOf(validator, 70);
    await server.asked(64);

    validator.close();

    expect(await answered).toBe(0);
    await server.until(() => server.underWay === 0);
    expect(network.calls).toBe(64);
    expect(observer.log).toEqual([]);
    expect(new Set(observer.failures)).toEqual(new Set(['the app is closing']));
    await turn();
    expect(unhandled).toEqual([]);
  });

  it('nothing is asked any more', async () => {
    const validator = createValidator();
    await ask(validator);
    validator.close();

    expect(await refusalOf(ask(validator))).toEqual(unavailableRefusal(1));
    expect(network.calls).toBe(1);
  });

  it('twice, nothing more happens', async () => {
    const validator = createValidator();
    validator.close();

    expect(() => validator.close()).not.toThrow();
  });
});
