import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isWithin, sharedDomain, webUrl } from '../../../lib/doctor/addresses.js';
import { audienceCheck, cookieChecks, corsChecks } from '../../../lib/doctor/browser-checks.js';
import type { AddressedOptions } from '../../../lib/doctor/hanko-checks.js';
import { resolveOptions } from '../../../lib/options/hanko-options.js';
import { complaintsOf, textOf } from '../../support/doctor.js';

const optionsFor = (apiUrl: string, audience: string | null = 'localhost'): AddressedOptions => {
  const options = resolveOptions({ apiUrl, audience }, () => undefined);
  return { ...options, apiUrl: options.apiUrl ?? '' };
};

const addresses = (page: string | null, api: string | null = null) => ({
  page: page === null ? null : webUrl(page),
  api: api === null ? null : webUrl(api),
});

describe('the cookie', () => {
  const CLOUD = 'https://abc.hanko.io';

  test.each<[hanko: string, page: string, api: string | null, complaints: string[], says: RegExp]>([
    // Hanko sets it.
    ['http://localhost:8000', 'http://localhost:3000', null, [], /API is on the same host/],
    ['http://localhost:8000', 'http://localhost:5173', 'http://localhost:3000', [], /same host/],
    [
      'http://localhost:8000',
      'http://127.0.0.1:3000',
      null,
      ['warn page', 'fail cookie'],
      /use localhost for both/,
    ],
    ['http://127.0.0.1:8000', 'http://localhost:3000', null, ['fail cookie'], /two hosts/],
    [
      'https://login.a.com',
      'https://app.a.com',
      null,
      ['warn cookie'],
      /session\.cookie\.domain: a\.com/,
    ],
    [
      'https://login.a.com',
      'https://app.a.com',
      'https://api.a.com',
      ['warn cookie'],
      /api\.a\.com gets it only/,
    ],
    [
      'https://login.a.com',
      'https://app.b.com',
      null,
      ['fail cookie'],
      /enable_auth_token_header on Hanko: then/,
    ],
    [
      'https://login.a.com',
      'https://app.a.com',
      'https://api.b.com',
      ['fail cookie'],
      /as a bearer/,
    ],
    ['https://login.x.co.uk', 'https://y.co.uk', null, ['warn cookie'], /co\.uk/],
    ['http://10.0.0.1:8000', 'https://app.a.com', null, ['fail cookie'], /share no domain/],
    // The SDK writes it.
    [CLOUD, 'https://app.a.com', null, [], /SDK writes the cookie "hanko" on app\.a\.com/],
    [CLOUD, 'https://app.a.com', 'https://api.a.com', ['warn cookie'], /cookieDomain: 'a\.com'/],
    [CLOUD, 'https://app.a.com', 'https://api.b.com', ['fail cookie'], /never gets it.*bearer/],
    [CLOUD, 'http://localhost:3000', null, [], /same host/],
    // The page itself.
    [CLOUD, 'http://app.a.com', null, ['fail page'], /neither https nor localhost/],
  ])('of %s, for the page %s and the API %s', (hanko, page, api, complaints, says) => {
    const checks = cookieChecks(optionsFor(hanko), addresses(page, api), 'hanko', null);
    expect(complaintsOf(checks)).toEqual(complaints);
    expect(checks.map(({ text, cure }) => `${text} ${cure}`).join('\n')).toMatch(says);
  });

  test.each([
    [{ domain: 'a.com', isHeader: false }, [], /for the domain a\.com, and api\.a\.com is in it/],
    [{ domain: '.a.com', isHeader: false }, [], /is in it/],
    [
      { domain: 'login.a.com', isHeader: false },
      ['fail cookie'],
      /for the domain login\.a\.com: api/,
    ],
    [{ domain: undefined, isHeader: false }, ['fail cookie'], /alone: api\.a\.com never gets it/],
    [{ domain: undefined, isHeader: true }, ['warn cookie'], /cookieDomain/],
  ])('is judged by what Hanko is known to do: %j', (settings, complaints, says) => {
    const place = addresses('https://app.a.com', 'https://api.a.com');
    const checks = cookieChecks(optionsFor('https://login.a.com'), place, 'hanko', settings);
    expect(complaintsOf(checks)).toEqual(complaints);
    expect(textOf(checks, 'cookie')).toMatch(says);
  });

  test('is not judged without a page', () => {
    const [check] = cookieChecks(optionsFor(CLOUD), addresses(null), 'hanko', null);
    expect(check).toMatchObject({ status: 'skip', cure: expect.stringContaining('--app-url') });
  });
});

describe('CORS', () => {
  let hanko: FakeHanko;
  let api: Server;
  /** What the API says. */
  let fields: Record<string, string> = {};

  beforeAll(async () => {
    hanko = await FakeHanko.start({ allowOrigins: ['https://app.a.com'] });
    api = createServer((_request, response) => response.writeHead(204, fields).end());
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    await hanko.stop();
    api.closeAllConnections();
    await new Promise((resolve) => api.close(resolve));
  });

  const check = (page: string, server: string | null = null) =>
    corsChecks(optionsFor(hanko.url), addresses(page, server), () => Date.now());

  test('of Hanko allows the page, or not', async () => {
    const allowed = await check('https://app.a.com/path');
    expect(complaintsOf(allowed)).toEqual([]);
    expect(textOf(allowed, 'cors')).toContain('allows pages of https://app.a.com');
    const refused = await check('https://app.b.com');
    expect(complaintsOf(refused)).toEqual(['fail cors']);
    expect(textOf(refused, 'cors')).toMatch(
      /nobody can sign in.*Add https:\/\/app\.b\.com to cors/,
    );
  });

  test('is not needed on one origin', async () => {
    hanko.clearRequests();
    expect(textOf(await check(hanko.url), 'cors')).toContain('no CORS is needed');
    expect(hanko.requests).toEqual([]);
  });

  test('that Hanko does not answer is a warning', async () => {
    await hanko.fault('refuse');
    expect(complaintsOf(await check('https://app.a.com'))).toEqual(['warn cors']);
    await hanko.recover();
  });

  const ORIGIN = 'access-control-allow-origin';
  const CREDENTIALS = { 'access-control-allow-credentials': 'true' };
  test.each<[what: string, says: Record<string, string>, complaints: string[]]>([
    ['the page with cookies', { [ORIGIN]: 'https://app.a.com', ...CREDENTIALS }, []],
    ['the page without cookies', { [ORIGIN]: 'https://app.a.com' }, ['warn cors']],
    ['everybody', { [ORIGIN]: '*' }, ['warn cors']],
    [
      'everybody, with cookies, which browsers refuse',
      { [ORIGIN]: '*', ...CREDENTIALS },
      ['warn cors'],
    ],
    ['another page', { [ORIGIN]: 'https://app.b.com', ...CREDENTIALS }, ['fail cors']],
    ['nobody', {}, ['fail cors']],
  ])('of the API that allows %s', async (_what, says, complaints) => {
    fields = says;
    const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
    const checks = await check('https://app.a.com', url);
    expect(complaintsOf(checks)).toEqual(complaints);
    const cure = "enableCors({ origin: ['https://app.a.com'], credentials: true })";
    expect(textOf(checks, 'cors').includes(cure)).toBe(complaints.length > 0);
  });

  test('of an API that does not run is not judged', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => gone.once('listening', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const checks = await check('https://app.a.com', `http://127.0.0.1:${port}`);
    expect(complaintsOf(checks)).toEqual([]);
    expect(textOf(checks, 'cors')).toContain('gives no reply: ECONNREFUSED');
  });
});

describe('the audience', () => {
  test.each([
    ['app.a.com', 'https://app.a.com', []],
    ['a.com', 'https://app.a.com', []],
    ['localhost', 'http://localhost:3000', []],
    ['localhost', 'https://app.a.com', ['warn audience']],
    ['pp.a.com', 'https://app.a.com', ['warn audience']],
    ['app.a.com', null, []],
    [null, 'https://app.a.com', []],
  ])('%s is held against the page %s', (audience, page, complaints) => {
    const check = audienceCheck(optionsFor('https://login.a.com', audience), addresses(page));
    expect(complaintsOf([check])).toEqual(complaints);
  });
});

describe('hosts', () => {
  test.each([
    ['a.b.com', 'c.b.com', 'b.com'],
    ['b.com', 'c.b.com', 'b.com'],
    ['a.com', 'b.com', null],
    ['localhost', 'localhost', 'localhost'],
    ['127.0.0.1', '127.0.0.2', null],
    ['x.0.0.1', '127.0.0.1', null],
  ])('%s and %s share %s', (a, b, shared) => {
    expect(sharedDomain(a, b)).toBe(shared);
    expect(sharedDomain(b, a)).toBe(shared);
  });

  test.each([
    ['1.2.3.4', '3.4', false],
    ['a.b', 'b', true],
    ['ab', 'b', false],
  ])('%s is within %s: %s', (host, domain, expected) => {
    expect(isWithin(host, domain)).toBe(expected);
  });

  test.each(['ftp://a', 'a.com', 'https://user:pw@a.com', 'http:a', 'javascript:1', ''])(
    '%s is no address of the web',
    (text) => expect(webUrl(text)).toBeNull(),
  );
});
