import type { IncomingRequest } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { refuseCrossSite } from '../../../lib/extraction/cross-site.js';
import { nodeHeaders, nodeRequest } from '../../support/node-headers.js';
import { type Refusal, thrownRefusalOf } from '../../support/verifier.js';

const refusal: Refusal = {
  name: 'HankoCrossSiteError',
  code: 'cross_site_request',
  status: 403,
  body: {
    statusCode: 403,
    code: 'cross_site_request',
    message: 'A cross-site request may not use the session cookie',
  },
  headers: {},
  leaks: [],
};

type Fields = Readonly<Record<string, string | readonly string[] | undefined>>;

interface Case {
  readonly method?: string | undefined;
  readonly site?: string | readonly string[];
  readonly origin?: string | readonly string[];
  readonly host?: string | readonly string[];
}

const HOST = 'api.example.com';
const OWN = 'https://api.example.com';
const SIBLING = 'https://app.example.com';
const FOREIGN = 'https://evil.test';

const fieldsOf = ({ site, origin, host = HOST }: Case): Fields => ({
  'Sec-Fetch-Site': site,
  Origin: origin,
  Host: host,
});

const rawHeaders = (fields: Fields): string[] =>
  Object.entries(fields).flatMap(([name, values]) =>
    ([] as readonly string[]).concat(values ?? []).flatMap((value) => [name, value]),
  );

const parsedHeaders = (fields: Fields): IncomingRequest['headers'] =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]));

const platforms: readonly { platform: string; request: (row: Case) => IncomingRequest }[] = [
  {
    platform: 'Node and Express',
    request: (row) => nodeRequest(rawHeaders(fieldsOf(row)), row.method),
  },
  {
    platform: 'Fastify',
    request: (row) => ({
      method: row.method,
      headers: nodeHeaders(rawHeaders(fieldsOf(row))),
      raw: { rawHeaders: rawHeaders(fieldsOf(row)) },
    }),
  },
  {
    platform: 'only parsed headers',
    request: (row) => ({ method: row.method, headers: parsedHeaders(fieldsOf(row)) }),
  },
  {
    // serverless-http/lib/request.js (4.0.0): an IncomingMessage with `headers` and no `rawHeaders`.
    platform: 'serverless adapters',
    request: (row) => ({
      method: row.method,
      headers: parsedHeaders(fieldsOf(row)),
      rawHeaders: [],
    }),
  },
];

const none: ReadonlySet<string> = new Set();

describe.each(platforms)('a request with a cookie on $platform', ({ request }) => {
  const check = (row: Case, trusted = none): void => {
    refuseCrossSite(request({ method: 'POST', ...row }), trusted);
  };

  it.each<Case>([
    { method: 'POST', site: 'cross-site', origin: FOREIGN },
    { method: 'POST', site: 'cross-site' },
    { method: 'POST', site: 'cross-site', origin: OWN },
    { method: 'POST', origin: FOREIGN },
    { method: 'PUT', site: 'cross-site', origin: FOREIGN },
    { method: 'PATCH', site: 'cross-site', origin: FOREIGN },
    { method: 'DELETE', site: 'cross-site', origin: FOREIGN },
    { method: 'DELETE', origin: FOREIGN },
  ])('is refused from a foreign site: $method, $site, $origin', (row) => {
    expect(thrownRefusalOf(() => check(row))).toEqual(refusal);
  });

  it.each(['same-origin', 'same-site', 'none'])('is allowed from the site %s', (site) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expect(() => check({ method, site })).not.toThrow();
      expect(() => check({ method, site, origin: SIBLING })).not.toThrow();
    }
  });

  it('is allowed without either header: that is no browser', () => {
    expect(() => check({})).not.toThrow();
  });
});

const check = (row: Case, ...trusted: readonly string[]): void => {
  const method = 'method' in row ? row.method : 'POST';
  refuseCrossSite(nodeRequest(rawHeaders(fieldsOf(row)), method), new Set(trusted));
};

describe('the method', () => {
  const foreign = { site: 'cross-site', origin: FOREIGN };

  it.each(['GET', 'HEAD', 'OPTIONS'])('is safe, from wherever it comes: %s', (method) => {
    expect(() => check({ method, ...foreign })).not.toThrow();
    expect(() => check({ method, origin: 'null' })).not.toThrow();
    expect(() => check({ method, site: 'nonsense' })).not.toThrow();
  });

  it.each([
    'POST',
    'PUT',
    'PATCH',
    'DELETE',
    'CONNECT',
    'TRACE',
    'QUERY',
    'PROPFIND',
    'LINK',
    'NONSENSE',
    'get',
    'Get',
    'head',
    'options',
    'GET ',
    ' GET',
    'GETX',
    'GET,POST',
    '',
    'constructor',
    undefined,
  ])('is unsafe: %j', (method) => {
    expect(thrownRefusalOf(() => check({ method, ...foreign }))).toEqual(refusal);
    expect(thrownRefusalOf(() => check({ method, origin: FOREIGN }))).toEqual(refusal);
    expect(() => check({ method, site: 'same-origin' })).not.toThrow();
  });

  it('is unsafe where there is none', () => {
    const request = { headers: { 'sec-fetch-site': 'cross-site' } };

    expect(thrownRefusalOf(() => refuseCrossSite(request, none))).toEqual(refusal);
  });
});

describe('Sec-Fetch-Site', () => {
  it.each([
    'Same-Origin',
    'SAME-SITE',
    'same origin',
    'same-origin ',
    'same-origin,',
    'same-origin, same-origin',
    'same-originx',
    'same',
    'cross-origin',
    'None',
    'null',
    'undefined',
    '?1',
    ',',
    'constructor',
  ])('fails closed for an odd value: %j', (site) => {
    expect(thrownRefusalOf(() => check({ site }))).toEqual(refusal);
    expect(thrownRefusalOf(() => check({ site, origin: OWN }))).toEqual(refusal);
  });

  it.each([
    { name: 'good, then bad', site: ['same-origin', 'cross-site'] },
    { name: 'bad, then good', site: ['cross-site', 'same-origin'] },
    { name: 'good twice', site: ['same-origin', 'same-origin'] },
    { name: 'empty, then good', site: ['', 'same-origin'] },
    { name: 'empty twice', site: ['', ''] },
  ])('fails closed if it comes twice: $name', ({ site }) => {
    expect(thrownRefusalOf(() => check({ site }))).toEqual(refusal);
  });

  it('counts as absent if it is empty: then Origin decides', () => {
    expect(thrownRefusalOf(() => check({ site: '', origin: FOREIGN }))).toEqual(refusal);
    expect(() => check({ site: '', origin: OWN })).not.toThrow();
  });

  it('of the same site passes whatever Origin says: browsers do not let pages set it', () => {
    for (const origin of [OWN, SIBLING, FOREIGN, 'null', 'nonsense']) {
      expect(() => check({ site: 'same-site', origin })).not.toThrow();
      expect(() => check({ site: 'same-origin', origin })).not.toThrow();
    }
  });

  it('of a cross-site request beats an Origin of our own host', () => {
    expect(thrownRefusalOf(() => check({ site: 'cross-site', origin: OWN }))).toEqual(refusal);
  });
});

describe('a trusted origin', () => {
  const trusted = 'https://app.example.org';

  it.each([
    { name: 'cross-site', row: { site: 'cross-site', origin: trusted } },
    { name: 'without Fetch Metadata', row: { origin: trusted } },
    { name: 'with a port', row: { origin: 'https://dev.example.org:8443' } },
    { name: 'with odd Fetch Metadata', row: { site: 'nonsense', origin: trusted } },
  ])('may use the cookie: $name', ({ row }) => {
    expect(() => check(row, 'https://dev.example.org:8443', trusted)).not.toThrow();
  });

  it.each([
    'http://app.example.org',
    'https://app.example.org:8443',
    'https://app.example.org/',
    'https://app.example.org.evil.test',
    'https://evil.test/https://app.example.org',
    'https://xapp.example.org',
    'https://APP.example.org',
    'app.example.org',
    'null',
    '',
  ])('is matched exactly: %j', (origin) => {
    expect(thrownRefusalOf(() => check({ site: 'cross-site', origin }, trusted))).toEqual(refusal);
  });

  it.each([
    { name: 'first', origin: [trusted, FOREIGN] },
    { name: 'last', origin: [FOREIGN, trusted] },
    { name: 'twice', origin: [trusted, trusted] },
    { name: 'in a list', origin: `${trusted}, ${FOREIGN}` },
    { name: 'in a list with spaces', origin: `${FOREIGN} ${trusted}` },
  ])('does not count beside another one: $name', ({ origin }) => {
    expect(thrownRefusalOf(() => check({ origin }, trusted))).toEqual(refusal);
    expect(thrownRefusalOf(() => check({ site: 'cross-site', origin }, trusted))).toEqual(refusal);
  });

  it('does not make up for one that is missing', () => {
    expect(thrownRefusalOf(() => check({ site: 'cross-site' }, trusted))).toEqual(refusal);
  });
});

describe('Origin alone', () => {
  it.each([
    { name: 'https', origin: 'https://api.example.com', host: 'api.example.com' },
    { name: 'http', origin: 'http://api.example.com', host: 'api.example.com' },
    { name: 'a port', origin: 'http://localhost:3000', host: 'localhost:3000' },
    { name: 'https, 443 named by the host', origin: OWN, host: 'api.example.com:443' },
    { name: 'http, 80 named by the host', origin: 'http://h.test', host: 'h.test:80' },
    { name: 'the host in capitals', origin: OWN, host: 'API.Example.COM' },
    { name: 'an IPv4 address', origin: 'http://127.0.0.1:3000', host: '127.0.0.1:3000' },
    { name: 'an IPv6 address', origin: 'http://[::1]:3000', host: '[::1]:3000' },
    {
      name: 'an IPv6 address, default port',
      origin: 'https://[2001:db8::1]',
      host: '[2001:db8::1]',
    },
    { name: 'an IPv6 address in full', origin: 'http://[::1]', host: '[0:0:0:0:0:0:0:1]' },
    {
      name: 'an international name',
      origin: 'https://xn--bcher-kva.test',
      host: 'xn--bcher-kva.test',
    },
  ])('is our own host: $name', ({ origin, host }) => {
    expect(() => check({ origin, host })).not.toThrow();
  });

  it.each([
    { name: 'another host', origin: FOREIGN, host: HOST },
    { name: 'a sibling', origin: SIBLING, host: HOST },
    { name: 'a parent', origin: 'https://example.com', host: HOST },
    { name: 'a child', origin: 'https://x.api.example.com', host: HOST },
    { name: 'our host as a prefix', origin: 'https://api.example.com.evil.test', host: HOST },
    { name: 'our host as a suffix', origin: 'https://evilapi.example.com', host: HOST },
    { name: 'our host in the path', origin: `https://evil.test/${HOST}`, host: HOST },
    { name: 'our host as a user', origin: `https://${HOST}@evil.test`, host: HOST },
    { name: 'another port', origin: 'http://localhost:3001', host: 'localhost:3000' },
    { name: 'a port that the host does not have', origin: `${OWN}:8443`, host: HOST },
    { name: 'no port where the host has one', origin: OWN, host: `${HOST}:8443` },
    { name: 'http at port 443', origin: 'http://api.example.com', host: `${HOST}:443` },
    { name: 'https at port 80', origin: OWN, host: `${HOST}:80` },
    { name: 'http at port 443, spelled out', origin: 'http://api.example.com:443', host: HOST },
    { name: 'another IPv6 address', origin: 'http://[::2]:3000', host: '[::1]:3000' },
    {
      name: 'another name of this machine',
      origin: 'http://localhost:3000',
      host: '127.0.0.1:3000',
    },
    { name: 'a dot at the end', origin: 'https://api.example.com.', host: HOST },
    { name: 'null', origin: 'null', host: HOST },
    { name: 'null for a host named so', origin: 'null', host: 'null' },
    { name: 'a file', origin: 'file://', host: HOST },
    { name: 'a file of our host', origin: `file://${HOST}`, host: HOST },
    { name: 'an extension', origin: 'chrome-extension://abcdefgh', host: 'abcdefgh' },
    { name: 'an app', origin: 'capacitor://localhost', host: 'localhost' },
    { name: 'data', origin: 'data:text/html,x', host: HOST },
    { name: 'no URL', origin: 'nonsense', host: HOST },
    { name: 'the bare host', origin: HOST, host: HOST },
    { name: 'the host without scheme', origin: `//${HOST}`, host: HOST },
    { name: 'white space', origin: ' ', host: HOST },
    { name: 'no host', origin: OWN, host: [] },
    { name: 'an empty host', origin: OWN, host: '' },
    { name: 'a host with a space', origin: OWN, host: `${HOST} x` },
    { name: 'a host that is no host', origin: OWN, host: '///' },
    { name: 'a port that is none', origin: OWN, host: `${HOST}:99999` },
    { name: 'two hosts', origin: OWN, host: [HOST, 'evil.test'] },
    { name: 'two hosts, ours last', origin: OWN, host: ['evil.test', HOST] },
    { name: 'two origins', origin: [OWN, FOREIGN], host: HOST },
    { name: 'two origins, ours last', origin: [FOREIGN, OWN], host: HOST },
    { name: 'our own twice', origin: [OWN, OWN], host: HOST },
    { name: 'two in one field', origin: `${OWN} ${FOREIGN}`, host: HOST },
  ])('is foreign: $name', ({ origin, host }) => {
    expect(thrownRefusalOf(() => check({ origin, host }))).toEqual(refusal);
  });

  it.each([
    { name: 'a path', origin: `${OWN}/path`, host: HOST },
    { name: 'a slash', origin: `${OWN}/`, host: HOST },
    { name: 'a query', origin: `${OWN}?x`, host: HOST },
    { name: 'a user', origin: `https://evil@${HOST}`, host: HOST },
    { name: 'capitals', origin: 'HTTPS://API.EXAMPLE.COM', host: HOST },
    { name: 'a default port', origin: `${OWN}:443`, host: HOST },
    { name: 'a backslash', origin: `https:\\\\${HOST}`, host: HOST },
  ])('fails closed if no browser writes it so: $name', ({ origin, host }) => {
    expect(thrownRefusalOf(() => check({ origin, host }))).toEqual(refusal);
  });

  it.each([
    { name: 'a user', host: `evil.test@${HOST}` },
    { name: 'a path', host: `${HOST}/evil.test` },
    { name: 'a query', host: `${HOST}?evil.test` },
    { name: 'a fragment', host: `${HOST}#evil.test` },
    { name: 'a backslash', host: `${HOST}\\evil.test` },
    { name: 'a slash', host: `${HOST}/` },
  ])('fails closed for a Host that is more than a host: $name', ({ host }) => {
    expect(thrownRefusalOf(() => check({ origin: OWN, host }))).toEqual(refusal);
  });

  it('does not read X-Forwarded-Host', () => {
    const request = nodeRequest(
      ['Origin', OWN, 'Host', '10.0.0.1:3000', 'X-Forwarded-Host', HOST],
      'POST',
    );

    expect(thrownRefusalOf(() => refuseCrossSite(request, none))).toEqual(refusal);
  });

  it('counts as absent if it is empty', () => {
    expect(() => check({ origin: '' })).not.toThrow();
  });
});

describe('the handshake of a WebSocket', () => {
  const handshake = (fields: Fields, method = 'GET'): IncomingRequest =>
    nodeRequest(
      rawHeaders({ Host: HOST, Upgrade: 'websocket', Connection: 'Upgrade', ...fields }),
      method,
    );

  it.each([
    { name: 'a foreign site', fields: { 'Sec-Fetch-Site': 'cross-site', Origin: FOREIGN } },
    { name: 'a foreign origin', fields: { Origin: FOREIGN } },
    { name: 'an origin of null', fields: { Origin: 'null' } },
    { name: 'a sibling, by Origin alone', fields: { Origin: SIBLING } },
    { name: 'a foreign origin, in capitals', fields: { Origin: FOREIGN, Upgrade: 'WebSocket' } },
    { name: 'a foreign origin, in a list', fields: { Origin: FOREIGN, Upgrade: 'h2c, websocket' } },
    { name: 'a foreign origin, twice', fields: { Origin: FOREIGN, Upgrade: ['h2c', 'websocket'] } },
  ])('is no safe GET: $name', ({ fields }) => {
    expect(thrownRefusalOf(() => refuseCrossSite(handshake(fields), none))).toEqual(refusal);
  });

  it.each([
    { name: 'the same origin', fields: { 'Sec-Fetch-Site': 'same-origin', Origin: OWN } },
    { name: 'the same site', fields: { 'Sec-Fetch-Site': 'same-site', Origin: SIBLING } },
    { name: 'our own host', fields: { Origin: OWN } },
    { name: 'no browser', fields: {} },
  ])('is allowed from $name', ({ fields }) => {
    expect(() => refuseCrossSite(handshake(fields), none)).not.toThrow();
  });

  it('is allowed from a trusted origin', () => {
    const request = handshake({ 'Sec-Fetch-Site': 'cross-site', Origin: SIBLING });

    expect(() => refuseCrossSite(request, new Set([SIBLING]))).not.toThrow();
  });

  it.each([{ upgrade: '' }, { upgrade: undefined }, { upgrade: 'h2c' }, {}])(
    'is what came over the wire, whatever its headers say since then: %j',
    (said) => {
      const { headers, ...received } = handshake({ Origin: FOREIGN });
      const lies = { ...headers, 'sec-fetch-site': 'same-origin', origin: OWN, ...said };
      for (const request of [
        { ...received, headers: lies },
        { method: 'GET', raw: received, headers: lies },
      ]) {
        expect(thrownRefusalOf(() => refuseCrossSite(request, none))).toEqual(refusal);
      }
    },
  );

  it('is not every upgrade', () => {
    const request = handshake({ Origin: FOREIGN, Upgrade: 'h2c' });

    expect(() => refuseCrossSite(request, none)).not.toThrow();
  });
});

describe('whatever the headers', () => {
  const sites = [undefined, '', 'same-origin', 'same-site', 'none', 'cross-site', 'odd'];
  const origins = [undefined, '', OWN, SIBLING, FOREIGN, 'null', 'odd', 'http://api.example.com'];
  const hosts = [HOST, `${HOST}:443`, 'evil.test', '', 'odd host'];
  const methods = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'post', 'X', ''];
  const rows = methods.flatMap((method) =>
    sites.flatMap((site) =>
      origins.flatMap((origin) => hosts.map((host) => ({ method, site, origin, host }) as Case)),
    ),
  );

  /** The CSRF rules, word for word. */
  const isAllowed = ({ method = '', site, origin, host }: Case): boolean => {
    if (['GET', 'HEAD', 'OPTIONS'].includes(method)) return true;
    if (site === 'same-origin' || site === 'same-site' || site === 'none') return true;
    if (site) return false;
    if (!origin) return true;
    return (
      (origin === OWN && (host === HOST || host === `${HOST}:443`)) ||
      (origin === 'http://api.example.com' && host === HOST) ||
      (origin === FOREIGN && host === 'evil.test')
    );
  };

  const passes = (row: Case, ...trusted: readonly string[]): boolean => {
    try {
      check(row, ...trusted);
      return true;
    } catch {
      return false;
    }
  };

  it('a request is let through as the design says, in every combination', () => {
    expect(rows.filter((row) => passes(row) !== isAllowed(row))).toEqual([]);
    expect(rows).toHaveLength(10 * 7 * 8 * 5);
  });

  it('trust in one origin opens the door to that origin alone', () => {
    const opened = rows.filter((row) => passes(row, SIBLING) !== passes(row));

    expect(new Set(opened.map(({ origin }) => origin))).toEqual(new Set([SIBLING]));
  });
});
