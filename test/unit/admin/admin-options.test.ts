import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { resolveAdminOptions } from '../../../lib/admin/admin-options.js';
import { type ConfigurationFault, HankoConfigurationError } from 'nestjs-hanko';

type Environment = Readonly<Record<string, unknown>>;

const resolve = (written: unknown, environment: Environment = {}) =>
  resolveAdminOptions(written, (name) => environment[name], 'Admin');

const faults = (written: unknown, environment: Environment = {}): readonly ConfigurationFault[] => {
  try {
    resolve(written, environment);
  } catch (error) {
    expect(error).toBeInstanceOf(HankoConfigurationError);
    return (error as HankoConfigurationError).faults;
  }
  return [];
};

const KEY = 'a-key';

describe('url', () => {
  it.each([
    ['http://hanko:8001', 'http://hanko:8001'],
    ['http://hanko:8001/', 'http://hanko:8001'],
    [' http://hanko:8001//\n', 'http://hanko:8001'],
    ['HTTP://HANKO:8001', 'http://hanko:8001'],
    ['http://[::1]:8001/', 'http://[::1]:8001'],
    [
      'http://hanko:8001/26e99bcd-316c-46f4-a102-b23e2d914d2f/',
      'http://hanko:8001/26e99bcd-316c-46f4-a102-b23e2d914d2f',
    ],
    ['https://login.internal/hanko/admin/', 'https://login.internal/hanko/admin'],
  ])('%j is used as %s', (written, used) => {
    expect(resolve({ url: written }).url).toBe(used);
    expect(resolve({}, { HANKO_ADMIN_URL: written }).url).toBe(used);
  });

  it.each([
    ['https://abc.hanko.io', 'https://abc.hanko.io/admin'],
    [' https://abc.hanko.io/\n', 'https://abc.hanko.io/admin'],
  ])('follows on Hanko Cloud from HANKO_API_URL=%j', (apiUrl, url) => {
    const environment = { HANKO_API_URL: apiUrl, HANKO_ADMIN_API_KEY: KEY };

    expect(resolve({}, environment)).toMatchObject({ url, apiKey: KEY, warnings: [] });
    expect(
      resolve({ url: 'http://hanko:8001', apiKey: undefined }, { HANKO_API_URL: apiUrl }),
    ).toMatchObject({
      url: 'http://hanko:8001',
    });
  });

  it.each(['', null, undefined])('takes %j in the environment for unset', (value) => {
    expect(faults({}, { HANKO_ADMIN_URL: value, HANKO_API_URL: value })).toEqual([
      { path: 'Admin.url', hint: expect.stringMatching(/^is missing\. Set HANKO_ADMIN_URL/) },
    ]);
  });

  it.each([undefined, 'https://login.example.com', 'https://hanko.io.example.com', 'no url'])(
    'does not follow from HANKO_API_URL=%j',
    (apiUrl) => {
      expect(faults({}, { HANKO_API_URL: apiUrl })).toMatchObject([{ path: 'Admin.url' }]);
    },
  );

  it.each<[unknown, RegExp]>([
    ['hanko:8001', /absolute URL/],
    ['localhost:8001', /absolute URL/],
    ['ftp://hanko', /absolute URL/],
    ['https:hanko', /absolute URL/],
    ['http:\\\\hanko', /absolute URL/],
    [8001, /absolute URL/],
    [new URL('http://hanko:8001'), /absolute URL/],
    [' ', /absolute URL/],
    [null, /absolute URL/],
    ['"http://hanko:8001"', /quotes/],
    ['http://<host>:8001', /placeholder/],
    ['HANKO_ADMIN_URL=http://hanko:8001', /name of a variable/],
    ['http://hanko:8001 http://other', /white space/],
    [
      'http://a:b@hanko:8001',
      /must not contain credentials: write the key into HANKO_ADMIN_API_KEY/,
    ],
    ['http://hanko:8001?a=b', /query/],
    ['http://hanko:8001#a', /fragment/],
    ['http://hanko:8001/a//b', /\/\/ in its path/],
    ['http://hanko:0', /port 0/],
    ['http://hanko:8001,http://other', /.+/],
    ['http://hanko:8001/users', /without the path of a route/],
    ['http://hanko:8001/health/alive', /without the path of a route/],
    ['https://cloud.hanko.io/admin', /website of Hanko/],
    ['https://your-project.hanko.io/admin', /placeholder/],
    ['http://abc.hanko.io/admin', /https:\/\//],
    ['https://abc.hanko.io', /https:\/\/<id>\.hanko\.io\/admin/],
    ['https://abc.hanko.io/admin/users', /\/admin/],
  ])('is refused: %j', (url, hint) => {
    const found = faults({ url, apiKey: KEY });
    expect(found.map(({ path }) => path)).toContain('Admin.url');
    expect(found.map((fault) => fault.hint).join('\n')).toMatch(hint);
    if (url === null) return;
    const inEnvironment = faults({}, { HANKO_ADMIN_URL: url, HANKO_ADMIN_API_KEY: KEY });
    expect(inEnvironment.map(({ path }) => path)).toContain('HANKO_ADMIN_URL');
  });

  it('of the management API is of no Cloud, and of a tenant no more', () => {
    const of = (managementUrl: unknown): string[] =>
      faults({ url: 'http://hanko:8001', managementUrl }).map(({ path }) => path);

    expect(resolve({ url: 'http://hanko:8001' }).managementUrl).toBeNull();
    expect(of('http://hanko:8002/')).toEqual([]);
    expect(of('https://abc.hanko.io/admin')).toEqual(['Admin.managementUrl']);
    expect(of('http://hanko:8002/tenants')).toEqual(['Admin.managementUrl']);
    expect(of('hanko:8002')).toEqual(['Admin.managementUrl']);
  });
});

describe('apiKey', () => {
  it.each([
    [' key\n', 'key'],
    ['a.b-c_d~e+f/g==', 'a.b-c_d~e+f/g=='],
  ])('%j is used as %s', (apiKey, used) => {
    expect(resolve({ url: 'https://x.internal', apiKey }).apiKey).toBe(used);
    expect(resolve({ url: 'https://x.internal' }, { HANKO_ADMIN_API_KEY: apiKey }).apiKey).toBe(
      used,
    );
  });

  it.each<[unknown, RegExp]>([
    ['', /API key/],
    [5, /API key/],
    [null, /API key/],
    ['"key"', /quotes/],
    ['Bearer key', /white space/],
    ['ke\ny', /white space/],
    ['schlüssel', /letter that no API key has/],
    ['undefined', /missing value/],
    ['${KEY}', /placeholder/],
  ])('is refused: %j', (apiKey, hint) => {
    const found = faults({ url: 'https://x.internal', apiKey });
    expect(found).toMatchObject([{ path: 'Admin.apiKey', hint: expect.stringMatching(hint) }]);
  });

  it('is not repeated where it is wrong', () => {
    const found = faults({ url: 'https://x.internal', apiKey: 'se cret', key: 'se cret' });
    expect(inspect(found, { depth: 9 })).not.toContain('cret');
  });

  it('goes over http:// to this machine alone', () => {
    for (const url of [
      'http://localhost:8001',
      'http://127.0.0.1:8001',
      'http://[::1]:8001',
      'https://x.example',
    ]) {
      expect(faults({ url, apiKey: KEY })).toEqual([]);
    }
    for (const url of ['http://hanko:8001', 'http://10.0.0.1:8001', 'http://x.example']) {
      expect(faults({ url, apiKey: KEY })).toEqual([
        { path: 'Admin.url', hint: expect.stringContaining('must begin with https://') },
      ]);
    }
  });

  it('is required on Hanko Cloud', () => {
    expect(faults({ url: 'https://abc.hanko.io/admin' })).toMatchObject([{ path: 'Admin.apiKey' }]);
    expect(faults({}, { HANKO_API_URL: 'https://abc.hanko.io' })).toMatchObject([
      { path: 'Admin.apiKey', hint: expect.stringContaining('HANKO_ADMIN_API_KEY') },
    ]);
  });
});

describe('a warning', () => {
  const warnings = (options: object, environment?: Environment): readonly string[] =>
    resolve(options, environment).warnings;

  it.each([
    'http://login.example.com:8001',
    'https://login.example.com',
    'http://8.8.8.8:8001',
    'http://10.example.com',
    'http://192.168.1.example.com',
    'http://172.32.0.1:8001',
    'http://100.128.0.1:8001',
    'http://[2001:db8::1]:8001',
    'http://fd.example.com',
    'http://internal.example.com',
  ])('is given for an address on the open net without a key: %s', (url) => {
    expect(warnings({ url })).toEqual([expect.stringMatching(/open net and there is no API key/)]);
  });

  it('is not given for an address on the open net with a key', () => {
    expect(warnings({ url: 'https://login.example.com', apiKey: KEY })).toEqual([]);
  });

  it.each([
    'http://localhost:8001',
    'http://hanko:8001',
    'http://10.1.2.3:8001',
    'http://172.16.0.1:8001',
    'http://172.31.255.1:8001',
    'http://192.168.0.1:8001',
    'http://169.254.0.1:8001',
    'http://100.64.0.1:8001',
    'http://[fd00::1]:8001',
    'http://[fe80::1]:8001',
    'http://hanko.default.svc.cluster.local:8001',
    'http://hanko.svc:8001',
    'http://host.docker.internal:8001',
  ])('is not given for an address that others cannot reach: %s', (url) => {
    expect(warnings({ url })).toEqual([]);
  });

  it.each([
    [{ url: 'http://hanko:8000' }, {}, /port 8000, where Hanko's public API/],
    [{ url: 'http://hanko:9000' }, { HANKO_API_URL: 'http://hanko:9000/' }, /is HANKO_API_URL/],
    [{ url: 'http://h:9001', managementUrl: 'http://h:9001/' }, {}, /have one address/],
    [
      { url: 'http://h:9001', managementUrl: 'https://m.example.com' },
      {},
      /management API's address is on the open net/,
    ],
  ])('is given for what is probably a mistake: %j', (options, environment, warning) => {
    expect(warnings(options, environment)).toEqual([expect.stringMatching(warning)]);
  });
});

describe('the options', () => {
  it.each([undefined, null, 'http://hanko:8001', [], 5])('must be an object: %j', (written) => {
    const [fault, ...others] = faults(written, { HANKO_ADMIN_URL: 'http://hanko:8001' });
    expect(others).toEqual([]);
    expect(fault?.hint).toMatch(/^takes an object with options/);
  });

  it('that do not exist are named, with those that do', () => {
    expect(
      faults({ adminUrl: 'http://hanko:8001', HANKO_ADMIN_URL: 'x', isGlobal: true }),
    ).toMatchObject([
      { path: 'Admin.adminUrl', hint: expect.stringContaining('url, apiKey, managementUrl') },
      { path: 'Admin.HANKO_ADMIN_URL' },
      { path: 'Admin.isGlobal' },
    ]);
  });

  it('are all checked: one error names all that is wrong', () => {
    const wrong = {
      url: 'x',
      apiKey: ' a b',
      managementUrl: 'x',
      timeoutMs: 0,
      maxReplyBytes: '1',
      fetch: 'x',
    };
    expect(faults(wrong).map(({ path }) => path)).toEqual(
      Object.keys(wrong).map((name) => `Admin.${name}`),
    );
  });

  it('have defaults', () => {
    expect(resolve({ url: 'http://hanko:8001' })).toEqual({
      url: 'http://hanko:8001',
      apiKey: null,
      managementUrl: null,
      timeoutMs: 10_000,
      maxReplyBytes: 8_388_608,
      metadataSchemas: null,
      fetch: null,
      warnings: [],
    });
  });
});
