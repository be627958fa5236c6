import { runInNewContext } from 'node:vm';
import {
  type ConfigurationFault,
  HankoConfigurationError,
  RequireAuth,
  type RequireAuthOptions,
} from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { DEMANDS } from '../../../lib/requirements/demands.js';
import { check, unmetOf, userWith } from '../../support/requirements.js';

const faultsOf = (act: () => unknown): readonly ConfigurationFault[] => {
  try {
    act();
  } catch (error) {
    if (error instanceof HankoConfigurationError) return error.faults;
    throw error;
  }
  return [];
};

const AMR =
  'must be one of pwd, passkey, otp, totp, security_key, ext and ext:<provider>, a list of them, or { allOf: […] }.';
const AGE = 'must be a whole number from 1 to 31536000 (seconds), got ';
const CLAIM =
  'must be a text, number, boolean, a list of them, { includes: value } or a function; null demands nothing.';
/** What an error lists: a new demand needs no line here. */
const DEMAND_NAMES = Object.keys(DEMANDS).join(', ');
const BOOLEAN = 'must be true or null.';

class Strict {
  readonly mfa = true;
}

const withPrototype = Object.create({ mfa: true }) as object;

const WRONG: readonly (readonly [written: string, options: unknown, path: string, hint: string])[] =
  [
    ['mfa as text', { mfa: 'true' }, '.mfa', BOOLEAN],
    ['mfa as a number', { mfa: 1 }, '.mfa', BOOLEAN],
    ['verifiedEmail as text', { verifiedEmail: 'yes' }, '.verifiedEmail', BOOLEAN],
    ['amr misspelled', { amr: 'pswd' }, '.amr', AMR],
    ['amr in the words of RFC 8176', { amr: ['hwk'] }, '.amr', AMR],
    ['amr as empty text', { amr: '' }, '.amr', AMR],
    ['amr as an empty list', { amr: [] }, '.amr', AMR],
    ['amr with one wrong member', { amr: ['pwd', 'paskey'] }, '.amr', AMR],
    ['amr with a gap', { amr: Array.from({ length: 2 }).fill('pwd', 0, 1) }, '.amr', AMR],
    // oxlint-disable-next-line no-sparse-arrays
    ['amr with a hole', { amr: ['pwd', , 'totp'] }, '.amr', AMR],
    ['amr with a list inside', { amr: [['pwd']] }, '.amr', AMR],
    ['ext without a provider', { amr: 'ext:' }, '.amr', AMR],
    ['amr in capitals', { amr: 'PWD' }, '.amr', AMR],
    ['amr with text after it', { amr: 'pwd ' }, '.amr', AMR],
    ['amr with text before it', { amr: 'xtotp' }, '.amr', AMR],
    ['allOf empty', { amr: { allOf: [] } }, '.amr', AMR],
    ['allOf as text', { amr: { allOf: 'pwd' } }, '.amr', AMR],
    ['allOf with a wrong member', { amr: { allOf: ['pwd', 'x'] } }, '.amr', AMR],
    ['anyOf', { amr: { anyOf: ['pwd'] } }, '.amr', AMR],
    ['allOf beside another', { amr: { allOf: ['pwd'], anyOf: ['otp'] } }, '.amr', AMR],
    ['amr as an empty object', { amr: {} }, '.amr', AMR],
    ['amr true', { amr: true }, '.amr', AMR],
    ['maxAgeSeconds 0', { maxAgeSeconds: 0 }, '.maxAgeSeconds', `${AGE}0.`],
    ['maxAgeSeconds below 0', { maxAgeSeconds: -1 }, '.maxAgeSeconds', `${AGE}-1.`],
    ['maxAgeSeconds in parts', { maxAgeSeconds: 1.5 }, '.maxAgeSeconds', `${AGE}1.5.`],
    ['maxAgeSeconds too large', { maxAgeSeconds: 31_536_001 }, '.maxAgeSeconds', `${AGE}31536001.`],
    ['maxAgeSeconds NaN', { maxAgeSeconds: NaN }, '.maxAgeSeconds', `${AGE}NaN.`],
    ['maxAgeSeconds endless', { maxAgeSeconds: Infinity }, '.maxAgeSeconds', `${AGE}Infinity.`],
    ['maxAgeSeconds as text', { maxAgeSeconds: '300' }, '.maxAgeSeconds', `${AGE}a string.`],
    ['claims as a list', { claims: ['a'] }, '.claims', 'must be a plain object, got a list.'],
    ['claims as text', { claims: 'a' }, '.claims', 'must be a plain object, got a string.'],
    [
      'claims as a Map, of which nothing would be demanded',
      { claims: new Map([['tier', 'gold']]) },
      '.claims',
      'must be a plain object, got an object.',
    ],
    [
      'claims of a prototype',
      { claims: Object.create({ tier: 'gold' }) as object },
      '.claims',
      'must be a plain object, got an object.',
    ],
    ['a claim without a name', { claims: { '': 1 } }, '.claims', 'must not have an empty name.'],
    ['a claim of a blank name', { claims: { ' ': 1 } }, '.claims', 'must not have an empty name.'],
    ['a claim NaN', { claims: { a: NaN } }, '.claims.a', CLAIM],
    ['a claim endless', { claims: { a: Infinity } }, '.claims.a', CLAIM],
    ['a claim of an empty list', { claims: { a: [] } }, '.claims.a', CLAIM],
    ['a claim of null in a list', { claims: { a: ['x', null] } }, '.claims.a', CLAIM],
    ['a claim of undefined in a list', { claims: { a: ['x', undefined] } }, '.claims.a', CLAIM],
    // oxlint-disable-next-line no-sparse-arrays
    ['a claim of a list with a hole', { claims: { a: ['x', , 'y'] } }, '.claims.a', CLAIM],
    ['a claim of objects in a list', { claims: { a: [{}] } }, '.claims.a', CLAIM],
    ['a claim of an object', { claims: { a: { b: 'c' } } }, '.claims.a', CLAIM],
    ['a claim of an empty object', { claims: { a: {} } }, '.claims.a', CLAIM],
    ['includes a list', { claims: { a: { includes: ['x'] } } }, '.claims.a', CLAIM],
    ['includes nothing', { claims: { a: { includes: undefined } } }, '.claims.a', CLAIM],
    ['includes null', { claims: { a: { includes: null } } }, '.claims.a', CLAIM],
    ['includes beside more', { claims: { a: { includes: 'x', not: 'y' } } }, '.claims.a', CLAIM],
    ['a claim of a symbol', { claims: { a: Symbol('x') } }, '.claims.a', CLAIM],
    ['a claim of a bigint', { claims: { a: 1n } }, '.claims.a', CLAIM],
    ['a claim of a pattern', { claims: { a: /x/ } }, '.claims.a', CLAIM],
    ['a claim at a path', { claims: { 'org.plan': {} } }, '.claims.org.plan', CLAIM],
  ];

describe.each([
  {
    by: '@RequireAuth()',
    act: (options: unknown) => RequireAuth(options as RequireAuthOptions),
    names: `${DEMAND_NAMES}, session`,
  },
  {
    by: 'assertRequirements()',
    act: (options: unknown) => check(userWith(), options),
    names: DEMAND_NAMES,
  },
])('$by', ({ by, act, names }) => {
  it.each(WRONG)('refuses %s, with path and cure', (_, options, path, hint) => {
    expect(faultsOf(() => act(options))).toEqual([{ path: `${by}${path}`, hint }]);
  });

  it.each([
    ['null', null, 'null'],
    ['a list', [], 'a list'],
    ['text', 'mfa', 'a string'],
    ['true', true, 'a boolean'],
    ['a function', () => ({ mfa: true }), 'a function'],
    ['an instance of a class', new Strict(), 'an object'],
    ['what has its demands from a prototype', withPrototype, 'an object'],
    ['a Map', new Map([['mfa', true]]), 'an object'],
  ])('refuses %s: its demands would be overlooked', (_, options, kind) => {
    expect(faultsOf(() => act(options))).toEqual([
      { path: by, hint: `must be a plain object, got ${kind}.` },
    ]);
  });

  it.each(['role', 'MFA', 'maxAge', 'max_age', 'verified_email', 'toString', 'constructor'])(
    'refuses an option that does not exist, with those that do: %s',
    (name) => {
      expect(faultsOf(() => act({ [name]: true }))).toEqual([
        { path: `${by}.${name}`, hint: `is not an option. The options are ${names}.` },
      ]);
    },
  );

  it('takes and refuses an object of another realm, as Jest makes them, like any other', () => {
    const inRealm = (code: string): unknown => runInNewContext(`(${code})`);

    expect(faultsOf(() => act(inRealm('{ mfa: null, claims: { a: null } }')))).toEqual([]);
    expect(faultsOf(() => act(inRealm('new (class { mfa = true })()')))).toEqual([
      { path: by, hint: 'must be a plain object, got an object.' },
    ]);
  });

  it('refuses a prototype that was parsed', () => {
    expect(faultsOf(() => act(JSON.parse('{"__proto__":{"mfa":true}}')))).toEqual([
      { path: `${by}.__proto__`, hint: `is not an option. The options are ${names}.` },
    ]);
  });

  it('names every fault, and repeats no value', () => {
    const act3 = () => act({ mfa: 's3cret', amr: 's3cret', claims: { a: { b: 's3cret' } } });

    expect(faultsOf(act3).map(({ path }) => path)).toEqual([
      `${by}.mfa`,
      `${by}.amr`,
      `${by}.claims.a`,
    ]);
    expect(act3).toThrow(
      expect.objectContaining({
        message: expect.not.stringContaining('s3cret') as string,
      }) as Error,
    );
  });

  it.each([
    {},
    Object.create(null) as object,
    { mfa: undefined, amr: undefined, maxAgeSeconds: undefined, claims: undefined },
    { mfa: null, amr: null, maxAgeSeconds: null, verifiedEmail: null, claims: null },
    { claims: {} },
    { claims: { a: null, b: undefined } },
    { amr: null },
    { maxAgeSeconds: null },
  ])('takes what demands nothing: %j', (options) => {
    expect(faultsOf(() => act(options))).toEqual([]);
  });
});

describe('@RequireAuth()', () => {
  it.each([
    { mfa: true, amr: 'pwd', maxAgeSeconds: 1, verifiedEmail: true, session: 'online' },
    { amr: ['pwd', 'passkey', 'otp', 'totp', 'security_key', 'ext', 'ext:google'] },
    { amr: { allOf: ['ext:a b', 'totp'] }, maxAgeSeconds: 31_536_000 },
    { session: { refreshSeconds: 0 } },
    { claims: { a: '', b: 0, c: false, d: [''], e: { includes: 0 }, f: () => true } },
  ])('takes %j', (options) => {
    expect(faultsOf(() => RequireAuth(options as RequireAuthOptions))).toEqual([]);
  });

  it('takes nothing at all', () => {
    expect(faultsOf(() => RequireAuth())).toEqual([]);
  });

  it('names faults of the session beside the others', () => {
    const options = { session: 'sometimes', mfa: 1 } as unknown as RequireAuthOptions;

    expect(faultsOf(() => RequireAuth(options))).toEqual([
      { path: '@RequireAuth().mfa', hint: BOOLEAN },
      {
        path: '@RequireAuth().session',
        hint: "must be 'offline', 'online' or { refreshSeconds }.",
      },
    ]);
  });
});

describe('assertRequirements()', () => {
  it('does not take a session: it has no token to ask Hanko about', () => {
    expect(faultsOf(() => check(userWith(), { session: 'online' }))).toEqual([
      {
        path: 'assertRequirements().session',
        hint: `is not an option. The options are ${DEMAND_NAMES}.`,
      },
    ]);
  });

  it('takes nothing for no requirements', () => {
    expect(faultsOf(() => check(userWith(), undefined))).toEqual([
      { path: 'assertRequirements()', hint: 'must be a plain object, got nothing.' },
    ]);
  });
});

describe('@RequireAuth(), which is merged with what the class demands', () => {
  it.each(['mfa', 'verifiedEmail'])('takes no %s: false, which could mean two things', (name) => {
    expect(faultsOf(() => RequireAuth({ [name]: false }))).toEqual([
      {
        path: `@RequireAuth().${name}`,
        hint: 'must be true, or null to remove the demand of the class: false does neither. Omit it to demand nothing.',
      },
    ]);
  });

  it('takes a claim that must be false', () => {
    expect(faultsOf(() => RequireAuth({ claims: { role: false } as never }))).toEqual([]);
  });

  it('takes null for each demand, for one claim and for the session', () => {
    const options = {
      mfa: null,
      amr: null,
      maxAgeSeconds: null,
      verifiedEmail: null,
      session: null,
    };
    expect(faultsOf(() => RequireAuth({ ...options, claims: null }))).toEqual([]);
    expect(faultsOf(() => RequireAuth({ ...options, claims: { role: null } }))).toEqual([]);
  });
});

describe('assertRequirements(), which is merged with nothing', () => {
  it('takes false for a condition that does not hold', () => {
    expect(faultsOf(() => check(userWith(), { mfa: false, verifiedEmail: false }))).toEqual([]);
  });
});

describe.each([
  { by: '@RequireAuth()', act: (options: unknown) => RequireAuth(options as RequireAuthOptions) },
  { by: 'assertRequirements()', act: (options: unknown) => check(userWith(), options) },
])('$by reads what was written once, and all of it', ({ by, act }) => {
  it.each<[what: string, options: unknown, path: string, hint: RegExp]>([
    ['a symbol', { [Symbol('mfa')]: true }, '.Symbol(mfa)', /^is not an option/],
    ['a hidden member', Object.defineProperty({}, 'role', { value: 1 }), '.role', /^is not an/],
    ['a claim named by a symbol', { claims: { [Symbol('x')]: 1 } }, '.claims', /symbol/],
    [
      'a hidden claim that cannot be demanded',
      { claims: Object.defineProperty({}, 'role', { value: {} }) },
      '.claims.role',
      /^must be a text/,
    ],
    ['an object that holds itself', selfHolding(), '.claims.a', /^must be a text/],
    [
      'an own __proto__ that cannot be demanded',
      { claims: JSON.parse('{"__proto__":{"a":1}}') as object },
      '.claims.__proto__',
      /^must be a text/,
    ],
    [
      'claims whose prototype was written',
      { claims: { __proto__: { tier: 'gold' } } },
      '.claims',
      /^must be a plain object/,
    ],
  ])('refuses %s', (_, options, path, hint) => {
    const [fault, ...others] = faultsOf(() => act(options));
    expect(fault).toEqual({ path: `${by}${path}`, hint: expect.stringMatching(hint) as string });
    expect(others).toEqual([]);
  });

  it('so that a getter cannot say one thing to the check and another to the route', () => {
    let asked = 0;
    const written = {
      get maxAgeSeconds(): unknown {
        asked += 1;
        return asked === 1 ? 60 : 'never';
      },
    };
    expect(faultsOf(() => act(written))).toEqual([]);
    expect(asked).toBe(1);
  });
});

function selfHolding(): object {
  const circle: Record<string, unknown> = {};
  circle['a'] = circle;
  return { claims: circle };
}

describe('a claim of an odd name', () => {
  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'is demanded like any other: %s',
    (name) => {
      const claims = Object.fromEntries([[name, 'x']]);
      expect(unmetOf(userWith(), { claims })).toEqual([{ requirement: 'claims', claim: name }]);
      expect(unmetOf(userWith(claims), { claims })).toBeNull();
    },
  );

  it('is dropped by JavaScript itself from a literal { __proto__: … }: nobody can see it', () => {
    expect(Object.keys({ __proto__: 'x' })).toEqual([]);
    expect(unmetOf(userWith(), { claims: { __proto__: 'x' } })).toBeNull();
    expect(unmetOf(userWith(), { claims: { ['__proto__']: 'x' } })).toEqual([
      { requirement: 'claims', claim: '__proto__' },
    ]);
  });

  it('is seen where it is hidden, or made by a proxy', () => {
    const hidden = Object.defineProperty({}, 'tier', { value: 'gold' });
    const proxy = new Proxy({ tier: 'gold' }, {});
    for (const claims of [hidden, proxy]) {
      expect(unmetOf(userWith(), { claims })).toEqual([{ requirement: 'claims', claim: 'tier' }]);
    }
  });
});
