import { randomUUID } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import type { HankoRevocation } from 'nestjs-hanko';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  ADA_ID,
  ADA_SESSION_ID,
  createRevocation,
  DAY,
  SharedStore,
  START,
} from '../../support/revocation.js';

const TOKEN = `eyJhbGciOiJSUzI1NiJ9.${'x'.repeat(200)}.signature`;

let store: SharedStore;
let revocation: HankoRevocation;

beforeEach(() => {
  store = new SharedStore();
  revocation = createRevocation({ now: () => START, revocation: { store } });
});

/** What it was refused with; and that nothing was revoked. */
async function refusalOf(act: Promise<void>): Promise<Error> {
  const error: unknown = await act.then(
    () => expect.unreachable('it was accepted'),
    (thrown: unknown) => thrown,
  );
  expect(revocation.status.entries).toBe(0);
  expect(store.writes).toEqual([]);
  expect(error).toBeInstanceOf(Error);
  return error as Error;
}

describe.each(['revoke', 'revokeUser'] as const)('%s()', (method) => {
  const act = (id: unknown, time?: unknown): Promise<void> =>
    revocation[method](id as string, time as Date);
  const expected =
    method === 'revoke' ? /session_id claim, as in user\.sessionId/ : /sub claim, as in user\.id/;

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['an empty text', ''],
    ['a token', TOKEN],
    ['a UUID with a space before it', ` ${ADA_ID}`],
    ['a UUID with a newline after it', `${ADA_ID}\n`],
    ['a UUID in braces', `{${ADA_ID}}`],
    ['a UUID of a URN', `urn:uuid:${ADA_ID}`],
    ['a UUID without hyphens', ADA_ID.replaceAll('-', '')],
    ['half of a UUID', ADA_ID.slice(0, 18)],
    ['an email address', 'ada@example.test'],
    ['a number', 493_817],
    ['a list', [ADA_ID]],
    ['a user', { id: ADA_ID, sessionId: ADA_SESSION_ID }],
    ['a String object', new String(ADA_ID)],
  ])('refuses %s and says what it takes, without repeating it', async (_, id) => {
    const error = await refusalOf(act(id));

    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(expected);
    expect(error.message).toContain('nothing was revoked');
    for (const part of [TOKEN, ADA_ID, ADA_ID.slice(0, 18), 'ada@', '493817', '493,817']) {
      expect(error.message).not.toContain(part);
    }
  });

  it.each([ADA_ID, ADA_ID.toUpperCase(), randomUUID()])('takes the UUID %s', async (id) => {
    await act(id);

    expect(revocation.status.entries).toBe(1);
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['a number', START + DAY],
    ['a text', new Date(START + DAY).toISOString()],
    ['an invalid Date', new Date('tomorrow')],
    ['an object with the methods of a Date', { getTime: () => START + DAY }],
  ])('refuses %s as a time', async (_, time) => {
    const error = await refusalOf(act(ADA_ID, time));

    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/^HankoRevocation: "(until|issuedUpTo)" must be a valid Date/);
    expect(error.message).not.toContain(String(START + DAY));
  });

  it('takes a Date of another realm, as Jest makes them', async () => {
    await act(ADA_ID, runInNewContext(`new Date(${START + 60_000})`));

    expect(revocation.status.entries).toBe(1);
  });
});

describe('times that revoke nothing', () => {
  it('a session that expired is refused, with the cure', async () => {
    const error = await refusalOf(revocation.revoke(ADA_SESSION_ID, new Date(START - 5_001)));

    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toContain('Omit it');
  });

  it('a session that expires within the tolerance is revoked', async () => {
    await revocation.revoke(ADA_SESSION_ID, new Date(START - 4_999));

    expect(revocation.status.entries).toBe(1);
  });

  it.each([
    ['seconds in place of milliseconds', new Date(START / 1000)],
    ['1970', new Date(0)],
    ['longer ago than any session lasts', new Date(START - 31 * DAY - 1)],
    ['microseconds', new Date(START * 1000)],
  ])('a user up to a moment far away is refused: %s', async (_, issuedUpTo) => {
    const error = await refusalOf(revocation.revokeUser(ADA_ID, issuedUpTo));

    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toContain('maxSessionLifetimeSeconds');
  });
});
