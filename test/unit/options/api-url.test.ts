import { beforeAll, describe, expect, it } from 'vitest';
import { SigningKey } from '../../../fake-hanko/src/tokens/keys.js';
import { failure, faults, resolve, warnings } from '../../support/options.js';

let key: SigningKey;
beforeAll(async () => {
  key = await SigningKey.generate(2048, 'a');
});

describe('apiUrl', () => {
  it.each([
    ['https://abc.hanko.io', 'https://abc.hanko.io'],
    ['https://abc.hanko.io/', 'https://abc.hanko.io'],
    ['https://abc.hanko.io///', 'https://abc.hanko.io'],
    ['http://localhost:8000', 'http://localhost:8000'],
    ['http://[::1]:8000/', 'http://[::1]:8000'],
    ['https://login.example.com:443', 'https://login.example.com'],
    ['HTTPS://LOGIN.example.com', 'https://login.example.com'],
    [
      'https://login.example.com/26e99bcd-316c-46f4-a102-b23e2d914d2f',
      'https://login.example.com/26e99bcd-316c-46f4-a102-b23e2d914d2f',
    ],
    ['https://login.example.com/a/b//', 'https://login.example.com/a/b'],
  ])('%s is used as %s', (written, used) => {
    expect(resolve({ apiUrl: written }).apiUrl).toBe(used);
    expect(resolve({}, { HANKO_API_URL: written }).apiUrl).toBe(used);
  });

  it('is missing: says both ways to give it', () => {
    const [fault] = faults({});

    expect(fault?.path).toBe('apiUrl');
    expect(fault?.hint).toMatch(/forRoot\(\{ apiUrl \}\).*HANKO_API_URL/);
  });

  it.each([
    'login.example.com',
    '/login',
    '//login.example.com',
    'localhost:8000',
    'ftp://login.example.com',
    'file:///etc/passwd',
    'data:application/json,{}',
    'ws://login.example.com',
    'https://',
    'nonsense',
    ' ',
    null,
    1,
    true,
    {},
    ['https://login.example.com'],
    new URL('https://login.example.com'),
    'https:login.example.com',
    'https:/login.example.com',
    'https:///login.example.com',
    'https:\\\\login.example.com',
    'https://login.example.com\\tenant',
  ])('must be an absolute http(s) address: %j', (value) => {
    expect(faults({ apiUrl: value })).toEqual([
      {
        path: 'apiUrl',
        hint: 'must be an absolute URL that begins with https:// or http://.',
      },
    ]);
  });

  it.each([
    ['https://login.example.com?x=1', /query/],
    ['https://login.example.com/#x', /fragment/],
    ['https://login.example.com/.well-known/jwks.json', /without \/\.well-known/],
    ['https://login.example.com/tenant/.well-known', /without \/\.well-known/],
    ['https://login.example.com/sessions/validate', /without \/sessions\/validate/],
    ['https://login.example.com/tenant/sessions/', /without \/sessions\/validate/],
    ['https://abc.hanko.io/admin', /public API.*without \/admin/],
    ['https://login.example.com/admin/', /public API.*without \/admin/],
    ['https://cloud.hanko.io', /website of Hanko.*Hanko Console shows/],
    ['https://cloud.hanko.io/project/26e99bcd/general', /Hanko Console shows/],
    ['https://hanko.io', /Hanko Console shows/],
    ['https://docs.hanko.io/api', /Hanko Console shows/],
    ['http://abc.hanko.io', /must begin with https:/],
    ['https://your-project-id.hanko.io', /placeholder/],
    ['https://YOUR_PROJECT.hanko.io', /placeholder/],
    ['https://<id>.hanko.io', /placeholder/],
    ['https://login.example.com/<tenant id>', /placeholder/],
    ['https://{id}.hanko.io', /placeholder/],
    ['https://${ID}.hanko.io', /placeholder/],
    ['$HANKO_URL', /placeholder/],
    ['"https://login.example.com"', /quotes/],
    ["'https://login.example.com'", /quotes/],
    ['https://login.example.com"', /quotes/],
    ['["https://login.example.com"]', /JSON/],
    ['https://exa mple.com', /white space/],
    ['https://login.exa\nmple.com', /white space/],
    ['https://login.exam\u200bple.com', /invisible/],
    ['https://a.example.com, https://b.example.com', /white space/],
    ['https://login.example.com//tenant', /\/\/ in its path/],
    ['https://a.example.com,b.example.com', /one host name/],
    ['https://*.example.com', /one host name/],
    ['http://localhost:0', /port 0/],
    ['undefined', /missing value/],
  ])('%s is refused with its cure', (value, cure) => {
    const [fault, ...others] = faults({ apiUrl: value });

    expect(others).toEqual([]);
    expect(fault?.path).toBe('apiUrl');
    expect(fault?.hint).toMatch(cure);
    expect(fault?.hint).not.toContain(value);
  });

  it.each([
    [' https://login.example.com\r\n', 'https://login.example.com'],
    ['https://b\u00FCcher.example', 'https://xn--bcher-kva.example'],
    ['https://LOGIN.EXAMPLE.COM/Tenant', 'https://login.example.com/Tenant'],
    ['http://hanko_public:8000', 'http://hanko_public:8000'],
    ['https://login.example.com/admin-area', 'https://login.example.com/admin-area'],
    ['https://your.example.com', 'https://your.example.com'],
    ['https://login.example.com.', 'https://login.example.com.'],
  ])('%j is used as %s', (written, used) => {
    expect(resolve({ apiUrl: written }).apiUrl).toBe(used);
    expect(resolve({}, { HANKO_API_URL: written }).apiUrl).toBe(used);
  });

  it("with the port of the Admin API is a warning: it may be somebody's choice", () => {
    expect(warnings({ apiUrl: 'http://localhost:8001' })).toEqual([
      expect.stringMatching(/port 8001.*Admin API.*public API.*8000/),
    ]);
    expect(warnings({ apiUrl: 'http://localhost:8000' })).toEqual([]);
  });

  it('with a path behind a host of Hanko Cloud is a warning', () => {
    expect(warnings({ apiUrl: 'https://abc.hanko.io/login' })).toEqual([
      expect.stringMatching(/^apiUrl has a path, and Hanko Cloud .* without one/),
    ]);
    expect(warnings({ apiUrl: 'https://abc.hanko.io/' })).toEqual([]);
    expect(warnings({ apiUrl: 'https://login.example.com/tenant' })).toEqual([]);
  });

  it.each([
    'https://user:s3cr3t@login.example.com',
    'https://s3cr3t@login.example.com/path',
    'https://:s3cr3t@login.example.com/?token=s3cr3t#s3cr3t',
    'ftp://user:s3cr3t@login.example.com',
    'https://user:s3cr3t@exa mple.com',
  ])('is refused with a user, and never repeated: %s', (value) => {
    for (const error of [failure({ apiUrl: value }), failure({}, { HANKO_API_URL: value })]) {
      for (const text of [error.message, error.stack, JSON.stringify(error.faults)]) {
        expect(text).not.toContain('s3cr3t');
        expect(text).not.toContain('login.example.com');
      }
    }
  });

  it('is not needed beside jwks', () => {
    expect(resolve({ jwks: { keys: [key.publicJwk] } }).apiUrl).toBeNull();
    expect(resolve({ jwks: { getKey: () => undefined } }).apiUrl).toBeNull();
  });
});
