import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';
import { type HankoClaims, type HankoClaimsSchema, HankoTokenError } from 'nestjs-hanko';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { ClaimsSchema } from '../../../lib/verification/claims-schema.js';
import { CapturedLog } from '../../support/log.js';

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

const refusing = (...issues: readonly Issue[]): ClaimsSchema =>
  new ClaimsSchema(schemaOf(() => ({ issues })));

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

describe('a refusal', () => {
  const reasonFor = (...paths: readonly (readonly unknown[] | undefined)[]): string =>
    refusalOf(() =>
      refusing(...paths.map((path) => ({ message: 'secret-value', path }))).apply(claimsWith()),
    ).reason;

  it('names the claims, and nothing of what the library says of them', () => {
    const schema = refusing(
      { message: 'expected secret-value', path: ['tier'] },
      { message: 'expected secret-value', path: ['org', 'plan'] },
    );
    const refusal = refusalOf(() => schema.apply(claimsWith()));

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
    const schema = new ClaimsSchema(
      schemaOf(() => ({ issues: [{ message: 'no', path: [path] }] })),
    );
    for (const next of ['tier', 'tier', 'role', 'tier', 'role']) {
      path = next;
      refusalOf(() => schema.apply(claimsWith()));
    }

    expect(log.lines.map(({ level, message, context }) => [level, message, context])).toEqual(
      ['tier', 'role'].map((name) => [
        'warn',
        `The option claimsSchema refuses ${name}: such tokens get 401`,
        'HankoClaims',
      ]),
    );
  });

  it('whose names the users make up fills neither log nor memory', () => {
    let n = 0;
    const schema = new ClaimsSchema(
      schemaOf(() => ({ issues: [{ message: 'no', path: ['settings', `own-${(n += 1)}`] }] })),
    );
    for (let token = 0; token < 100; token += 1) refusalOf(() => schema.apply(claimsWith()));

    expect(log.messages('warn')).toHaveLength(20);
  });
});
