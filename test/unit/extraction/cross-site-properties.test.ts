import * as fc from 'fast-check';
import { HankoCrossSiteError, type IncomingRequest } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { refuseCrossSite } from '../../../lib/extraction/cross-site.js';
import {
  useFixedSeed,
  anyText,
  expectAtLeast,
  Tally,
  outcomeOf,
} from '../../support/properties.js';

useFixedSeed();

describe('any headers of a request with a cookie', () => {
  const host = fc.oneof(
    fc.domain(),
    fc.tuple(fc.domain(), fc.integer({ min: 1, max: 65_535 })).map((parts) => parts.join(':')),
    fc.constantFrom(
      'localhost',
      'localhost:3000',
      '127.0.0.1:8080',
      '[::1]:3000',
      'api.example.com',
    ),
  );
  const scheme = fc.constantFrom('http', 'https');
  const noTrust: ReadonlySet<string> = new Set();
  const judge = (request: IncomingRequest, trusted = noTrust): 'passed' | 'refused' =>
    'error' in outcomeOf(() => refuseCrossSite(request, trusted), HankoCrossSiteError)
      ? 'refused'
      : 'passed';

  /** The port that is meant where none is named. */
  const withPort = (authority: string, protocol: string): string =>
    /:\d+$/.test(authority) ? authority : `${authority}:${protocol === 'https' ? 443 : 80}`;

  it('are refused by nothing but HankoCrossSiteError', () => {
    const text = fc.oneof(
      anyText(),
      host,
      fc.tuple(scheme, host).map((parts) => parts.join('://')),
      fc.constantFrom(
        'null',
        '',
        'file://',
        'same-origin',
        'cross-site',
        'websocket',
        'http://[',
        '%',
      ),
    );
    const name = fc.constantFrom(
      'origin',
      'Origin',
      'host',
      'sec-fetch-site',
      'upgrade',
      ':authority',
    );
    const request = fc.record(
      {
        method: fc.oneof(fc.constantFrom('POST', 'GET', 'get', 'HEAD', undefined), fc.string()),
        headers: fc.dictionary(name, fc.oneof(text, fc.array(text))),
        rawHeaders: fc.array(fc.oneof(name, text)),
      },
      { requiredKeys: ['headers'] },
    );
    const seen = { passed: new Tally(), refused: new Tally() };
    fc.assert(
      fc.property(request, fc.array(text), (received, trusted) => {
        seen[judge(received, new Set(trusted))].count += 1;
      }),
    );
    expectAtLeast(20, seen.passed);
    expectAtLeast(20, seen.refused);
  });

  it('pass only with an Origin that is the Host, where nothing else speaks for them', () => {
    const mutation = fc.constantFrom<(own: string) => string>(
      (own) => own,
      (own) => `evil${own}`,
      (own) => `evil.${own}`,
      (own) => `${own}.evil.test`,
      (own) => `${own}@evil.test`,
      (own) => `evil.test@${own}`,
      (own) => `${own}/`,
      (own) => `evil.test/${own}`,
      (own) => `evil.test?${own}`,
      (own) => `evil.test#${own}`,
      (own) => `evil.test\\${own}`,
      (own) => `${own}:444`,
      (own) => `${own}.`,
      (own) => own.slice(1),
      (own) => own.slice(0, -1),
      (own) => own.replace(/:\d+$/, ''),
      (own) => own.toUpperCase(),
      (own) => `${own}, ${own}`,
      () => 'evil.test',
    );
    const origin = fc.oneof(
      { weight: 9, arbitrary: fc.tuple(mutation, scheme) },
      fc.tuple(mutation, fc.constantFrom('file', 'chrome-extension', 'blob:https', '')),
    );
    const seen = { passed: new Tally(), refused: new Tally() };
    fc.assert(
      fc.property(host, origin, (own, [mutate, protocol]) => {
        const sent = `${protocol}://${mutate(own)}`;
        const isOwn =
          ['http', 'https'].includes(protocol) &&
          withPort(own, protocol) === withPort(mutate(own), protocol);
        // A browser writes an origin in lower case, without its default port (RFC 6454 §6.2).
        const isSerialized =
          mutate(own) === mutate(own).toLowerCase() &&
          !sent.endsWith(protocol === 'https' ? ':443' : ':80');
        const outcome = judge({ method: 'POST', headers: { host: own, origin: sent } });

        expect(outcome).toBe(isOwn && isSerialized ? 'passed' : 'refused');
        seen[outcome].count += 1;
      }),
      { numRuns: 1_500 },
    );
    expectAtLeast(50, seen.passed);
    expectAtLeast(500, seen.refused);
  });

  it('of a foreign page are refused for every method that is not safe', () => {
    const method = fc.oneof(
      fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE', 'get', 'QUERY', undefined),
      fc.string().filter((name) => !['GET', 'HEAD', 'OPTIONS'].includes(name)),
    );
    const foreign = fc.oneof(
      fc.constant('null'),
      fc.tuple(scheme, fc.domain()).map((parts) => parts.join('://')),
    );
    const site = fc.constantFrom(
      undefined,
      '',
      'cross-site',
      'Same-Origin',
      'same-origin, cross-site',
      'x',
    );
    fc.assert(
      fc.property(method, host, foreign, site, (sent, own, origin, said) => {
        fc.pre(!origin.endsWith(`//${own.replace(/:\d+$/, '')}`));
        const headers = { host: own, origin, 'sec-fetch-site': said };

        expect(judge({ method: sent, headers })).toBe('refused');
        expect(judge({ method: sent, headers }, new Set([origin]))).toBe('passed');
      }),
    );
  });
});
