import { describe, expect, it } from 'vitest';
import { FetchFailure } from '../../../lib/http/fetch-failure.js';
import { fetchHint } from '../../../lib/jwks/fetch-hint.js';

const failed = (code: string): FetchFailure => FetchFailure.from({ code });

describe('a guess', () => {
  it.each<[string, FetchFailure, RegExp]>([
    ['404', FetchFailure.ofStatus(404), /base address of Hanko's public API.*not the Admin API/],
    ['a page', new FetchFailure('the reply is a web page, not JSON'), /public API/],
    ['no JSON', new FetchFailure('the reply is not JSON'), /public API/],
    ['no JWK Set', new FetchFailure('the reply is not a JWK Set'), /public API/],
    ['401', FetchFailure.ofStatus(401), /make \/\.well-known\/jwks\.json public/],
    ['403', FetchFailure.ofStatus(403), /make \/\.well-known\/jwks\.json public/],
    ['407', FetchFailure.ofStatus(407), /make \/\.well-known\/jwks\.json public/],
    ['301', FetchFailure.ofStatus(301), /final address/],
    ['308', FetchFailure.ofStatus(308), /final address/],
    ['an unknown host', failed('ENOTFOUND'), /cannot be resolved/],
    ['no DNS', failed('EAI_AGAIN'), /cannot be resolved/],
    ['a closed port', failed('ECONNREFUSED'), /Nothing listens there/],
    ['a foreign certificate', failed('DEPTH_ZERO_SELF_SIGNED_CERT'), /NODE_EXTRA_CA_CERTS/],
    ['an unknown authority', failed('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), /NODE_EXTRA_CA_CERTS/],
    ['another name', failed('ERR_TLS_CERT_ALTNAME_INVALID'), /NODE_EXTRA_CA_CERTS/],
    ['an old certificate', failed('CERT_HAS_EXPIRED'), /NODE_EXTRA_CA_CERTS/],
    ['https to a port of http', failed('EPROTO'), /does not speak https/],
    ['the same, in other words', failed('ERR_SSL_WRONG_VERSION_NUMBER'), /does not speak https/],
    ['http to a port of https', failed('HPE_INVALID_CONSTANT'), /does not speak http:/],
  ])('is made for %s', (_name, failure, hint) => {
    expect(fetchHint(failure, null)).toMatch(hint);
  });

  it.each<[string, FetchFailure]>([
    ['500', FetchFailure.ofStatus(500)],
    ['429', FetchFailure.ofStatus(429)],
    ['a time-out', new FetchFailure('no reply within 5000 ms', { isOutage: true })],
    ['a reset', failed('ECONNRESET')],
    ['keys of no use', new FetchFailure('the JWK Set has no usable key')],
    ['too many bytes', new FetchFailure('the reply has more than 262144 bytes')],
  ])('is not made for %s', (_name, failure) => {
    expect(fetchHint(failure, null)).toBe('');
  });
});

describe('a proxy in the environment', () => {
  it.each([
    failed('ENOTFOUND'),
    failed('EAI_AGAIN'),
    failed('ECONNREFUSED'),
    failed('ETIMEDOUT'),
    failed('EHOSTUNREACH'),
    new FetchFailure('no reply within 5000 ms', { isOutage: true }),
  ])('is mentioned where the way out may be closed: $message', (failure) => {
    expect(fetchHint(failure, 'HTTPS_PROXY')).toMatch(
      /HTTPS_PROXY is set, and Node's HTTP client does not use it by itself: .*NODE_USE_ENV_PROXY/,
    );
  });

  it.each([FetchFailure.ofStatus(404), FetchFailure.ofStatus(500), failed('CERT_HAS_EXPIRED')])(
    'is not where somebody answered: $message',
    (failure) => {
      expect(fetchHint(failure, 'HTTPS_PROXY')).not.toContain('PROXY');
    },
  );
});
