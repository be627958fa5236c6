import { describe, expect, it } from 'vitest';
import {
  checkAudience,
  checkTokenTimes,
  parseAudiences,
  parseTokenTimes,
} from '../../../lib/verification/times-and-audience.js';

const NOW = 1_800_000_000;
const TIMES = { expiresAt: NOW + 60, validFrom: NOW - 60 };

const codeOf = (act: () => unknown): unknown => {
  try {
    act();
    return 'passes';
  } catch (error) {
    return (error as { readonly code?: unknown }).code;
  }
};

describe('the times of a token, of whichever kind', () => {
  it.each([
    [NOW, 'passes'],
    [NOW + 64.999, 'passes'],
    [NOW + 65, 'token_expired'],
    [NOW - 65, 'passes'],
    [NOW - 65.001, 'token_not_yet_valid'],
    [Number.NaN, 'token_expired'],
  ])('at %d: %s', (now, outcome) => {
    expect(codeOf(() => checkTokenTimes(TIMES, now * 1000, 5))).toBe(outcome);
  });

  it('begin with the later one of iat and nbf', () => {
    expect(parseTokenTimes({ exp: 3, iat: 1, nbf: 2 })).toEqual({ expiresAt: 3, validFrom: 2 });
    expect(parseTokenTimes({ exp: 3, iat: 1 })).toEqual({ expiresAt: 3, validFrom: 1 });
  });

  it.each([
    { exp: 1 },
    { iat: 1 },
    { exp: 1.5, iat: 1 },
    { exp: '1', iat: 1 },
    { exp: 1, iat: 1e300 },
  ])('are whole seconds that a Date can hold: %j', (claims) => {
    expect(codeOf(() => parseTokenTimes(claims))).toBe('token_claims_invalid');
  });
});

describe('the audience of a token, of whichever kind', () => {
  it('is a text or a list of texts', () => {
    expect([parseAudiences('a'), parseAudiences(['a', 'b']), parseAudiences(undefined)]).toEqual([
      ['a'],
      ['a', 'b'],
      [],
    ]);
    expect(codeOf(() => parseAudiences(['a', 1]))).toBe('token_claims_invalid');
    expect(codeOf(() => parseAudiences(null))).toBe('token_claims_invalid');
  });

  it('has one of those that are accepted', () => {
    expect(codeOf(() => checkAudience(['b', 'a'], ['a']))).toBe('passes');
    expect(codeOf(() => checkAudience(['b'], null))).toBe('passes');
    expect(codeOf(() => checkAudience([], ['a']))).toBe('token_audience_mismatch');
  });
});
