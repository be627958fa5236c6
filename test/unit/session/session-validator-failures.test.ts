import { FakeHanko, type FaultKind } from 'fake-hanko';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { turn } from '../../support/jwks.js';
import {
  alive,
  answering,
  broken,
  ended,
  testSession,
  ValidateServer,
} from '../../support/validate-server.js';
import { refusalOf, unavailableRefusal } from '../../support/verifier.js';
import {
  START,
  ALIVE,
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
    ['wrong-json', /^the reply does not have the shape of \/sessions\/validate$/],
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
    await server.until(() => server.underWay === 0);
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
    await server.until(() => server.underWay === 0);
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
      /^warn Hanko cannot validate sessions: status 500\. Until it can, .* HankoSessions$/,
    ) as string;
    const up = 'log Hanko validates sessions again HankoSessions';
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
