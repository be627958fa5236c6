import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';
import { type HankoClaims, type HankoClaimsSchema, HankoTokenError, HankoUser } from 'nestjs-hanko';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { ClaimsSchema } from '../../../lib/verification/claims-schema.js';
import { CapturedLog } from '../../support/log.js';
import { Thenable } from '../../support/thenable.js';

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

const schemaOf = (validate: (value: unknown) => unknown): HankoClaimsSchema => ({
  '~standard': { version: 1, vendor: 'test', validate: validate as Validate },
});

const apply = (validate: (value: unknown) => unknown, claims = claimsWith()): unknown =>
  new ClaimsSchema(schemaOf(validate)).apply(claims);

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

/** Says what is wrong, and nothing of what the app or its library said. */
const isRefusal = (reason: string): unknown =>
  expect.objectContaining({
    code: 'token_claims_invalid',
    reason: `The option claimsSchema ${reason}`,
  });

const NO_OBJECT = 'must make an object of the claims';
const NO_RESULT = 'returned no result';

const warnings = (): readonly string[] => log.messages('warn');
const warning = (reason: string): string =>
  `The option claimsSchema ${reason}: such tokens get 401`;

describe('without a schema', () => {
  it('claims are what the token says, the very object', () => {
    const claims = claimsWith('{"a":1}');

    expect(new ClaimsSchema(null).apply(claims)).toBe(claims);
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
    const parsed = new ClaimsSchema({ '~standard': standard }).apply(claimsWith('{"a":[1]}'));

    expect(standard.asked).toEqual([{ ...OWN, custom: { a: [1] } }]);
    expect(parsed).toEqual({ ...OWN, custom: { a: [1] }, seen: true });
  });

  it('adds and replaces claims, and takes none away', () => {
    expect(apply(() => ({ value: { added: 1, custom: 'replaced' } }))).toEqual({
      ...OWN,
      custom: 'replaced',
      added: 1,
    });
    expect(apply(() => ({ value: {} }))).toEqual({ ...OWN, custom: {} });
  });

  it('cannot change what is Hanko’s own', () => {
    const output = Object.fromEntries(Object.keys(OWN).map((name) => [name, 'forged']));

    expect(apply(() => ({ value: output }))).toEqual({ ...OWN, custom: {} });
    expect(apply(() => ({ value: { ...OWN, sub: undefined, exp: Infinity } }))).toEqual({
      ...OWN,
      custom: {},
    });
  });

  it.each(Object.keys(OWN))('cannot add what Hanko left out: %s', (name) => {
    const { [name as 'sub']: _, ...claims } = claimsWith();
    const parsed = apply(() => ({ value: { [name]: 'forged' } }), claims as HankoClaims);

    expect(parsed).toEqual(claims);
    expect(Object.keys(parsed as object)).not.toContain(name);
  });

  it('that writes into what it is given changes neither the claims nor what is theirs', () => {
    const claims = claimsWith('{"roles":["user"]}');
    const parsed = apply((value) => {
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
    const user = new HankoUser(apply(() => ({ value: made })) as HankoClaims);

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
    const user = new HankoUser(apply(() => ({ value: made })) as HankoClaims);

    expect(user.claims).toMatchObject(made);
    plan.limits.seats = 2;
    bytes[0] = 2;
    expect(user.claims).toMatchObject({ plan: { limits: { seats: 2 } }, bytes: Uint8Array.of(2) });
  });

  it('of claims that are called as members of every object keeps them apart', () => {
    const parsed = apply(
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
    const user = new HankoUser(apply((value) => ({ value }), claims) as HankoClaims);

    expect(user.id).toBe(OWN.sub);
  });

  it.each([undefined, null, 'text', 42, true, [], [{}], () => ({})])(
    'that makes %o of the claims lets nobody in, and is warned of once',
    (output) => {
      const schema = new ClaimsSchema(schemaOf(() => ({ value: output })));

      for (const claims of [claimsWith(), claimsWith()]) {
        expect(refusalOf(() => schema.apply(claims))).toEqual(isRefusal(NO_OBJECT));
        expect(refusalOf(() => schema.apply(claims))).toEqual(isRefusal(NO_OBJECT));
      }
      expect(warnings()).toEqual([warning(NO_OBJECT)]);
    },
  );

  it.each([undefined, null, 0, '', true, () => undefined])(
    'that returns %o lets nobody in',
    (result) => {
      expect(refusalOf(() => apply(() => result))).toEqual(isRefusal(NO_RESULT));
      expect(warnings()).toEqual([warning(NO_RESULT)]);
    },
  );

  it('that throws lets nobody in, repeats nothing, is warned of once and asked again', () => {
    let asked = 0;
    const schema = new ClaimsSchema(
      schemaOf((claims) => {
        asked += 1;
        if (asked < 3) throw new RangeError(`s3cret ${JSON.stringify(claims)}`);
        return { value: { asked } };
      }),
    );
    const claims = claimsWith();

    for (let n = 0; n < 2; n += 1) {
      const refusal = refusalOf(() => schema.apply(claims));
      expect(refusal).toEqual(isRefusal('threw RangeError'));
      expect(inspect(refusal, { depth: 10, showHidden: true })).not.toMatch(/s3cret|ada@/);
    }
    expect(schema.apply(claims)).toMatchObject({ asked: 3 });
    expect(log.lines).toHaveLength(1);
    expect(warnings()).toEqual([warning('threw RangeError')]);
  });

  it.each<[what: string, thrown: unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['text', 's3cret'],
    ['an object without a class', Object.create(null)],
    [
      'a class with an odd name',
      new (class {
        static readonly name = 's3cret value';
      })(),
    ],
    [
      'what throws when it is looked at',
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('s3cret');
          },
        },
      ),
    ],
  ])('that throws %s lets nobody in', (_, thrown) => {
    const refusal = refusalOf(() =>
      apply(() => {
        throw thrown;
      }),
    );

    expect(refusal.code).toBe('token_claims_invalid');
    expect(refusal.reason).toMatch(/^The option claimsSchema threw (?:an error|String)$/);
  });

  const failing = (): never => {
    throw new TypeError('s3cret');
  };
  it.each<[what: string, result: unknown]>([
    [
      'issues that cannot be read',
      {
        get issues(): never {
          return failing();
        },
      },
    ],
    [
      'a value that cannot be read',
      {
        get value(): never {
          return failing();
        },
      },
    ],
    [
      'a claim that cannot be read',
      {
        value: {
          get tier(): never {
            return failing();
          },
        },
      },
    ],
    [
      'a claim deep inside that cannot be read',
      {
        value: {
          a: [
            {
              get b(): never {
                return failing();
              },
            },
          ],
        },
      },
    ],
    ['a proxy', { value: new Proxy({}, { ownKeys: failing }) }],
    [
      'a path that cannot be read',
      {
        issues: [
          {
            get path(): never {
              return failing();
            },
          },
        ],
      },
    ],
    ['a path that is no list', { issues: [{ path: 1 }] }],
    ['a part of a path that is no text', { issues: [{ path: [{ key: { toString: failing } }] }] }],
    ['an issue that is nothing', { issues: [null] }],
    [
      'a thenable that cannot be asked',
      {
        // oxlint-disable-next-line no-thenable
        get then(): never {
          return failing();
        },
      },
    ],
  ])('that returns %s lets nobody in, and is warned of once', (_, result) => {
    const schema = new ClaimsSchema(schemaOf(() => result));

    for (const claims of [claimsWith(), claimsWith()]) {
      expect(refusalOf(() => schema.apply(claims))).toEqual(isRefusal('threw TypeError'));
    }
    expect(warnings()).toEqual([warning('threw TypeError')]);
  });

  it.each([[], 'text', { length: 1 }, true])('with issues %o refuses the claims', (issues) => {
    expect(refusalOf(() => apply(() => ({ issues, value: {} })))).toEqual(
      isRefusal('refuses the claims'),
    );
  });

  it('is asked once per token, whether it is content or not', () => {
    let asked = 0;
    const schema = new ClaimsSchema(
      schemaOf((value) => {
        asked += 1;
        const { custom } = value as { custom: unknown };
        return custom === 'bad' ? { issues: [{ message: 'no' }] } : { value: { n: asked } };
      }),
    );
    const [good, other, bad] = [claimsWith('1'), claimsWith('1'), claimsWith('"bad"')];

    expect(schema.apply(good)).toBe(schema.apply(good));
    expect(schema.apply(other)).not.toBe(schema.apply(good));
    expect(refusalOf(() => schema.apply(bad))).not.toBe(refusalOf(() => schema.apply(bad)));
    expect(asked).toBe(3);
  });
});

describe('a schema that takes its time', () => {
  it('is asked once per token, by however many requests at once', async () => {
    const waiting: ((answer: unknown) => void)[] = [];
    const schema = new ClaimsSchema(
      schemaOf(() => new Promise((resolve) => void waiting.push(resolve))),
    );
    const claims = claimsWith();
    const all = Array.from({ length: 32 }, () => Promise.resolve(schema.apply(claims)));
    expect(waiting).toHaveLength(1);
    waiting[0]?.({ value: { tier: 'gold' } });

    const parsed = await Promise.all(all);
    expect(new Set(parsed).size).toBe(1);
    expect(parsed[0]).toMatchObject({ ...OWN, tier: 'gold' });
    // From then on nobody waits.
    expect(schema.apply(claims)).toBe(parsed[0]);
  });

  it('may be a thenable', async () => {
    const schema = new ClaimsSchema(schemaOf(() => new Thenable({ value: { a: 1 } })));

    expect(await schema.apply(claimsWith())).toMatchObject({ a: 1 });
  });

  it('refuses later, and once and for all', async () => {
    let asked = 0;
    const schema = new ClaimsSchema(
      schemaOf(() => {
        asked += 1;
        return Promise.resolve({ issues: [{ message: 'no', path: ['custom'] }] });
      }),
    );
    const claims = claimsWith();
    const both = [schema.apply(claims), schema.apply(claims)];

    for (const one of both) {
      await expect(one).rejects.toMatchObject({ code: 'token_claims_invalid' });
    }
    expect(refusalOf(() => schema.apply(claims)).code).toBe('token_claims_invalid');
    expect(asked).toBe(1);
    expect(log.messages('warn')).toHaveLength(1);
  });

  it('that fails is asked again by the next request', async () => {
    let asked = 0;
    const schema = new ClaimsSchema(
      schemaOf(() => {
        asked += 1;
        return asked === 1
          ? Promise.reject(new Error('the database is away'))
          : Promise.resolve({ value: { asked } });
      }),
    );
    const claims = claimsWith();

    await expect(schema.apply(claims)).rejects.toEqual(isRefusal('threw Error'));
    expect(warnings()).toEqual([warning('threw Error')]);
    expect(await schema.apply(claims)).toMatchObject({ asked: 2 });
  });

  it('that makes no object lets nobody in', async () => {
    await expect(apply(() => Promise.resolve({ value: 1 }))).rejects.toEqual(isRefusal(NO_OBJECT));
    await expect(apply(() => Promise.resolve())).rejects.toEqual(isRefusal(NO_RESULT));
    expect(warnings()).toEqual([warning(NO_OBJECT), warning(NO_RESULT)]);
  });

  it('that fails with many requests waiting is warned of once', async () => {
    const schema = new ClaimsSchema(schemaOf(() => Promise.reject(new TypeError('s3cret'))));
    const all = Array.from({ length: 16 }, () => schema.apply(claimsWith()));

    for (const one of all) await expect(one).rejects.toEqual(isRefusal('threw TypeError'));
    expect(warnings()).toEqual([warning('threw TypeError')]);
  });
});
