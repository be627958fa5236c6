import { describe, expect, it } from 'vitest';
import { checkedClaims } from '../../support/claims.js';
import { causeOf } from '../../support/cause-of.js';

describe('claims', () => {
  const ID = '0d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33';
  const NOW = 1_772_366_400;
  const held = { audience: ['a'], issuer: 'i', clockToleranceSeconds: 5, nowMs: NOW * 1000 };
  const claims = (changes: object): Record<string, unknown> => ({
    sub: ID,
    session_id: ID,
    iat: NOW - 60,
    exp: NOW + 60,
    aud: 'a',
    iss: 'i',
    ...changes,
  });

  it.each<{ changes: object; cause: string }>([
    { changes: { sub: 'hanko webhooks' }, cause: 'token_not_a_session: It is a webhook token' },
    { changes: { sub: 'ada' }, cause: 'token_not_a_session: The sub claim is not a UUID' },
    {
      changes: { session_id: undefined },
      cause:
        'token_not_a_session: The session_id claim is not a UUID (Hanko before 1.4.0 may leave it out)',
    },
    {
      changes: { exp: '1' },
      cause: 'token_claims_invalid: exp, iat or nbf is not a whole number of seconds',
    },
    {
      changes: { iat: 1.5 },
      cause: 'token_claims_invalid: exp, iat or nbf is not a whole number of seconds',
    },
    {
      changes: { nbf: null },
      cause: 'token_claims_invalid: exp, iat or nbf is not a whole number of seconds',
    },
    { changes: { exp: NOW - 7 }, cause: 'token_expired: The token expired 7 s ago' },
    {
      changes: { iat: NOW + 9 },
      cause: 'token_not_yet_valid: iat or nbf is 9 s in the future: check the clocks',
    },
    {
      changes: { nbf: NOW + 8 },
      cause: 'token_not_yet_valid: iat or nbf is 8 s in the future: check the clocks',
    },
    {
      changes: { iat: NOW + 9, nbf: NOW + 8 },
      cause: 'token_not_yet_valid: iat or nbf is 9 s in the future: check the clocks',
    },
    {
      changes: { aud: 1 },
      cause: 'token_claims_invalid: The aud claim is neither a string nor a list of strings',
    },
    {
      changes: { aud: ['a', 1] },
      cause: 'token_claims_invalid: The aud claim is neither a string nor a list of strings',
    },
    {
      changes: { aud: undefined },
      cause: 'token_audience_mismatch: The aud claim has no value of the option "audience"',
    },
    {
      changes: { iss: 'j' },
      cause: 'token_issuer_mismatch: The iss claim is not the option "issuer"',
    },
  ])('are refused with their reason: $changes', ({ changes, cause }) => {
    expect(causeOf(() => checkedClaims(claims(changes), held))).toBe(cause);
  });

  it.each([
    {
      name: 'expiry',
      changes: { exp: NOW - 5 },
      cause: 'token_expired: The token expired 5 s ago',
    },
    {
      name: 'start',
      changes: { iat: NOW + 6 },
      cause: 'token_not_yet_valid: iat or nbf is 5 s in the future: check the clocks',
    },
  ])('count whole seconds between two of them: $name', ({ changes, cause }) => {
    const nowMs = NOW * 1000 + 400;

    expect(causeOf(() => checkedClaims(claims(changes), { ...held, nowMs }))).toBe(
      changes.iat === undefined ? cause : cause.replace('5 s', '6 s'),
    );
  });

  it.each([
    { exp: NOW - 4 },
    { iat: NOW + 5 },
    { nbf: NOW + 5 },
    { exp: 8.64e12 },
    { iat: -8.64e12 },
  ])('pass at the very limit: %j', (changes) => {
    expect(checkedClaims(claims(changes), held)).toMatchObject(changes);
  });

  it.each([{ exp: 8.64e12 + 1 }, { iat: -8.64e12 - 1 }, { nbf: -8.64e12 - 1 }])(
    'are refused beyond what a Date can hold: %j',
    (changes) => {
      expect(causeOf(() => checkedClaims(claims(changes), held))).toContain(
        'whole number of seconds',
      );
    },
  );

  it.each([`${ID}0`, `0${ID}`, `${ID}\n`, [ID], ID.replaceAll('-', '')])(
    'are those of a session only with a UUID and nothing around it: %j',
    (id) => {
      for (const changes of [{ sub: id }, { session_id: id }]) {
        expect(causeOf(() => checkedClaims(claims(changes), held))).toContain('is not a UUID');
      }
    },
  );

  it('have expired at the very second of exp and tolerance', () => {
    const sent = claims({ exp: NOW - 5 });

    expect(causeOf(() => checkedClaims(sent, held))).toContain('token_expired');
    expect(checkedClaims(sent, { ...held, nowMs: held.nowMs - 1 })).toBe(sent);
  });

  it('are refused by a clock that is no number', () => {
    expect(causeOf(() => checkedClaims(claims({}), { ...held, nowMs: Number.NaN }))).toContain(
      'token_expired',
    );
  });
});
