import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';
import {
  HankoConfigurationError,
  type HankoClaims,
  type HankoClaimsSchema,
  HankoTokenError,
  HankoUser,
} from 'nestjs-hanko';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { ClaimsParser } from '../../lib/verification/claims-parser.js';
import { CapturedLog } from '../support/e2e-log.js';
import { Thenable } from '../support/unit-thenable.js';

const OWN = {
  sub: '0d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33',
  session_id: '5c0b6a52-5f0e-4c8e-9a53-0a4a3f4f1f10',
  iat: 1_790_000_000,
  exp: 1_790_043_200,
  nbf: 1_790_000_000,
  aud: ['localhost'],
  iss: 'https://login.example.test',
  email: { address: 'ada@example.test', is_primary: true, is_verified: true },
  username: 'ada',
  amr: ['pwd'],
};

const claimsWith = (json = '{}'): HankoClaims =>
  JSON.parse(JSON.stringify(OWN).replace(/\}$/, `,"custom":${json}}`)) as HankoClaims;

type Validate = HankoClaimsSchema['~standard']['validate'];
type Issue = { readonly message: string; readonly path?: readonly unknown[] | undefined };

const schemaOf = (validate: (value: unknown) => unknown): HankoClaimsSchema => ({
  '~standard': { version: 1, vendor: 'test', validate: validate as Validate },
});

const parse = (validate: (value: unknown) => unknown, claims = claimsWith()): unknown =>
  new ClaimsParser(schemaOf(validate)).parse(claims);

const refusing = (...issues: readonly Issue[]): ClaimsParser =>
  new ClaimsParser(schemaOf(() => ({ issues })));

const refusalOf = (act: () => unknown): HankoTokenError => {
  try {
    act();
  } catch (error) {
    if (error instanceof HankoTokenError) return error;
    throw error;
  }
  return expect.unreachable('it was accepted');
};

let log = new CapturedLog();
beforeEach(() => {
  log = new CapturedLog();
  Logger.overrideLogger(log);
});
afterAll(() => Logger.overrideLogger(false));

const NO_OBJECT = [{ path: 'claimsSchema', hint: 'must make an object of the claims.' }];

describe('without a schema', () => {
  it('claims are what the token says, the very object', () => {
    const claims = claimsWith('{"a":1}');

    expect(new ClaimsParser(null).parse(claims)).toBe(claims);
  });
});

describe('a schema', () => {
  it('is asked by its own method, with the claims as they came', () => {
    const standard = {
      version: 1 as const,
      vendor: 'test',
      asked: [] as unknown[],
      validate(value: unknown) {
        this.asked.push(value);
        return { value: { seen: true } };
      },
    };
    const parsed = new ClaimsParser({ '~standard': standard }).parse(claimsWith('{"a":[1]}'));

    expect(standard.asked).toEqual([{ ...OWN, custom: { a: [1] } }]);
    expect(parsed).toEqual({ ...OWN, custom: { a: [1] }, seen: true });
  });

  it('adds and replaces claims, and takes none away', () => {
    expect(parse(() => ({ value: { added: 1, custom: 'replaced' } }))).toEqual({
      ...OWN,
      custom: 'replaced',
      added: 1,
    });
    expect(parse(() => ({ value: {} }))).toEqual({ ...OWN, custom: {} });
  });

  it('cannot change what is Hanko’s own', () => {
    const output = Object.fromEntries(Object.keys(OWN).map((name) => [name, 'forged']));

    expect(parse(() => ({ value: output }))).toEqual({ ...OWN, custom: {} });
    expect(parse(() => ({ value: { ...OWN, sub: undefined, exp: Infinity } }))).toEqual({
      ...OWN,
      custom: {},
    });
  });

  it.each(Object.keys(OWN))('cannot add what Hanko left out: %s', (name) => {
    const { [name as 'sub']: _, ...claims } = claimsWith();
    const parsed = parse(() => ({ value: { [name]: 'forged' } }), claims as HankoClaims);

    expect(parsed).toEqual(claims);
    expect(Object.keys(parsed as object)).not.toContain(name);
  });

  it('that writes into what it is given changes neither the claims nor what is theirs', () => {
    const claims = claimsWith('{"roles":["user"]}');
    const parsed = parse((value) => {
      const given = value as Record<string, unknown> & {
        custom: { roles: string[] };
        amr: string[];
      };
      given.sub = 'forged';
      given.amr.push('totp');
      given.custom.roles.push('admin');
      delete given.exp;
      return { value: {} };
    }, claims);

    expect(parsed).toEqual({ ...OWN, custom: { roles: ['user'] } });
    expect(claims).toEqual({ ...OWN, custom: { roles: ['user'] } });
  });

  it('that keeps what it made cannot change it afterwards, for the next request', () => {
    const made = { roles: ['user'], sub: 'forged' };
    const user = new HankoUser(parse(() => ({ value: made })) as HankoClaims);

    expect(() => made.roles.push('admin')).toThrow(TypeError);
    made.roles = ['admin'];
    expect(user.claims).toMatchObject({ sub: OWN.sub, roles: ['user'] });
  });

  it('may make what JSON does not know, and what is the app’s stays as it is', () => {
    class Plan {
      limits = { seats: 1 };
    }
    const plan = new Plan();
    const bytes = new Uint8Array([1]);
    const made = { plan, since: new Date(0), bytes, tags: new Set(['a']), odd: undefined };
    const user = new HankoUser(parse(() => ({ value: made })) as HankoClaims);

    expect(user.claims).toMatchObject(made);
    plan.limits.seats = 2;
    bytes[0] = 2;
    expect(user.claims).toMatchObject({ plan: { limits: { seats: 2 } }, bytes: Uint8Array.of(2) });
  });

  it('of claims that are called as members of every object keeps them apart', () => {
    const parsed = parse(
      () => ({ value: JSON.parse('{"__proto__":{"isAdmin":true},"constructor":"x"}') as object }),
      claimsWith('{"__proto__":{"isAdmin":true}}'),
    ) as Record<string, unknown>;

    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
    expect(parsed.isAdmin).toBeUndefined();
    expect((parsed.custom as Record<string, unknown>).isAdmin).toBeUndefined();
    expect(Object.getOwnPropertyDescriptor(parsed, '__proto__')?.value).toEqual({ isAdmin: true });
    expect(parsed.constructor).toBe('x');
  });

  it('gets claims that are nested as deep as a token can be', () => {
    const depth = 2_500;
    const claims = claimsWith(`${'['.repeat(depth)}${']'.repeat(depth)}`);
    const user = new HankoUser(parse((value) => ({ value }), claims) as HankoClaims);

    expect(user.id).toBe(OWN.sub);
  });

  it.each([undefined, null, 'text', 42, true, [], [{}], () => ({})])(
    'that makes %o of the claims is a mistake of the app, and not remembered',
    (output) => {
      const asked: unknown[] = [];
      const parser = new ClaimsParser(schemaOf((value) => asked.push(value) && { value: output }));
      const claims = claimsWith();

      expect(() => parser.parse(claims)).toThrow(new HankoConfigurationError(NO_OBJECT));
      expect(() => parser.parse(claims)).toThrow(new HankoConfigurationError(NO_OBJECT));
      expect(asked).toHaveLength(2);
    },
  );

  it.each([undefined, null, 0, '', true])('that answers %o is a mistake of the app', (answer) => {
    expect(() => parse(() => answer)).toThrow(new HankoConfigurationError(NO_OBJECT));
  });

  it('that throws lets nobody in, and is asked again', () => {
    const own = new RangeError('own');
    let asked = 0;
    const parser = new ClaimsParser(
      schemaOf(() => {
        asked += 1;
        if (asked === 1) throw own;
        return { value: { asked } };
      }),
    );
    const claims = claimsWith();

    expect(() => parser.parse(claims)).toThrow(own);
    expect(parser.parse(claims)).toMatchObject({ asked: 2 });
    expect(log.lines).toEqual([]);
  });

  it('is asked once per token, whether it is content or not', () => {
    let asked = 0;
    const parser = new ClaimsParser(
      schemaOf((value) => {
        asked += 1;
        const { custom } = value as { custom: unknown };
        return custom === 'bad' ? { issues: [{ message: 'no' }] } : { value: { n: asked } };
      }),
    );
    const [good, other, bad] = [claimsWith('1'), claimsWith('1'), claimsWith('"bad"')];

    expect(parser.parse(good)).toBe(parser.parse(good));
    expect(parser.parse(other)).not.toBe(parser.parse(good));
    expect(refusalOf(() => parser.parse(bad))).not.toBe(refusalOf(() => parser.parse(bad)));
    expect(asked).toBe(3);
  });
});

describe('a schema that takes its time', () => {
  it('is asked once per token, by however many requests at once', async () => {
    const waiting: ((answer: unknown) => void)[] = [];
    const parser = new ClaimsParser(
      schemaOf(() => new Promise((resolve) => void waiting.push(resolve))),
    );
    const claims = claimsWith();
    const all = Array.from({ length: 32 }, () => Promise.resolve(parser.parse(claims)));
    expect(waiting).toHaveLength(1);
    waiting[0]?.({ value: { tier: 'gold' } });

    const parsed = await Promise.all(all);
    expect(new Set(parsed).size).toBe(1);
    expect(parsed[0]).toMatchObject({ ...OWN, tier: 'gold' });
    // From then on nobody waits.
    expect(parser.parse(claims)).toBe(parsed[0]);
  });

  it('may be a thenable', async () => {
    const parser = new ClaimsParser(schemaOf(() => new Thenable({ value: { a: 1 } })));

    expect(await parser.parse(claimsWith())).toMatchObject({ a: 1 });
  });

  it('refuses later, and once and for all', async () => {
    let asked = 0;
    const parser = new ClaimsParser(
      schemaOf(() => {
        asked += 1;
        return Promise.resolve({ issues: [{ message: 'no', path: ['custom'] }] });
      }),
    );
    const claims = claimsWith();
    const both = [parser.parse(claims), parser.parse(claims)];

    for (const one of both) {
      await expect(one).rejects.toMatchObject({ code: 'token_claims_invalid' });
    }
    expect(refusalOf(() => parser.parse(claims)).code).toBe('token_claims_invalid');
    expect(asked).toBe(1);
    expect(log.messages('warn')).toHaveLength(1);
  });

  it('that fails is asked again by the next request', async () => {
    let asked = 0;
    const parser = new ClaimsParser(
      schemaOf(() => {
        asked += 1;
        return asked === 1
          ? Promise.reject(new Error('the database is away'))
          : Promise.resolve({ value: { asked } });
      }),
    );
    const claims = claimsWith();

    await expect(parser.parse(claims)).rejects.toThrow('the database is away');
    expect(await parser.parse(claims)).toMatchObject({ asked: 2 });
  });

  it('that makes no object is a mistake of the app', async () => {
    await expect(parse(() => Promise.resolve({ value: 1 }))).rejects.toThrow(
      new HankoConfigurationError(NO_OBJECT),
    );
  });
});

describe('a refusal', () => {
  const reasonFor = (...paths: readonly (readonly unknown[] | undefined)[]): string =>
    refusalOf(() =>
      refusing(...paths.map((path) => ({ message: 'secret-value', path }))).parse(claimsWith()),
    ).reason;

  it('names the claims, and nothing of what the library says of them', () => {
    const parser = refusing(
      { message: 'expected secret-value', path: ['tier'] },
      { message: 'expected secret-value', path: ['org', 'plan'] },
    );
    const refusal = refusalOf(() => parser.parse(claimsWith()));

    expect(refusal.code).toBe('token_claims_invalid');
    expect(refusal.reason).toBe('The option claimsSchema refuses tier, org.plan');
    expect(inspect(refusal, { depth: 10, showHidden: true })).not.toContain('secret-value');
    expect(log.lines.map(({ text }) => text).join()).not.toContain('secret-value');
  });

  it.each([
    { paths: [['roles', 0]], named: 'roles.0' },
    { paths: [[{ key: 'org' }, { key: 'plan' }]], named: 'org.plan' },
    { paths: [['org', { key: 3 }]], named: 'org.3' },
    { paths: [[Symbol('tier')]], named: 'Symbol?tier?' },
    { paths: [['a'], ['a'], ['b']], named: 'a, b' },
    { paths: [undefined], named: 'the claims' },
    { paths: [[]], named: 'the claims' },
    { paths: [[], ['tier']], named: 'tier' },
    { paths: [], named: 'the claims' },
    { paths: [['a\r\nb\u001b[31m\u2028\u0000é']], named: 'a??b??31m???' },
    { paths: [['https://app.test/org', '$ref-1']], named: 'https:??app.test?org.$ref-1' },
    { paths: [['x'.repeat(500)]], named: 'x'.repeat(100) },
    {
      paths: Array.from({ length: 50 }, (_, n) => [`c${n}`]),
      named: 'c0, c1, c2, c3, c4, c5, c6, c7, c8, c9',
    },
  ])('names $paths as $named', ({ paths, named }) => {
    expect(reasonFor(...paths)).toBe(`The option claimsSchema refuses ${named}`);
  });

  it('is warned of once, by the claims that are refused', () => {
    let path = 'tier';
    const parser = new ClaimsParser(
      schemaOf(() => ({ issues: [{ message: 'no', path: [path] }] })),
    );
    for (const next of ['tier', 'tier', 'role', 'tier', 'role']) {
      path = next;
      refusalOf(() => parser.parse(claimsWith()));
    }

    expect(log.lines.map(({ level, message, context }) => [level, message, context])).toEqual(
      ['tier', 'role'].map((name) => [
        'warn',
        `The option claimsSchema refuses ${name}: such tokens are answered 401`,
        'HankoClaims',
      ]),
    );
  });

  it('whose names the users make up fills neither log nor memory', () => {
    let n = 0;
    const parser = new ClaimsParser(
      schemaOf(() => ({ issues: [{ message: 'no', path: ['settings', `own-${(n += 1)}`] }] })),
    );
    for (let token = 0; token < 100; token += 1) refusalOf(() => parser.parse(claimsWith()));

    expect(log.messages('warn')).toHaveLength(20);
  });
});
