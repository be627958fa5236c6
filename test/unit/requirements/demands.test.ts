import { readdirSync, readFileSync } from 'node:fs';
import { HankoRequirementError, HankoStepUpError, HankoUser } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { refuseUnmet } from '../../../lib/auth/refuse-unmet.js';
import { requirementChecks } from '../../../lib/requirements/unmet-requirements.js';
import { decodeJws } from '../../../fake-hanko/test/support/raw-http.js';
import { LOGIN, refusalOf, unmetOf, userWith } from '../../support/requirements.js';

const amrOf = (amr: unknown): HankoUser => userWith(amr === undefined ? {} : { amr });

describe('mfa', () => {
  it.each([
    [['pwd', 'totp']],
    [['totp', 'pwd']],
    [['otp', 'totp']],
    [['pwd', 'security_key']],
    [['ext', 'totp']],
    [['ext:google', 'security_key']],
    [['passkey']],
    [['otp', 'pwd', 'passkey']],
    [['otp', 'pwd', 'totp', 'security_key']],
    [['passkey', 'totp']],
    [['pwd', 'pwd', 'totp']],
    [['something-new', 'pwd', 'totp']],
  ])('is met by %j', (amr) => {
    expect(unmetOf(amrOf(amr), { mfa: true })).toBeNull();
  });

  it.each([
    [undefined, []],
    [null, []],
    [[], []],
    ['passkey', []],
    [{ 0: 'passkey', length: 1 }, []],
    [['passkey', 1], []],
    [[['passkey']], []],
    [['pwd'], ['pwd']],
    [['otp'], ['otp']],
    [
      ['otp', 'pwd'],
      ['otp', 'pwd'],
    ],
    [['ext:google'], ['ext:google']],
    [
      ['pwd', 'pwd'],
      ['pwd', 'pwd'],
    ],
    [['totp'], ['totp']],
    [['security_key'], ['security_key']],
    [
      ['totp', 'security_key'],
      ['totp', 'security_key'],
    ],
    [
      ['totp', 'something-new'],
      ['totp', 'something-new'],
    ],
    [
      ['totp', 'ext:'],
      ['totp', 'ext:'],
    ],
    [
      ['totp', 'xpwd'],
      ['totp', 'xpwd'],
    ],
    [
      ['totp', 'pwdx'],
      ['totp', 'pwdx'],
    ],
    [
      ['PWD', 'TOTP'],
      ['PWD', 'TOTP'],
    ],
    [['passkeys'], ['passkeys']],
    [['Passkey'], ['Passkey']],
    [
      ['pwd', 'mfa'],
      ['pwd', 'mfa'],
    ],
    [
      ['pwd', 'totp '],
      ['pwd', 'totp '],
    ],
  ])('is not met by %j', (amr, actual) => {
    expect(unmetOf(amrOf(amr), { mfa: true })).toEqual([
      { requirement: 'mfa', needed: true, actual },
    ]);
  });

  it('is not asked for by false', () => {
    expect(unmetOf(amrOf(undefined), { mfa: false })).toBeNull();
  });
});

describe('mfa, for the tokens that real servers made,', () => {
  const flows = new URL('../../../fake-hanko/test/fixtures/flow/', import.meta.url);
  const recordedAmr = (file: string): readonly string[][] => {
    const tokens = readFileSync(new URL(file, flows), 'utf8').match(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g);
    const lists = (tokens ?? []).map(
      (token) => decodeJws(token).claims.amr as string[] | undefined,
    );
    return [...new Map(lists.map((amr) => [JSON.stringify(amr), amr ?? []])).values()];
  };
  const all = readdirSync(flows)
    .filter((file) => file.endsWith('.json'))
    .flatMap(recordedAmr);
  const seen = [...new Set(all.map((amr) => amr.join('+')))].toSorted();

  it('has seen registrations, logins and second factors', () => {
    expect(seen).toEqual(expect.arrayContaining(['otp', 'otp+pwd', 'pwd', 'pwd+totp']));
  });

  it.each(seen)('says of %s what docs/hanko.md says', (methods) => {
    const amr = methods.split('+');
    const isMet = unmetOf(amrOf(amr), { mfa: true }) === null;

    expect(isMet).toBe(['pwd+totp', 'otp+totp', 'passkey', 'otp+pwd+passkey'].includes(methods));
  });
});

describe('amr', () => {
  it.each([
    ['pwd', ['pwd']],
    ['pwd', ['otp', 'pwd']],
    ['ext', ['ext']],
    ['ext', ['ext:google']],
    ['ext:google', ['ext:google']],
    [
      ['passkey', 'ext:google'],
      ['ext:google', 'totp'],
    ],
    [
      ['passkey', 'ext'],
      ['ext:github', 'totp'],
    ],
    [{ allOf: ['pwd', 'totp'] }, ['totp', 'pwd']],
    [{ allOf: ['pwd', 'pwd'] }, ['pwd']],
    [{ allOf: ['ext', 'totp'] }, ['ext:google', 'totp']],
    [{ allOf: ['ext', 'ext:google'] }, ['ext:google']],
    [['pwd', 'pwd'], ['pwd']],
  ])('%j is met by %j', (amr, used) => {
    expect(unmetOf(amrOf(used), { amr })).toBeNull();
  });

  it.each([
    ['pwd', [], { anyOf: ['pwd'] }],
    ['pwd', undefined, { anyOf: ['pwd'] }],
    ['pwd', ['otp'], { anyOf: ['pwd'] }],
    ['ext', ['pwd'], { anyOf: ['ext'] }],
    ['ext', ['external'], { anyOf: ['ext'] }],
    ['ext:google', ['ext'], { anyOf: ['ext:google'] }],
    ['ext:google', ['ext:github'], { anyOf: ['ext:google'] }],
    ['ext:google', ['ext:google-workspace'], { anyOf: ['ext:google'] }],
    ['ext:google', ['google'], { anyOf: ['ext:google'] }],
    [['passkey', 'totp'], ['pwd'], { anyOf: ['passkey', 'totp'] }],
    [{ allOf: ['pwd', 'totp'] }, ['pwd'], { allOf: ['pwd', 'totp'] }],
    [{ allOf: ['pwd', 'totp'] }, ['totp'], { allOf: ['pwd', 'totp'] }],
    [
      { allOf: ['ext:google', 'ext:github'] },
      ['ext:google'],
      { allOf: ['ext:google', 'ext:github'] },
    ],
  ])('%j is not met by %j', (amr, used, needed) => {
    expect(unmetOf(amrOf(used), { amr })).toEqual([
      { requirement: 'amr', needed, actual: used ?? [] },
    ]);
  });

  it('null demands nothing', () => {
    expect(unmetOf(amrOf([]), { amr: null })).toBeNull();
  });

  it.each([
    { amr: ['passkey', 'totp'] as const, name: 'anyOf' },
    { amr: { allOf: ['passkey', 'totp'] } as const, name: 'allOf' },
  ])('is not changed by what somebody does to the answer: $name', ({ amr, name }) => {
    const checks = requirementChecks({ amr });
    const refuse = (): HankoStepUpError => {
      try {
        refuseUnmet(checks, amrOf(['pwd']), LOGIN * 1000);
      } catch (error) {
        if (error instanceof HankoStepUpError) return error;
      }
      return expect.unreachable('it was accepted');
    };
    const [unmet] = refuse().unmet as unknown as [{ needed: Record<string, string[]> }];

    expect(() => unmet.needed[name]?.push('pwd')).toThrow(TypeError);
    expect(() => {
      unmet.needed[name] = ['pwd'];
    }).toThrow(TypeError);
    expect(refuse().unmet).toEqual([
      { requirement: 'amr', needed: { [name]: ['passkey', 'totp'] }, actual: ['pwd'] },
    ]);
  });

  it('names the methods of the login to operators, in one short line of plain text', () => {
    const amr = ['pwd\r\n\u001b[31m\u009b\u2028', 'x'.repeat(5_000)];
    for (const demand of [{ amr: 'totp' }, { mfa: true }]) {
      const { reason = '' } = refusalOf(amrOf(amr), demand) ?? {};

      expect(reason).toContain('(amr: ["pwd');
      expect(reason).toMatch(/^[ -~]+$/);
      expect(reason.length).toBeLessThan(300);
    }
  });
});

describe('maxAgeSeconds', () => {
  it.each([
    { name: 'just now', age: 0, maxAgeSeconds: 1 },
    { name: 'exactly as long ago as is allowed', age: 300, maxAgeSeconds: 300 },
    { name: 'less than a second longer ago', age: 300.999, maxAgeSeconds: 300 },
    { name: 'in the future, by a clock that is wrong', age: -3, maxAgeSeconds: 1 },
    { name: 'a year ago', age: 31_536_000, maxAgeSeconds: 31_536_000 },
  ])('is met by a login that was $name', ({ age, maxAgeSeconds }) => {
    expect(unmetOf(userWith(), { maxAgeSeconds }, age)).toBeNull();
  });

  it.each([
    { name: 'a second too long ago', age: 301, actual: 301 },
    { name: 'hours ago', age: 4_711.9, actual: 4_711 },
  ])('is not met by a login that was $name', ({ age, actual }) => {
    expect(unmetOf(userWith(), { maxAgeSeconds: 300 }, age)).toEqual([
      { requirement: 'maxAgeSeconds', needed: 300, actual },
    ]);
  });

  it('is not met by a clock that is not a number', () => {
    const checks = requirementChecks({ maxAgeSeconds: 300 });

    expect(() => refuseUnmet(checks, userWith(), Number.NaN)).toThrow(HankoStepUpError);
    expect(() => refuseUnmet(checks, userWith(), Number.NaN)).toThrow(
      expect.objectContaining({
        headers: {
          'WWW-Authenticate': expect.stringContaining('max_age="300"') as string,
        },
      }) as Error,
    );
  });

  it('null demands nothing', () => {
    expect(unmetOf(userWith(), { maxAgeSeconds: null }, 1e9)).toBeNull();
  });
});

describe('verifiedEmail', () => {
  const email = (is_verified?: unknown): object => ({
    email: { address: 'ada@example.test', is_primary: true, is_verified },
  });

  it('is met by an address that is verified, and by nothing else', () => {
    expect(unmetOf(userWith(email(true)), { verifiedEmail: true })).toBeNull();
    for (const claims of [
      {},
      email(),
      email(false),
      email('true'),
      email(1),
      { email: 'ada@example.test' },
      { email: { is_verified: true } },
      { email: { address: null, is_verified: true } },
      { email: [{ address: 'ada@example.test', is_verified: true }] },
    ]) {
      expect(unmetOf(userWith(claims), { verifiedEmail: true })).toEqual([
        { requirement: 'verifiedEmail', needed: true, actual: false },
      ]);
    }
  });

  it('says to operators whether there is an address, and not which', () => {
    const reasonFor = (claims: object): string | undefined =>
      refusalOf(userWith(claims), { verifiedEmail: true })?.reason;

    expect(reasonFor(email(false))).toBe('the email address is not verified');
    expect(reasonFor({})).toBe('the user has no email address');
  });

  it('is not asked for by false', () => {
    expect(unmetOf(userWith(), { verifiedEmail: false })).toBeNull();
  });
});

describe('several demands', () => {
  const all = { mfa: true, amr: 'totp', maxAgeSeconds: 60, verifiedEmail: true, claims: { a: 1 } };

  it('are answered together, in one order', () => {
    expect(unmetOf(amrOf(['pwd']), all, 61)).toEqual([
      { requirement: 'mfa', needed: true, actual: ['pwd'] },
      { requirement: 'amr', needed: { anyOf: ['totp'] }, actual: ['pwd'] },
      { requirement: 'maxAgeSeconds', needed: 60, actual: 61 },
      { requirement: 'verifiedEmail', needed: true, actual: false },
      { requirement: 'claims', claim: 'a' },
    ]);
  });

  it('send nobody to a new login that would not help', () => {
    const { claims, verifiedEmail, ...byLogin } = all;

    expect(refusalOf(userWith(), all, 61)).toBeInstanceOf(HankoRequirementError);
    expect(refusalOf(userWith(), { ...byLogin, claims }, 61)).toBeInstanceOf(HankoRequirementError);
    expect(refusalOf(userWith(), { ...byLogin, verifiedEmail }, 61)).toBeInstanceOf(
      HankoRequirementError,
    );
    expect(refusalOf(userWith(), byLogin, 61)).toBeInstanceOf(HankoStepUpError);
  });

  it('of which only one is unmet name that one', () => {
    const user = userWith({ amr: ['pwd', 'totp'], a: 1 });

    expect(unmetOf(user, { ...all, verifiedEmail: false }, 61)).toEqual([
      { requirement: 'maxAgeSeconds', needed: 60, actual: 61 },
    ]);
  });

  it('give operators every reason', () => {
    expect(refusalOf(amrOf(['pwd']), all, 61)?.reason).toBe(
      'the login used neither a second factor nor a passkey (amr: ["pwd"]); ' +
        'the login did not use the required methods (amr: ["pwd"]); ' +
        'the login was 61 s ago, and at most 60 s are allowed; the user has no email address; ' +
        'the claim a does not meet its demand: it is absent',
    );
  });

  it('that are none let everybody pass', () => {
    expect(unmetOf(userWith(), {})).toBeNull();
    expect(unmetOf(userWith(), { claims: {} })).toBeNull();
  });
});

describe('the answer to a step-up', () => {
  it('says when the user logged in, and the age that is allowed, only where that is too old', () => {
    const old = refusalOf(amrOf(['pwd']), { mfa: true, maxAgeSeconds: 60 }, 61);
    const young = refusalOf(amrOf(['pwd']), { mfa: true, maxAgeSeconds: 60 });
    const challenge =
      'Bearer error="insufficient_user_authentication", error_description="A stronger or more recent login is required"';

    expect(old?.headers).toEqual({ 'WWW-Authenticate': `${challenge}, max_age="60"` });
    expect(young?.headers).toEqual({ 'WWW-Authenticate': challenge });
    expect(young?.getResponse()).toEqual({
      statusCode: 401,
      code: 'step_up_required',
      message: 'A stronger or more recent login is required',
      unmet: [{ requirement: 'mfa', needed: true, actual: ['pwd'] }],
      authenticatedAt: new Date(LOGIN * 1000).toISOString(),
    });
    expect(young).toMatchObject({
      code: 'step_up_required',
      authenticatedAt: new Date(LOGIN * 1000),
      unmet: [{ requirement: 'mfa' }],
    });
  });
});
