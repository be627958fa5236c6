import { HankoAuthError } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { decodeUnverifiedJws } from '../../../lib/verification/compact-jws.js';

const reasonOf = (token: string): string => {
  try {
    decodeUnverifiedJws(token, 8_192);
  } catch (error) {
    if (error instanceof HankoAuthError) return error.reason;
  }
  return expect.unreachable('it was accepted');
};

describe('the reason of a malformed token tells the usual mistakes apart', () => {
  it.each([
    { token: '', reason: 'it is empty' },
    { token: 'undefined', reason: 'it is the text "undefined": the caller has no token' },
    { token: '[object Object]', reason: 'it is the text "[object Object]"' },
    { token: 'Bearer a.b.c', reason: 'it begins with "Bearer": the scheme is written twice' },
    { token: 'bearer: a.b.c', reason: 'it begins with "Bearer": the scheme' },
    { token: '"a.b.c"', reason: 'it is in quotes' },
    { token: "'a.b.c", reason: 'it is in quotes' },
    { token: '\ta.b.c', reason: 'it begins or ends with white space' },
    { token: 'a.b c.d', reason: 'it contains white space' },
    { token: 'a.b.c.d.e', reason: 'it has five parts, so it is encrypted (JWE)' },
    { token: 'a.b', reason: 'it is not three parts' },
    { token: 'a.b.c.d.e.f.g', reason: 'it is not three parts' },
    { token: 'YWE=.YWE.YWE', reason: 'its parts are not base64url: only A-Z' },
    { token: 'YWE..YWE', reason: 'its parts are not canonical base64url' },
  ])('$token', ({ token, reason }) => {
    expect(reasonOf(token)).toContain(`The token is malformed: ${reason}`);
  });

  it('and never repeats a token', () => {
    for (const token of [
      's3cret',
      'Bearer s3cret',
      '"s3cret"',
      's3.cret',
      's3=.cr.et',
      's3 cret',
    ]) {
      expect(reasonOf(token)).not.toMatch(/s3/);
    }
  });
});
