import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FetchFailure } from '../../../lib/http/fetch-failure.js';
import { parseValidation, type SessionVerdict } from '../../../lib/session/session-verdict.js';
import { type Exchange, exchangesOf } from '../../../fake-hanko/test/support/recordings.js';

const sessionId: string = randomUUID();

/** What is read from an answer, or why nothing is. */
function read(status: number, json: unknown, id = sessionId): SessionVerdict | string {
  try {
    return parseValidation({ status, json }, id);
  } catch (error) {
    if (!(error instanceof FetchFailure)) throw error;
    return error.message;
  }
}

const ALIVE = { isAlive: true, idleExpiresAt: null };
const ENDED = { isAlive: false, isUnreadable: false };
const UNREADABLE = { isAlive: false, isUnreadable: true };
const OTHER_SHAPE = 'the reply does not have the shape of /sessions/validate';
const OTHER_SESSION = 'the reply is about another session';

describe('a recorded answer', () => {
  const recordings = ['v3.0.4-defaults', 'main-configured', 'main-tenants', 'main-rotation']
    .flatMap(exchangesOf)
    .filter(({ request }) => request.path.endsWith('/sessions/validate'));
  const bodyOf = ({ response }: Exchange): Record<string, unknown> =>
    response.body as Record<string, unknown>;
  const sessionOf = (exchange: Exchange): string =>
    String((bodyOf(exchange).claims as { session_id: unknown } | undefined)?.session_id);
  const named = (name: string): Exchange => {
    const found = recordings.find((exchange) => exchange.name === name);
    return found ?? expect.unreachable(`no recording of ${name}`);
  };
  const readOf = (exchange: Exchange): SessionVerdict | string =>
    read(exchange.response.status, exchange.response.body, sessionOf(exchange));

  const valid = recordings.filter((exchange) => bodyOf(exchange).is_valid === true);
  const invalid = recordings.filter((exchange) => bodyOf(exchange).is_valid === false);
  const others = recordings.filter((exchange) => !('is_valid' in bodyOf(exchange)));

  it('is one of 46', () => {
    expect([valid.length, invalid.length, others.length]).toEqual([17, 16, 13]);
  });

  it.each(valid)('says that the session is alive: $key', (exchange) => {
    const { idle_expires_at: idle } = bodyOf(exchange);
    const idleExpiresAt = idle === undefined ? null : Date.parse(idle as string);

    expect(readOf(exchange)).toEqual({ isAlive: true, idleExpiresAt });
    expect(read(200, exchange.response.body)).toBe(OTHER_SESSION);
  });

  it.each(invalid)('says that the session has ended: $key', (exchange) => {
    expect(readOf(exchange)).toEqual(ENDED);
  });

  it.each([
    'GET, email is text',
    'POST, email is text',
    'GET, webhook token as session',
    'POST, webhook token as session',
    'GET, webhook bearer and good cookie',
  ])('says that Hanko cannot read the claims: %s', (name) => {
    expect(readOf(named(name))).toEqual(UNREADABLE);
  });

  it.each([
    ['POST, text/plain', 'status 415'],
    ['PUT', 'status 404'],
    ['tenant unknown', 'status 404: tenant not found'],
  ])('says nothing of the session: %s', (name, reason) => {
    expect(readOf(named(name))).toBe(reason);
  });

  it('says nothing of the session where apiUrl names no tenant', () => {
    expect(readOf(named('tenant is not a uuid'))).toBe('status 400');
  });

  it('knows when an idle session ends, to the millisecond', () => {
    expect(readOf(named('POST touches'))).toEqual({
      isAlive: true,
      idleExpiresAt: Date.parse('2026-11-23T17:24:14.020Z'),
    });
  });
});

describe('an answer', () => {
  const claims = { session_id: sessionId };

  it('needs no more than what is read of it', () => {
    expect(read(200, { is_valid: true, claims })).toEqual(ALIVE);
    expect(read(200, { is_valid: false })).toEqual(ENDED);
  });

  it.each([
    { name: 'null', json: null },
    { name: 'nothing', json: undefined },
    { name: 'true', json: true },
    { name: 'a text', json: 'is_valid' },
    { name: 'a number', json: 1 },
    { name: 'a list', json: [{ is_valid: true, claims }] },
    { name: 'an empty list', json: [] },
    { name: 'an empty object', json: {} },
    { name: 'is_valid as text', json: { is_valid: 'true', claims } },
    { name: 'is_valid "false" as text', json: { is_valid: 'false' } },
    { name: 'is_valid as number', json: { is_valid: 1, claims } },
    { name: 'is_valid 0', json: { is_valid: 0 } },
    { name: 'is_valid null', json: { is_valid: null, claims } },
    { name: 'is_valid in a list', json: { is_valid: [true], claims } },
    { name: 'is_valid by another name', json: { isValid: true, claims } },
    { name: 'no claims', json: { is_valid: true } },
    { name: 'claims null', json: { is_valid: true, claims: null } },
    { name: 'claims as text', json: { is_valid: true, claims: sessionId } },
    { name: 'claims as list', json: { is_valid: true, claims: [claims] } },
    { name: 'an answer in an answer', json: { data: { is_valid: true, claims } } },
  ])('of another shape says nothing: $name', ({ json }) => {
    expect(read(200, json)).toBe(OTHER_SHAPE);
  });

  it('that is a list with members says nothing', () => {
    const list = Object.assign([], { is_valid: true, claims });

    expect(read(200, list)).toBe(OTHER_SHAPE);
    expect(read(200, Object.assign([], { is_valid: false }))).toBe(OTHER_SHAPE);
    expect(read(200, { is_valid: true, claims: Object.assign([], claims) })).toBe(OTHER_SHAPE);
  });

  it.each([randomUUID(), '', sessionId.toUpperCase(), [sessionId], null, undefined])(
    'about another session says nothing: %j',
    (session_id) => {
      expect(read(200, { is_valid: true, claims: { session_id } })).toBe(OTHER_SESSION);
    },
  );

  it.each(['', 'soon', null, 1_700_000_000_000, {}, ['2026-11-23T17:24:11Z']])(
    'without a time to read has no idle timeout: %j',
    (idle_expires_at) => {
      expect(read(200, { is_valid: true, claims, idle_expires_at })).toEqual(ALIVE);
    },
  );
});

describe('a refusal', () => {
  it("by a gateway says nothing of the session, whatever the gateway's words", () => {
    for (const json of [
      null,
      {},
      [],
      'Bad Request',
      { code: '400' },
      { code: 'BAD_REQUEST', message: 'no' },
      { code: '400', message: 'failed to parse token claims: x' },
      { statusCode: 400, message: 'Bad Request' },
      { error: { code: 400 } },
      { is_valid: false },
      [{ code: 400 }],
    ]) {
      expect(read(400, json)).toBe('status 400');
    }
  });

  it('of the claims has status and code 400', () => {
    const message = "failed to parse token claims: unexpected 'email' claim type: string";

    expect(read(400, { code: 400, message })).toEqual(UNREADABLE);
    expect(read(200, { code: 400, message })).toBe(OTHER_SHAPE);
  });

  it.each([201, 204, 301, 302, 401, 403, 404, 415, 429, 500, 502, 503])(
    'with status %i says nothing, even in the words of a good answer',
    (status) => {
      for (const json of [{ is_valid: false }, { is_valid: true, claims: {} }, { code: 400 }]) {
        expect(read(status, json)).toBe(`status ${status}`);
      }
    },
  );
});
