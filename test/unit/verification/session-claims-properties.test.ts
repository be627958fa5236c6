import * as fc from 'fast-check';
import { type HankoClaims, HankoTokenError, HankoUser } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import type { ClaimsPolicy } from '../../../lib/verification/session-claims.js';
import { checkedClaims } from '../../support/claims.js';
import {
  useFixedSeed,
  expectAtLeast,
  Tally,
  outcomeOf,
  anyJson,
} from '../../support/properties.js';

const uuid = fc.oneof(fc.uuid(), fc.mixedCase(fc.uuid()));

useFixedSeed();

describe('any claims', () => {
  const NOW = 1_772_366_400;
  const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;
  const nearUuid = fc.oneof(
    fc.uuid().map((id) => `${id}\n`),
    fc.uuid().map((id) => ` ${id}`),
    fc.uuid().map((id) => `{${id}}`),
    fc.uuid().map((id) => id.replaceAll('-', '')),
    fc.uuid().map((id) => [id]),
    fc.constantFrom('hanko webhooks', ''),
  );
  const id = fc.oneof({ weight: 12, arbitrary: uuid }, nearUuid, anyJson);
  const date = (min: number, max: number): fc.Arbitrary<unknown> =>
    fc.oneof(
      { weight: 12, arbitrary: fc.integer({ min, max }) },
      fc.integer({ min: NOW - 400, max: NOW + 400 }),
      fc.integer({ min, max }).map((seconds) => seconds + 0.5),
      fc.integer({ min, max }).map(String),
      fc.constantFrom(0, -1, 8.64e12, 8.64e12 + 1, 1e300, -1e300, 2 ** 53),
      anyJson,
    );
  const payload: fc.Arbitrary<Record<string, unknown>> = fc.record(
    {
      sub: id,
      session_id: id,
      iat: date(NOW - 90_000, NOW),
      exp: date(NOW, NOW + 90_000),
      nbf: fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, date(NOW - 90_000, NOW)),
      aud: fc.oneof(fc.constantFrom('a', 'b', ['a'], ['b', 'c'], [], ['b', 1], undefined), anyJson),
      iss: fc.oneof(fc.constantFrom('i', 'j', undefined), anyJson),
      extra: anyJson,
    },
    { requiredKeys: ['sub', 'session_id', 'iat', 'exp'] },
  );
  const policy: fc.Arbitrary<ClaimsPolicy> = fc.record({
    audience: fc.constantFrom(null, null, ['a'], ['a', 'c']),
    issuer: fc.constantFrom(null, null, 'i'),
    clockToleranceSeconds: fc.nat({ max: 300 }),
    nowMs: fc.integer({ min: -999, max: 999 }).map((ms) => NOW * 1000 + ms),
  });

  it('that pass are those of a session, in time, for this service', () => {
    const passed = new Tally();
    const refused = new Tally();
    fc.assert(
      fc.property(payload, policy, (sent, held) => {
        const outcome = outcomeOf(() => checkedClaims(sent, held), HankoTokenError);

        if ('error' in outcome) {
          refused.count += 1;
          return;
        }
        passed.count += 1;
        const { sub, session_id, iat, exp, nbf, aud, iss } = outcome.value as HankoClaims & {
          nbf?: unknown;
        };
        const latest = held.nowMs + held.clockToleranceSeconds * 1000;
        expect(outcome.value).toBe(sent);
        expect([sub, session_id]).toEqual([
          expect.stringMatching(UUID),
          expect.stringMatching(UUID),
        ]);
        expect([sub.length, session_id.length]).toEqual([36, 36]);
        expect([exp, iat, nbf ?? 0].filter((seconds) => !Number.isSafeInteger(seconds))).toEqual(
          [],
        );
        expect((exp + held.clockToleranceSeconds) * 1000).toBeGreaterThan(held.nowMs);
        expect(iat * 1000).toBeLessThanOrEqual(latest);
        expect(((nbf ?? iat) as number) * 1000).toBeLessThanOrEqual(latest);
        expect([new Date(exp * 1000), new Date(iat * 1000)].map(Number)).not.toContain(Number.NaN);
        expect(iss).toBe(held.issuer ?? iss);
        const audiences = aud === undefined ? [] : [aud].flat();
        expect(audiences.filter((audience) => typeof audience !== 'string')).toEqual([]);
        const wanted = held.audience ?? audiences.slice(0, 1);
        expect(wanted.length === 0 || wanted.some((one) => audiences.includes(one))).toBe(true);
      }),
      { numRuns: 1_500 },
    );
    expectAtLeast(150, passed);
    expectAtLeast(300, refused);
  });

  it('of a session pass, whatever else is with them', () => {
    const others = fc.dictionary(fc.string(), anyJson);
    fc.assert(
      fc.property(others, uuid, uuid, fc.nat({ max: 9e9 }), (more, sub, session_id, iat) => {
        const { nbf: _, ...free } = more;
        const claims = { ...free, sub, session_id, iat, exp: iat + 1, aud: ['x', 'a'], iss: 'i' };
        const held = { audience: ['a'], issuer: 'i', clockToleranceSeconds: 0, nowMs: iat * 1000 };

        expect(checkedClaims(claims, held)).toBe(claims);
      }),
    );
  });

  it('are refused by nothing but HankoTokenError, of whatever names and kinds', () => {
    const object = fc.oneof(
      fc.dictionary(fc.string(), anyJson),
      fc.dictionary(
        fc.constantFrom('sub', 'session_id', 'iat', 'exp', 'nbf', 'aud', 'iss'),
        anyJson,
      ),
    );
    fc.assert(
      fc.property(object, policy, (sent, held) => {
        expect(() => checkedClaims(sent, held)).toThrow(HankoTokenError);
      }),
    );
  });

  const isDeeplyFrozen = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    (Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen));

  it('make a user that is frozen with all that is in it', () => {
    const email = fc.record(
      { address: fc.oneof(fc.string(), anyJson), is_primary: anyJson, is_verified: anyJson },
      { requiredKeys: [] },
    );
    const amr = fc.array(fc.oneof({ weight: 9, arbitrary: fc.string() }, anyJson));
    const others = fc.dictionary(fc.string(), anyJson);
    const own = fc.record(
      { email: fc.oneof(email, anyJson), amr: fc.oneof(amr, anyJson), username: anyJson },
      { requiredKeys: [] },
    );
    const seconds = fc.integer({ min: -8.64e12, max: 8.64e12 });
    const checked = fc.record({ sub: uuid, session_id: uuid, iat: seconds, exp: seconds });
    fc.assert(
      fc.property(others, own, checked, (free, known, sure) => {
        const claims: HankoClaims = { ...free, ...known, ...sure };
        const before = JSON.stringify(claims);

        const user = new HankoUser(claims);

        expect(JSON.stringify(user.claims)).toBe(before);
        expect(isDeeplyFrozen(user.claims)).toBe(true);
        expect([user, user.amr, user.email].filter((value) => !Object.isFrozen(value))).toEqual([]);
        expect([user.id, user.sessionId]).toEqual([sure.sub, sure.session_id]);
        expect(user.amr.filter((method) => typeof method !== 'string')).toEqual([]);
        expect(['undefined', 'string']).toContain(typeof user.username);
        expect(['undefined', 'string']).toContain(typeof user.email?.address);
        expect(['undefined', 'boolean']).toContain(typeof user.email?.isVerified);
        expect(Number(user.authenticatedAt)).toBe(sure.iat * 1000);
        expect(Number(user.expiresAt)).toBe(sure.exp * 1000);
      }),
    );
  });
});
