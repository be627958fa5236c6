import { FakeHanko, type FaultKind } from 'fake-hanko';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  SessionValidator,
  type SessionValidatorSettings,
} from '../../../lib/session/session-validator.js';
import { CountingFetch, Gate, turn } from '../../support/unit-jwks.js';
import {
  alive,
  answering,
  broken,
  ended,
  SessionObserver,
  silent,
  type TestSession,
  testSession,
  ValidateServer,
} from '../../support/unit-session.js';
import { refusalOf, TestClock, unavailableRefusal } from '../../support/unit-verifier.js';

const START = Date.parse('2026-03-01T12:00:00Z');
const ALIVE = { isAlive: true, idleExpiresAt: null };
const ENDED = { isAlive: false, isUnreadable: false };

const observer = new SessionObserver();
let clock: TestClock;
let network: CountingFetch;
let server: ValidateServer;
let session: TestSession;
const opened: SessionValidator[] = [];

beforeEach(async () => {
  clock = new TestClock(START);
  network = new CountingFetch();
  server = await ValidateServer.start();
  session = testSession(START);
  observer.clear();
});

afterEach(async () => {
  for (const validator of opened.splice(0)) validator.close();
  await server[Symbol.asyncDispose]();
});

function createValidator(settings: Partial<SessionValidatorSettings> = {}): SessionValidator {
  const validator = new SessionValidator({
    url: server.validateUrl,
    fetch: network.fetch,
    now: clock.now,
    timeoutMs: 10_000,
    maxTokenBytes: 8_192,
    ...settings,
  });
  opened.push(validator);
  return validator;
}

const ask = (
  validator: SessionValidator,
  { token, user }: TestSession = session,
  keepAlive = true,
): ReturnType<SessionValidator['ask']> => validator.ask(token, user.sessionId, keepAlive);

/** How many of so many questions at once were answered. */
async function answeredOf(validator: SessionValidator, count: number): Promise<number> {
  const outcomes = await Promise.allSettled(
    Array.from({ length: count }, () => ask(validator, testSession(START))),
  );
  return outcomes.filter(({ status }) => status === 'fulfilled').length;
}

/** So many questions about different sessions, one after the other, that are not answered. */
async function fail(validator: SessionValidator, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await refusalOf(ask(validator, testSession(START)));
  }
}

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
    const known = ['no reply within 30 ms', 'no turn within 30 ms', 'those before it failed'];
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

describe('a server that does not answer as Hanko does', () => {
  let hanko: FakeHanko;
  beforeAll(async () => {
    hanko = await FakeHanko.start();
  });
  beforeEach(() => hanko.recover());
  afterAll(() => hanko.stop());

  it.each<[FaultKind, RegExp]>([
    ['error', /^status 500$/],
    ['unavailable', /^status 503$/],
    ['garbage', /^the reply is a web page, not JSON$/],
    ['wrong-json', /^the reply has another shape than that of \/sessions\/validate$/],
    ['redirect', /^status 302$/],
    ['oversized', /^the reply has more than 65536 bytes$/],
    ['down', /^(UND_ERR_SOCKET|ECONNRESET)$/],
    ['refuse', /^ECONNREFUSED$/],
    ['hang', /^no reply within 30 ms$/],
    ['drip', /^no reply within 30 ms$/],
  ])('cannot be asked: %s', async (kind, reason) => {
    const token = await hanko.token();
    await hanko.fault(kind, kind === 'drip' ? { delayMs: 5 } : {});
    const timeoutMs = kind === 'hang' || kind === 'drip' ? 30 : 10_000;
    const validator = createValidator({ url: `${hanko.url}/sessions/validate`, timeoutMs });

    for (const keepAlive of [true, false]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const refusal = await refusalOf(
        validator.ask(token, session.user.sessionId, keepAlive),
        token,
      );
      expect(refusal).toEqual(unavailableRefusal(1));
    }

    expect(observer.failures).toHaveLength(2);
    for (const failure of observer.failures) expect(failure).toMatch(reason);
    expect(observer.messages).toMatchObject([{ retryInMs: 0 }, { retryInMs: 0 }]);
  });

  it.each([301, 302, 303, 307, 308])('is not followed elsewhere: %i', async (status) => {
    await using target = await ValidateServer.start();
    server.answer = answering(status, '', { location: target.validateUrl });
    const validator = createValidator();

    for (const keepAlive of [true, false]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await refusalOf(ask(validator, session, keepAlive))).toEqual(unavailableRefusal(1));
    }

    expect(server.questions).toHaveLength(2);
    expect([target.questions, target.connections]).toEqual([[], 0]);
  });

  it('is left while it still drips', async () => {
    server.answer = (_question, response) => {
      response.writeHead(200).write('{');
    };

    expect(await refusalOf(ask(createValidator({ timeoutMs: 30 })))).toEqual(unavailableRefusal(1));
    await server.until(() => server.open === 0);
    expect(server.open).toBe(0);
  });

  it('is left at the 65,537th byte', async () => {
    const good = JSON.stringify({
      is_valid: true,
      claims: { session_id: session.user.sessionId },
    });
    const validator = createValidator();
    server.answer = answering(200, good.padStart(65_536));
    expect(await ask(validator)).toEqual(ALIVE);

    server.answer = (_question, response) => {
      response.writeHead(200).write(good.padStart(65_537));
    };
    expect(await refusalOf(ask(validator))).toEqual(unavailableRefusal(1));
    await server.until(() => server.open === 0);
    expect(observer.failures).toEqual(['the reply has more than 65536 bytes']);
  });

  it.each([
    { name: 'throws', fetch: () => Promise.reject(new Error('http://secret.example/')) },
    {
      name: 'throws at once',
      fetch: () => {
        throw new TypeError('http://secret.example/');
      },
    },
    { name: 'returns no response', fetch: () => Promise.resolve(undefined as never) },
    { name: 'never returns', fetch: () => new Promise<never>(() => undefined) },
  ])("is one where the app's own fetch $name", async ({ fetch }) => {
    const refusal = await refusalOf(
      ask(createValidator({ fetch, timeoutMs: 30 })),
      'secret.example',
    );

    expect(refusal).toEqual(unavailableRefusal(1));
    expect(JSON.stringify(observer.messages)).not.toContain('secret');
  });
});

describe('after five failures in a row', () => {
  it('nobody asks any more, and calls answer at once', async () => {
    server.answer = broken;
    const validator = createValidator();
    await fail(validator, 5);
    expect([network.calls, server.questions.length]).toEqual([5, 5]);

    expect(await answeredOf(validator, 1_000)).toBe(0);
    expect([network.calls, server.questions.length]).toEqual([5, 5]);
    expect(observer.messages.map((message) => 'retryInMs' in message && message.retryInMs)).toEqual(
      [0, 0, 0, 0, 1_000],
    );
    expect(validator.status.retryInMs).toBe(1_000);
  });

  it('the refusals say when it is worth another try', async () => {
    server.answer = broken;
    const validator = createValidator();
    await fail(validator, 5);
    const waits: unknown[] = [];
    for (let n = 0; n < 6; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      waits.push((await refusalOf(ask(validator, testSession(START)))).headers['Retry-After']);
      clock.advanceMs(validator.status.retryInMs - 1);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await refusalOf(ask(validator, testSession(START)))).toEqual(unavailableRefusal(1));
      clock.advanceMs(1);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await fail(validator, 1);
    }

    expect(waits).toEqual(['1', '2', '4', '8', '16', '30']);
    expect(network.calls).toBe(11);
  });

  it('one asks for all once the wait is over', async () => {
    server.answer = broken;
    const validator = createValidator();
    await fail(validator, 5);
    clock.advance(1);

    expect(await answeredOf(validator, 100)).toBe(0);
    expect(network.calls).toBe(6);
  });

  it('all are asked about again as soon as one has an answer', async () => {
    server.answer = broken;
    const validator = createValidator();
    await fail(validator, 5);
    clock.advance(1);
    server.answer = alive;

    expect(await ask(validator)).toEqual(ALIVE);
    expect(await answeredOf(validator, 10)).toBe(10);
    expect(validator.status).toMatchObject({ isFailing: false, retryInMs: 0 });
  });

  it('the log says so once per outage, and once that it is over', async () => {
    const validator = createValidator();
    for (let outage = 0; outage < 2; outage += 1) {
      server.answer = broken;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await fail(validator, 10);
      clock.advance(1);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await fail(validator, 10);
      clock.advance(2);
      server.answer = alive;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await ask(validator);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await ask(validator);
    }

    const down = expect.stringMatching(
      /^warn Hanko cannot be asked about sessions: status 500\. Until it can, .* HankoSessions$/,
    ) as string;
    const up = 'log Hanko can be asked about sessions again HankoSessions';
    expect(observer.log).toEqual([down, up, down, up]);
  });

  it('those who were still in line do not ask either', async () => {
    server.answer = broken;
    const validator = createValidator();

    expect(await answeredOf(validator, 500)).toBe(0);

    // Those who had a connection when it opened, and those who got one of the first four that failed.
    expect(network.calls).toBeLessThanOrEqual(68);
  });

  it('a question from before, which fails late, is not taken for the try', async () => {
    const refuse: (() => void)[] = [];
    const validator = createValidator({
      fetch: () =>
        new Promise((_, reject) => {
          refuse.push(() => reject(new Error('no')));
        }),
    });
    const pending = Array.from({ length: 6 }, () => refusalOf(ask(validator, testSession(START))));
    await turn();
    for (const fails of refuse.slice(0, 5)) fails();
    await Promise.all(pending.slice(0, 5));
    expect(validator.status.retryInMs).toBe(1_000);

    clock.advance(1);
    pending.push(refusalOf(ask(validator, testSession(START))));
    await turn();
    expect(refuse).toHaveLength(7);

    // The sixth was under way all the time. The try still is.
    refuse[5]?.();
    await pending[5];
    expect(validator.status.retryInMs).toBe(0);
    clock.advance(60);
    expect(await refusalOf(ask(validator, testSession(START)))).toEqual(unavailableRefusal(1));
    expect(refuse).toHaveLength(7);

    refuse[6]?.();
    await pending[6];
    expect(validator.status.retryInMs).toBe(2_000);
  });
});

describe('answers of no use', () => {
  it('are failures of their own questions, and stop nobody', async () => {
    const validator = createValidator();
    server.answer = answering(200, { is_valid: true, claims: { session_id: 'another' } });

    await fail(validator, 10);

    expect(network.calls).toBe(10);
    expect(observer.failures).toEqual(
      Array.from({ length: 10 }, () => 'the reply is about another session'),
    );
    expect(validator.status).toMatchObject({ isFailing: false, retryInMs: 0 });
  });

  it('do not, where Hanko says that a session has ended or cannot be read', async () => {
    const validator = createValidator();
    for (let n = 0; n < 10; n += 1) {
      server.answer =
        n % 2 === 0
          ? ended
          : answering(400, { code: 400, message: 'failed to parse token claims: x' });
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await ask(validator)).toMatchObject({ isAlive: false, isUnreadable: n % 2 === 1 });
    }

    expect(observer.failures).toEqual([]);
    expect(validator.status.isFailing).toBe(false);
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
    await server.until(() => server.open === 0);
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
