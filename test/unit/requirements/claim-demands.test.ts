import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';
import { HankoRequirementError, type HankoUser } from 'nestjs-hanko';
import { describe, expect, it } from 'vitest';
import { CapturedLog } from '../../support/log.js';
import { check, refusalOf, requirements, unmetOf, userWith } from '../../support/requirements.js';
import { Thenable } from '../../support/thenable.js';
import { createService } from '../../support/verifier.js';

/** A claim as it comes: JSON that was parsed, where `__proto__` is a name like any other. */
const userOf = (json: string): HankoUser => userWith(JSON.parse(json) as object);

const refusalBy = (act: () => void): HankoRequirementError => {
  try {
    act();
  } catch (error) {
    if (error instanceof HankoRequirementError) return error;
    throw error;
  }
  return expect.unreachable('it was accepted');
};

const isMet = (user: HankoUser, claims: object): boolean => unmetOf(user, { claims }) === null;

describe('a claim', () => {
  it.each([
    ['gold', '"gold"', true],
    ['gold', '"Gold"', false],
    ['gold', '"gold "', false],
    ['gold', '["gold"]', false],
    ['gold', '{"gold":true}', false],
    ['', '""', true],
    ['', 'null', false],
    ['', 'false', false],
    [42, '42', true],
    [42, '42.0', true],
    [42, '"42"', false],
    ['42', '42', false],
    [1, 'true', false],
    [0, '-0', true],
    [0, 'false', false],
    [0, '""', false],
    [true, 'true', true],
    [true, '"true"', false],
    [true, '1', false],
    [true, '"yes"', false],
    [false, 'false', true],
    [false, 'null', false],
    [false, '0', false],
    ['null', 'null', false],
    ['[object Object]', '{}', false],
  ])('demanded to be %j is met by %s: %j', (demand, json, expected) => {
    expect(isMet(userOf(`{"tier":${json}}`), { tier: demand })).toBe(expected);
  });

  it.each([
    [['gold', 'silver'], '"silver"', true],
    [['gold', 'silver'], '"bronze"', false],
    [['gold', 'silver'], '["gold","silver"]', false],
    [['gold'], '["gold"]', false],
    [[1, '2', true], '1', true],
    [[1, '2', true], '2', false],
    [[1, '2', true], '"2"', true],
    [[1, '2', true], 'true', true],
    [[1, '2', true], '"true"', false],
    [['gold'], 'null', false],
    [['constructor'], '{}', false],
  ])('demanded to be one of %j is met by %s: %j', (demand, json, expected) => {
    expect(isMet(userOf(`{"tier":${json}}`), { tier: demand })).toBe(expected);
  });

  it.each([
    ['admin', '["user","admin"]', true],
    ['admin', '["admin"]', true],
    ['admin', '[]', false],
    ['admin', '"admin"', false],
    ['admin', '"an admin of sorts"', false],
    ['admin', '["administrator"]', false],
    ['admin', '[["admin"]]', false],
    ['admin', '{"0":"admin","length":1}', false],
    ['admin', '{"admin":true}', false],
    [1, '[1]', true],
    [1, '["1"]', false],
    [true, '["true"]', false],
    [false, '[null]', false],
  ])('demanded to include %j is met by %s: %j', (includes, json, expected) => {
    expect(isMet(userOf(`{"tier":${json}}`), { tier: { includes } })).toBe(expected);
  });

  it('that is absent meets nothing but a function that says so', () => {
    const absent = [undefined, null, 'undefined', 'null', '', 0, false].filter(
      (value) => value != null,
    );
    for (const demand of [...absent, absent, ...absent.map((includes) => ({ includes }))]) {
      expect([demand, isMet(userWith(), { tier: demand })]).toEqual([demand, false]);
    }
    expect(isMet(userWith(), { tier: (value: unknown) => value === undefined })).toBe(true);
  });

  it('demanded to be null or undefined is not demanded', () => {
    expect(isMet(userWith(), { tier: null, role: undefined })).toBe(true);
    expect(isMet(userWith({ role: 'x' }), { tier: null, role: undefined })).toBe(true);
    expect(isMet(userWith({ role: 'x' }), { tier: null, role: 'y' })).toBe(false);
  });
});

describe('a function', () => {
  it('is asked with what the claim holds, and with the user', () => {
    const user = userOf('{"org":{"plan":["a"]}}');
    const asked: unknown[][] = [];
    const ask = (...input: unknown[]): boolean => asked.push(input) > 0;

    check(user, { claims: { org: ask, 'org.plan': ask, 'org.none': ask } });

    expect(asked).toEqual([
      [{ plan: ['a'] }, user],
      [['a'], user],
      [undefined, user],
    ]);
    expect(asked[0]?.[0]).toBe((user.claims as unknown as { org: unknown }).org);
  });

  it.each([false, undefined, null, 0, 1, 'true', {}, [], [true], Boolean, new Boolean(true)])(
    'that returns %o refuses: only true lets pass',
    (verdict) => {
      expect(isMet(userWith(), { tier: () => verdict })).toBe(false);
    },
  );

  const THREW = 'threw RangeError';
  it.each<[what: string, demand: (value: unknown) => unknown, warned: string]>([
    [
      'throws',
      (value) => {
        throw new RangeError(`s3cret ${String(value)}`);
      },
      THREW,
    ],
    [
      'throws what is no error',
      () => {
        // oxlint-disable-next-line no-throw-literal
        throw 's3cret';
      },
      'threw String',
    ],
    ['returns a promise of true', () => Promise.resolve(true), 'returned an object'],
    [
      'returns a promise that fails',
      () => Promise.reject(new Error('s3cret')),
      'returned an object',
    ],
    ['returns a thenable', () => new Thenable(true), 'returned an object'],
    [
      'returns a thenable that cannot be asked',
      () => ({
        // oxlint-disable-next-line no-thenable
        get then(): never {
          throw new RangeError('s3cret');
        },
      }),
      'returned an object',
    ],
    ['returns a number', () => 4711, 'returned a number'],
    ['returns text', () => 's3cret', 'returned a string'],
    ['returns nothing', () => undefined, 'returned nothing'],
  ])('that %s refuses, is warned of once, and repeats nothing', async (what, demand, warned) => {
    const claim = `claim that ${what}`;
    const { service } = await createService({ jwks: { getKey: () => undefined } });
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', listener);
    const log = new CapturedLog();
    Logger.overrideLogger(log);
    try {
      const user = userOf(JSON.stringify({ [claim]: 's3cret' }));
      for (let n = 0; n < 3; n += 1) {
        const refusal = refusalBy(() =>
          service.assertRequirements(user, requirements({ claims: { [claim]: demand } })),
        );
        expect(refusal.getResponse()).toMatchObject({
          code: 'requirement_not_met',
          unmet: [{ requirement: 'claims', claim }],
        });
        expect(inspect(refusal, { depth: 10, showHidden: true })).not.toContain('s3cret');
      }
      // Node tells of unhandled rejections before it goes on to the next macrotask.
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
      expect(log.lines).toHaveLength(1);
      expect(log.messages('warn')).toEqual([
        expect.stringMatching(`^The function in the demand on the claim ${claim} ${warned}: `),
      ]);
      expect(log.messages('warn').join()).not.toContain('s3cret');
    } finally {
      Logger.overrideLogger(false);
      process.off('unhandledRejection', listener);
    }
  });

  it('of made-up claims fills the log with no more than twenty lines', async () => {
    const log = new CapturedLog();
    Logger.overrideLogger(log);
    const { service } = await createService({ jwks: { getKey: () => undefined } });
    for (let n = 0; n < 100; n += 1) {
      const claims = { [`made-up-${n}`]: () => undefined };
      expect(
        refusalBy(() => service.assertRequirements(userWith(), requirements({ claims }))),
      ).toBeDefined();
    }
    Logger.overrideLogger(false);
    expect(log.messages('warn')).toHaveLength(20);
  });

  it('cannot change what the token says', () => {
    const user = userOf('{"roles":["user"]}');
    const demand = (roles: string[]): boolean => roles.push('admin') > 0;

    expect(isMet(user, { roles: demand })).toBe(false);
    expect(isMet(user, { roles: { includes: 'admin' } })).toBe(false);
  });
});

describe('a path', () => {
  const nested = '{"org":{"plan":"pro","team":{"lead":{"level":3}},"list":["a"],"none":null}}';

  it.each([
    ['org.plan', 'pro', true],
    ['org.plan', 'team', false],
    ['org.team.lead.level', 3, true],
    ['org.team.lead', 3, false],
    ['org', 'pro', false],
    ['plan', 'pro', false],
    ['org.plan.length', 3, false],
    ['org.list.0', 'a', false],
    ['org.list.length', 1, false],
    ['org.none.x', 'x', false],
    ['org.nope', 'pro', false],
    ['nope.plan', 'pro', false],
    ['org..plan', 'pro', false],
    ['.org.plan', 'pro', false],
    ['org.plan.', 'pro', false],
    ['org.', 'pro', false],
    ['.', 'pro', false],
    ['ORG.plan', 'pro', false],
  ])('%s demanded to be %j is met: %j', (path, demand, expected) => {
    expect(isMet(userOf(nested), { [path]: demand })).toBe(expected);
  });

  it.each([
    ['{"org.plan":"dotted"}', 'org.plan', 'dotted'],
    ['{"org.plan":"dotted","org":{"plan":"nested"}}', 'org.plan', 'dotted'],
    ['{"org":{"plan.name":"deep"}}', 'org.plan.name', 'deep'],
    ['{"org.plan":{"name":"dotted"},"org":{"plan":{"name":"nested"}}}', 'org.plan.name', 'dotted'],
    ['{"org.plan":{"other":1},"org":{"plan":{"name":"nested"}}}', 'org.plan.name', 'nested'],
    ['{"https://app.test/roles":"admin"}', 'https://app.test/roles', 'admin'],
    ['{"https://app.test/org":{"plan":"pro"}}', 'https://app.test/org.plan', 'pro'],
    ['{"https://app.test/org":{"a.b":"pro"}}', 'https://app.test/org.a.b', 'pro'],
    ['{"a":{".b":"odd"}}', 'a..b', 'odd'],
    ['{"":{"":"empty"}}', '.', undefined],
  ])('in %s: %s is %j', (json, path, expected) => {
    const seen: unknown[] = [];
    check(userOf(json), { claims: { [path]: (value: unknown) => seen.push(value) > 0 } });

    expect(seen).toEqual([expected]);
  });

  it.each([
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '__proto__.constructor',
    'constructor.name',
    'constructor.prototype',
    'org.__proto__',
    'org.constructor',
    'org.constructor.name',
    'org.toString',
    'tier.length',
    'tier.constructor',
    'roles.length',
    'roles.at',
  ])('%s finds nothing that every object of JavaScript has', (path) => {
    const user = userOf('{"org":{"plan":"pro"},"tier":"gold","roles":["admin"]}');
    const seen: unknown[] = [];
    const claims = { [path]: (value: unknown): boolean => seen.push(value) > 0 };
    check(user, { claims });

    expect(seen).toEqual([undefined]);
    expect(isMet(user, { [path]: ['Object', 'String', 4, 1] })).toBe(false);
  });

  it('finds a claim of such a name, if the token has one', () => {
    const user = userOf('{"__proto__":{"role":"admin"},"constructor":"x","org":{"__proto__":"y"}}');

    expect(isMet(user, { ['__proto__.role']: 'admin', constructor: 'x' })).toBe(true);
    expect(isMet(user, { 'org.__proto__': 'y' })).toBe(true);
    expect(isMet(user, { role: 'admin' })).toBe(false);
  });
});

describe('a refusal because of a claim', () => {
  it.each([
    ['"secret-value"', 'of type string'],
    ['4711', 'of type number'],
    ['true', 'of type boolean'],
    ['["secret-value"]', 'a list'],
    ['{"secret-value":"secret-value"}', 'of type object'],
    ['null', 'null'],
  ])('tells operators the type of %s and nobody its value', (json, type) => {
    for (const demand of ['demanded-value', ['demanded-value'], { includes: 'demanded-value' }]) {
      const refusal = refusalOf(userOf(`{"org":{"plan":${json}}}`), {
        claims: { 'org.plan': demand },
      });

      expect(refusal).toBeInstanceOf(HankoRequirementError);
      expect(refusal?.reason).toBe(`the claim org.plan does not meet its demand: it is ${type}`);
      expect(refusal?.getResponse()).toEqual({
        statusCode: 403,
        code: 'requirement_not_met',
        message: 'The user does not meet a requirement of this resource',
        unmet: [{ requirement: 'claims', claim: 'org.plan' }],
      });
      expect(refusal?.headers).toEqual({
        'WWW-Authenticate':
          'Bearer error="insufficient_scope", error_description="The user does not meet a requirement of this resource"',
      });
    }
  });

  it('names each claim that is not met', () => {
    expect(unmetOf(userWith({ b: 2 }), { claims: { a: 1, b: 2, c: 3 } })).toEqual([
      { requirement: 'claims', claim: 'a' },
      { requirement: 'claims', claim: 'c' },
    ]);
  });
});
