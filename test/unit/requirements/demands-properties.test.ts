import * as fc from 'fast-check';
import {
  HankoRequirementError,
  HankoStepUpError,
  type HankoUser,
  RequireAuth,
  type RequireAuthOptions,
} from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { routeMarks } from '../../../lib/auth/route-marks.js';
import { refusalOf, userWith } from '../../support/requirements.js';

// Fixed, so that a red run is red again. To look further: another seed and more runs.
fc.configureGlobal({ seed: 20_261_126, numRuns: 1_500 });

/** A property that never gets to its point holds nothing. */
const outcomes = new Map<string, number>();
const reached = (outcome: string): void =>
  void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);

const METHODS = ['pwd', 'passkey', 'otp', 'totp', 'security_key', 'ext', 'ext:google', 'ext:x'];
const method = fc.constantFrom(...METHODS);
const methods = fc.array(method, { minLength: 1, maxLength: 3 });

const NAMES = ['a', 'b', 'a.b', 'b.a', '__proto__', 'constructor', 'a.constructor'];
const scalar = fc.constantFrom<string | number | boolean>('x', '1', 1, 0, true, false, 'true', '');

const claimDemand = fc.oneof(
  scalar,
  fc.array(scalar, { minLength: 1, maxLength: 3 }),
  fc.record({ includes: scalar }),
);

const written = fc.record(
  {
    mfa: fc.option(fc.constant(true), { nil: null }),
    amr: fc.oneof(method, methods, fc.record({ allOf: methods }), fc.constant(null)),
    maxAgeSeconds: fc.option(fc.integer({ min: 1, max: 500 }), { nil: null }),
    verifiedEmail: fc.option(fc.constant(true), { nil: null }),
    claims: fc.option(
      fc.dictionary(fc.constantFrom(...NAMES), fc.option(claimDemand), { maxKeys: 2 }),
      { nil: null },
    ),
  },
  { requiredKeys: [] },
);
type Written = typeof written extends fc.Arbitrary<infer T> ? T : never;

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.constant(null),
    fc.array(scalar, { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'constructor'), tie('any'), { maxKeys: 2 }),
  ),
})).any;

const payload = fc.record(
  {
    amr: fc.oneof(
      { weight: 8, arbitrary: fc.array(method, { maxLength: 3 }) },
      fc.constantFrom<unknown>('passkey', null, ['pwd', 1, 'totp'], { 0: 'passkey' }),
    ),
    email: fc.oneof(
      fc.record({ address: fc.constant('ada@example.test'), is_verified: fc.boolean() }),
      fc.constant('ada@example.test'),
    ),
    a: value,
    b: value,
    'a.b': value,
  },
  { requiredKeys: [] },
);
type Payload = typeof payload extends fc.Arbitrary<infer T> ? T : never;

/** The words, once more and in another way: sets, and JSON that is looked up as text. */
function unmetBy(token: Payload, demanded: Written, age: number): string[] {
  const used = new Set<unknown>(
    Array.isArray(token.amr) && token.amr.every((each) => typeof each === 'string')
      ? token.amr
      : [],
  );
  const providers = [...used].filter((each) => String(each).split(':')[0] === 'ext');
  const has = (each: string): boolean => (each === 'ext' ? providers.length > 0 : used.has(each));
  const unmet: string[] = [];

  if (demanded.mfa) {
    const seconds = [...used].filter((each) => each === 'totp' || each === 'security_key').length;
    const firsts = used.size - seconds;
    if (!used.has('passkey') && !(seconds > 0 && firsts > 0)) unmet.push('mfa');
  }
  if (demanded.amr) {
    const wanted = typeof demanded.amr === 'string' ? [demanded.amr] : demanded.amr;
    const missing = ('allOf' in wanted ? wanted.allOf : wanted).filter((each) => !has(each)).length;
    const total = ('allOf' in wanted ? wanted.allOf : wanted).length;
    if ('allOf' in wanted ? missing > 0 : missing === total) unmet.push('amr');
  }
  if (demanded.maxAgeSeconds && age > demanded.maxAgeSeconds) unmet.push('maxAgeSeconds');
  if (demanded.verifiedEmail) {
    if (typeof token.email !== 'object' || !token.email.is_verified) unmet.push('verifiedEmail');
  }
  for (const [path, demand] of Object.entries(demanded.claims ?? {})) {
    if (demand === null) continue;
    const held = lookUp(token, path).map((each) => JSON.stringify(each));
    const isMet =
      typeof demand !== 'object'
        ? held[0] === JSON.stringify(demand)
        : Array.isArray(demand)
          ? demand.some((one) => JSON.stringify(one) === held[0])
          : held[0]?.startsWith('[') === true &&
            (JSON.parse(held[0]) as unknown[]).some((one) => one === demand.includes);
    if (!isMet) unmet.push(`claims:${path}`);
  }
  return unmet;
}

/** Every value that a path could mean, that of the longest name first. */
function lookUp(at: unknown, path: string): unknown[] {
  if (typeof at !== 'object' || at === null || Array.isArray(at)) return [];
  const own = new Map(Object.entries(at));
  if (own.has(path)) return [own.get(path)];
  const parts = path.split('.');
  return parts.flatMap((_, index) => {
    const taken = parts.length - 1 - index;
    const name = parts.slice(0, taken).join('.');
    return taken > 0 && own.has(name) ? lookUp(own.get(name), parts.slice(taken).join('.')) : [];
  });
}

const userOf = (token: Payload): HankoUser =>
  userWith(JSON.parse(JSON.stringify(token)) as Payload);

const mergedDemands = (owner: { readonly prototype: { readonly handler: () => void } }) =>
  routeMarks(owner.prototype.handler, owner as unknown as Function).demands;

const CLAIM_OR_EMAIL = /^(?:claims:|verifiedEmail)/;

// Its last test counts what those before it have met.
describe('requirements', { shuffle: false }, () => {
  it('refuse what an oracle refuses, name the same, and choose the same answer', () => {
    fc.assert(
      fc.property(payload, written, fc.integer({ min: -5, max: 600 }), (token, demanded, age) => {
        const expected = unmetBy(token, demanded, age);
        const refusal = refusalOf(userOf(token), demanded, age);
        const named = (
          (refusal?.getResponse() as { unmet?: { requirement: string; claim?: string }[] })
            ?.unmet ?? []
        ).map(({ requirement, claim }) => (claim === undefined ? requirement : `claims:${claim}`));

        expect(named).toEqual(expected);
        const isForbidden = expected.some((each) => CLAIM_OR_EMAIL.test(each));
        expect(refusal?.constructor).toBe(
          expected.length === 0
            ? undefined
            : isForbidden
              ? HankoRequirementError
              : HankoStepUpError,
        );
        reached(refusal?.code ?? 'passed');
        for (const each of expected) reached(each.split(':')[0] as string);
      }),
    );
  });

  it('that are merged are those of the class, overwritten one by one', () => {
    fc.assert(
      fc.property(written, written, (ofClass, ofHandler) => {
        @RequireAuth(ofClass as RequireAuthOptions)
        class Notes {
          @RequireAuth(ofHandler as RequireAuthOptions)
          handler(): void {}
        }
        const expected = new Map<string, unknown>(Object.entries(ofClass));
        for (const [name, demand] of Object.entries(ofHandler)) expected.set(name, demand);
        const claims = new Map([
          ...Object.entries(ofClass.claims ?? {}),
          ...Object.entries(ofHandler.claims ?? {}),
        ]);
        if (expected.get('claims')) expected.set('claims', claims);

        const merged = mergedDemands(Notes);
        const found = new Map<string, unknown>(Object.entries(merged));
        if (merged.claims) found.set('claims', new Map(Object.entries(merged.claims)));
        expect(found).toEqual(expected);
      }),
    );
  });

  it('of a class let nobody pass that they would not let pass alone, unless a handler takes some back', () => {
    fc.assert(
      fc.property(payload, written, written, (token, one, other) => {
        const stricter = Object.fromEntries(
          Object.entries(other).filter(
            ([name]) => !(name in one) || one[name as keyof Written] === undefined,
          ),
        );
        const user = userOf(token);
        const both = refusalOf(user, { ...one, ...stricter });
        expect(both === null && refusalOf(user, one) !== null).toBe(false);
      }),
    );
  });

  it('of each kind have been met and not met, often enough', () => {
    expect(outcomes.get('passed')).toBeGreaterThan(50);
    for (const name of ['mfa', 'amr', 'maxAgeSeconds', 'verifiedEmail', 'claims']) {
      expect(outcomes.get(name)).toBeGreaterThan(50);
    }
    expect(outcomes.get('step_up_required')).toBeGreaterThan(50);
    expect(outcomes.get('requirement_not_met')).toBeGreaterThan(50);
  });
});
