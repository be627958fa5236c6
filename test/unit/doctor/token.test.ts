import { FakeHanko, FORGERIES } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Check } from '../../../lib/doctor/check.js';
import { decodeToken, linesOf } from '../../../lib/doctor/token-report.js';
import { textReport } from '../../../lib/doctor/report.js';
import { isHankoError } from '../../../lib/errors/hanko.errors.js';
import { checksOf, complaintsOf, diagnosisOf, textOf } from '../../support/doctor.js';
import { createService } from '../../support/verifier.js';

let hanko: FakeHanko;
beforeAll(async () => void (hanko = await FakeHanko.start()));
afterAll(() => hanko.stop());

/** What is said of a token, and all of the report. */
async function examine(
  token: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<{ readonly checks: readonly Check[]; readonly report: string }> {
  const diagnosis = await diagnosisOf({
    token,
    variables: { HANKO_API_URL: hanko.url, HANKO_AUDIENCE: 'localhost', ...variables },
  });
  const checks = diagnosis.sections.find(({ title }) => title === 'Token')?.checks ?? [];
  const report = textReport(diagnosis, { hasColour: false, width: null }, Date.now());
  return { checks, report: report + JSON.stringify(diagnosis.sections) };
}

/** Any text as the payload of a token that nobody has signed. */
const madeUp = (payload: unknown, header: object = { alg: 'RS256', kid: 'k' }): string =>
  [header, payload, 'signature']
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');

describe('a valid token', () => {
  test('is accepted, and its session alive', async () => {
    const { checks, report } = await examine(await hanko.token({ email: 'ada@example.test' }));
    expect(complaintsOf(checks)).toEqual([]);
    expect(textOf(checks, 'token')).toContain('The app accepts it');
    expect(textOf(checks, 'session')).toContain('alive');
    expect(textOf(checks, 'cookie')).toContain('called "hanko"');
    expect(report).toContain('it is a session token');
    expect(report).toMatch(/exp: \d+ \(\d{4}-.*Z, in 11 h\)/);
    expect(report).toContain('"ada@example.test"');
  });

  test('whose session has ended is accepted by routes that do not ask, and that is said', async () => {
    const token = await hanko.token();
    hanko.revoke(token);
    const { checks } = await examine(token);
    expect(complaintsOf(checks)).toEqual(['warn session']);
    expect(textOf(checks, 'session')).toMatch(/session has ended.*401 session_revoked/);
  });

  test('about which Hanko gives no reply is accepted, with a warning', async () => {
    const token = await hanko.token();
    await hanko.fault('unavailable', { path: '/sessions/validate' });
    const { checks } = await examine(token);
    await hanko.recover();
    expect(complaintsOf(checks)).toEqual(['warn session']);
  });

  test('whose cookie has another name at Hanko shows that', async () => {
    const { checks } = await examine(await hanko.token(), { HANKO_COOKIE_NAME: 'session' });
    expect(complaintsOf(checks)).toEqual(['warn cookie']);
    expect(textOf(checks, 'cookie')).toMatch(/does not read a cookie "session".*HANKO_COOKIE_NAME/);
  });

  test('is asked about with the default name, where that of the app is none', async () => {
    const { checks } = await examine(await hanko.token(), { HANKO_COOKIE_NAME: 'a\r\nx: y' });
    expect(textOf(checks, 'cookie')).toContain('called "hanko"');
  });

  test('that is too long for a cookie shows that', async () => {
    const { checks } = await examine(await hanko.token({ claims: { x: 'y'.repeat(3500) } }));
    expect(complaintsOf(checks)).toEqual(['warn cookie']);
  });

  test('shows the audience, so that none is guessed from the page', async () => {
    const guess = async (token: string | null): Promise<string> => {
      const variables = { HANKO_API_URL: hanko.url, HANKO_AUDIENCE: 'localhost' };
      const appUrl = 'https://app.example';
      return textOf(checksOf(await diagnosisOf({ token, appUrl, variables })), 'audience');
    };
    expect(await guess(null)).toContain('relying_party.id');
    expect(await guess(await hanko.token())).toBe('');
    expect(await guess(await hanko.expiredToken())).toBe('');
    expect(await guess(await hanko.forgedToken('unknown-kid'))).toContain('relying_party.id');
  });

  test('counts as no activity of the user: no POST is made', async () => {
    const token = await hanko.token();
    hanko.clearRequests();
    await examine(token);
    expect(new Set(hanko.requests.map(({ method }) => method))).toEqual(new Set(['GET']));
  });
});

describe('a refused token', () => {
  test.each<[what: string, token: () => Promise<string> | string, code: string, kind: string]>([
    ['expired', () => hanko.expiredToken(), 'token_expired', 'a session token'],
    [
      'of the future',
      () => hanko.token({ ageSeconds: -60 }),
      'token_not_yet_valid',
      'a session token',
    ],
    [
      'of a webhook',
      () => hanko.webhookToken('user.login', {}),
      'token_not_a_session',
      'a webhook token',
    ],
    [
      'of another kind',
      () => hanko.sign({ payload: { sub: 'me' } }),
      'token_not_a_session',
      'a JWT of another kind',
    ],
    [
      'with Bearer before it',
      async () => `Bearer ${await hanko.token()}`,
      'token_malformed',
      'no JWT, so nothing can be read in it',
    ],
    ['in quotes', async () => `"${await hanko.token()}"`, 'token_malformed', 'a session token'],
    ['that is none', () => 'hello', 'token_malformed', 'no JWT, so nothing can be read in it'],
    [
      'that is encrypted',
      () => 'a.b.c.d.e',
      'token_malformed',
      'no JWT, so nothing can be read in it',
    ],
    [
      'that is too long',
      () => madeUp({ x: 'y'.repeat(9000) }),
      'token_too_large',
      'a JWT of another kind',
    ],
  ])('%s is explained', async (_what, make, code, kind) => {
    const token = await make();
    const { checks, report } = await examine(token);
    expect(complaintsOf(checks)).toContain('fail token');
    expect(textOf(checks, 'token')).toContain(`The app refuses it: 401 ${code}.`);
    expect(/^What the token says of itself: it is (.*)$/m.exec(report)?.[1]).toBe(kind);
    expect(report).not.toContain(token);
  });

  test.each(FORGERIES)('%s has the code that the app gives', async (forgery) => {
    const token = await hanko.forgedToken(forgery);
    const { service } = await createService({ apiUrl: hanko.url, audience: 'localhost' });
    const error: unknown = await service.verifyToken(token).catch((thrown: unknown) => thrown);
    const { checks, report } = await examine(token);
    if (!isHankoError(error)) throw new Error('The app accepts a forgery');
    expect(textOf(checks, 'token')).toContain(`The app refuses it: 401 ${error.code}.`);
    expect(textOf(checks, 'signature')).toBe('');
    for (const part of token.split('.').filter((text) => text.length > 20)) {
      expect(report).not.toContain(part);
    }
  });

  test('says all that is wrong, and which settings this Hanko needs', async () => {
    const token = await hanko.expiredToken({ audience: ['app.test', 'b'], issuer: 'https://me' });
    const { checks } = await examine(token, { HANKO_ISSUER: 'https://you' });
    const text = textOf(checks, 'token');
    expect(text).toContain('The app refuses it: 401 token_expired');
    expect(text).toMatch(
      /also if that were right: 401 token_audience_mismatch.*HANKO_AUDIENCE=app\.test,b/,
    );
    expect(text).toMatch(/401 token_issuer_mismatch.*HANKO_ISSUER=https:\/\/me/);
    expect(textOf(checks, 'signature')).toContain('A key of this Hanko has signed it');
  });

  test('without an issuer says that the setting is in the way', async () => {
    const { checks } = await examine(await hanko.token(), { HANKO_ISSUER: 'https://you' });
    expect(textOf(checks, 'token')).toContain('Remove HANKO_ISSUER');
  });

  test('that another Hanko has signed gives no advice for settings', async () => {
    const other = await FakeHanko.start({ audience: 'evil.test' });
    const token = await other.token();
    await other.stop();
    const { checks } = await examine(token);
    const text = textOf(checks, 'token');
    expect(text).toContain('token_audience_mismatch');
    expect(text).toMatch(/401 token_key_unknown.*made by another Hanko/);
    expect(text).not.toContain('HANKO_AUDIENCE=');
    expect(textOf(checks, 'signature')).toBe('');
  });

  test('while Hanko is down gets 503 as in the app, and an expired one 401', async () => {
    const [good, old] = [await hanko.token(), await hanko.expiredToken()];
    await hanko.fault('unavailable');
    const { checks } = await examine(good);
    expect(textOf(checks, 'token')).toContain('503 hanko_unavailable');
    expect(textOf((await examine(old)).checks, 'token')).toContain('401 token_expired');
    await hanko.recover();
  });
});

describe('what a token says of itself', () => {
  test('cannot write to the terminal', () => {
    const token = madeUp({
      'na\u001b[2Jme': '\u001b]0;title\u0007 \u202Eabc \u009b31m',
      list: ['\n\r'],
      deep: { a: { b: '\u2028' } },
      long: 'x'.repeat(5000),
      sub: 1,
    });
    const lines = linesOf(decodeToken(token), 0);
    expect(lines.join('')).toMatch(/^[ -~…]*$/);
    expect(lines.every((line) => line.length < 300)).toBe(true);
  });

  test('is at most 60 lines', () => {
    const claims = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`c${n}`, n]));
    const lines = linesOf(decodeToken(madeUp(claims)), 0);
    expect(lines).toHaveLength(61);
    expect(lines.at(-1)).toBe('and 442 more');
  });

  test.each([
    [3600, 0, 'in 60 min'],
    [7200, 0, 'in 2 h'],
    [90, 0, 'in 90 s'],
    [0, 200_000_000, '2 d ago'],
    [1e300, 0, null],
  ])('has times that people can read: %s at %s', (exp, nowMs, says) => {
    const [, , line = ''] = linesOf(decodeToken(madeUp({ exp })), nowMs);
    const [, , when = null] = /\((.*), (.*)\)/.exec(line) ?? [];
    expect(when).toBe(says);
  });

  test.each(['', '.', '..', '...', 'a.b.c', 'e30.W10.x', `${'e30.'.repeat(9)}x`])(
    'is nothing, where it is none: %j',
    (text) => {
      expect(decodeToken(text)).toEqual({ kind: 'no JWT', header: {}, claims: {} });
    },
  );
});
