import { type IncomingRequest } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { refuseCrossSite } from '../../../lib/extraction/cross-site.js';
import { causeOf } from '../../support/cause-of.js';

describe('a request with a cookie', () => {
  type Headers = IncomingRequest['headers'];
  const OWN = 'https://api.example.com';
  const HOST = 'api.example.com';
  const foreign = 'cross_site_request: Origin is neither this host nor in trustedOrigins';
  const judge = (headers: Headers): void => refuseCrossSite({ method: 'POST', headers }, new Set());

  it.each<{ name: string; headers: Headers }>([
    { name: 'Host', headers: { origin: OWN, host: HOST } },
    { name: ':authority', headers: { origin: OWN, ':authority': HOST } },
    { name: 'an empty Host', headers: { origin: OWN, host: '', ':authority': HOST } },
  ])('passes with the Origin that is its $name', ({ headers }) => {
    expect(() => judge(headers)).not.toThrow();
  });

  it.each<{ name: string; headers: Headers }>([
    { name: 'Origin', headers: { origin: ['https://api.exam', 'ple.com'], host: HOST } },
    { name: 'Host', headers: { origin: OWN, host: ['api.exam', 'ple.com'] } },
    { name: ':authority', headers: { origin: OWN, ':authority': ['api.exam', 'ple.com'] } },
  ])('is refused if two fields make up its own only together: $name', ({ headers }) => {
    expect(causeOf(() => judge(headers))).toBe(foreign);
  });

  it('is refused with its reason', () => {
    expect(causeOf(() => judge({ origin: 'https://evil.test', host: HOST }))).toBe(foreign);
    expect(causeOf(() => judge({ origin: OWN, host: HOST, 'sec-fetch-site': 'cross-site' }))).toBe(
      'cross_site_request: Sec-Fetch-Site says the request is cross-site',
    );
  });
});
