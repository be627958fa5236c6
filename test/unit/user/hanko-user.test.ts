import { inspect } from 'node:util';
import { type HankoClaims, HankoUser } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { describe, expect, it } from 'vitest';
import { HANKO_USER_KEYS } from '../../../lib/user/hanko-user.js';
import { createService, shareAPiece } from '../../support/verifier.js';

const claims = (changes: object = {}): HankoClaims => ({
  sub: '0d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33',
  session_id: '5c0b6a52-5f0e-4c8e-9a53-0a4a3f4f1f10',
  iat: 1_790_000_000,
  exp: 1_790_043_200,
  aud: ['localhost'],
  ...changes,
});

const email = { address: 'ada@example.test', is_primary: true, is_verified: true };

describe('a user', () => {
  it('is what the claims say', () => {
    const all = claims({ email, username: 'ada', amr: ['pwd', 'totp'], tier: 'gold' });

    expect(new HankoUser(all)).toEqual({
      id: '0d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33',
      sessionId: '5c0b6a52-5f0e-4c8e-9a53-0a4a3f4f1f10',
      email: { address: 'ada@example.test', isPrimary: true, isVerified: true },
      username: 'ada',
      amr: ['pwd', 'totp'],
      authenticatedAt: new Date('2026-09-21T14:13:20Z'),
      expiresAt: new Date('2026-09-22T02:13:20Z'),
      claims: all,
    });
  });

  it('may have neither email nor username nor methods', () => {
    const user = new HankoUser(claims());

    expect(user.email).toBeUndefined();
    expect(user.username).toBeUndefined();
    expect(user.amr).toEqual([]);
    expect(Object.keys(user)).not.toContain('email');
    expect(Object.keys(user)).not.toContain('username');
  });

  it('has the properties that @CurrentUser(key) takes, and no others', () => {
    const user = new HankoUser(claims({ email, username: 'ada' }), 'acme');

    expect(Object.keys(user).toSorted()).toEqual([...HANKO_USER_KEYS].toSorted());
  });

  it('turns into JSON as documented', () => {
    const all = claims({ email, username: 'ada', amr: ['passkey'], nested: { a: [1] } });

    expect(JSON.parse(JSON.stringify(new HankoUser(all)))).toStrictEqual({
      id: '0d9f4c9b-2f0c-4f3c-8f7e-6d8f1f1b2a33',
      sessionId: '5c0b6a52-5f0e-4c8e-9a53-0a4a3f4f1f10',
      email: { address: 'ada@example.test', isPrimary: true, isVerified: true },
      username: 'ada',
      amr: ['passkey'],
      authenticatedAt: '2026-09-21T14:13:20.000Z',
      expiresAt: '2026-09-22T02:13:20.000Z',
      claims: all,
    });
  });

  it('leaves out of its JSON what it does not have', () => {
    expect(Object.keys(JSON.parse(JSON.stringify(new HankoUser(claims()))) as object)).toEqual([
      'id',
      'sessionId',
      'amr',
      'authenticatedAt',
      'expiresAt',
      'claims',
    ]);
  });

  it('never holds the token', async () => {
    await using hanko = await FakeHanko.start();
    const { service } = await createService({ jwks: hanko.jwks() });
    const token = await hanko.token({ email: 'ada@example.test', claims: { tier: 'gold' } });

    const user = await service.verifyToken(token);

    const printed = [JSON.stringify(user), inspect(user, { depth: 10, showHidden: true })];
    expect(printed.filter((text) => shareAPiece(text, token))).toEqual([]);
  });
});

describe('the email of a user', () => {
  it.each([
    { name: 'verified', claim: email, expected: { isPrimary: true, isVerified: true } },
    {
      name: 'unverified',
      claim: { ...email, is_verified: false },
      expected: { isPrimary: true, isVerified: false },
    },
    {
      name: 'verified in text only',
      claim: { ...email, is_primary: 'true', is_verified: 'true' },
      expected: { isPrimary: false, isVerified: false },
    },
    {
      name: 'verified in numbers only',
      claim: { ...email, is_primary: 1, is_verified: 1 },
      expected: { isPrimary: false, isVerified: false },
    },
    {
      name: 'silent about it',
      claim: { address: email.address },
      expected: { isPrimary: false, isVerified: false },
    },
  ])('is trusted as far as it says true: $name', ({ claim, expected }) => {
    expect(new HankoUser(claims({ email: claim })).email).toEqual({
      address: 'ada@example.test',
      ...expected,
    });
  });

  it.each([
    { name: 'text', claim: 'ada@example.test' },
    { name: 'empty text', claim: '' },
    { name: 'null', claim: null },
    { name: 'a number', claim: 1 },
    { name: 'true', claim: true },
    { name: 'a list', claim: ['ada@example.test'] },
    { name: 'an object without address', claim: { is_verified: true } },
    { name: 'an address that is no text', claim: { ...email, address: ['ada@example.test'] } },
    { name: 'an address that is null', claim: { ...email, address: null } },
  ])('is absent in another shape, which stays a claim: $name', ({ claim }) => {
    const user = new HankoUser(claims({ email: claim }));

    expect(user.email).toBeUndefined();
    expect(user.claims.email).toEqual(claim);
  });

  it('holds nothing that a template adds to it', () => {
    const user = new HankoUser(claims({ email: { ...email, isVerified: false, role: 'admin' } }));

    expect(user.email).toStrictEqual({
      address: 'ada@example.test',
      isPrimary: true,
      isVerified: true,
    });
  });
});

describe('the username of a user', () => {
  it.each([null, 1, true, ['ada'], { username: 'ada' }])(
    'is absent in another shape: %j',
    (username) => {
      expect(new HankoUser(claims({ username })).username).toBeUndefined();
    },
  );
});

describe('the methods of a login', () => {
  it.each([undefined, null, 'pwd', 1, {}, [1], ['pwd', null], [['pwd']], { 0: 'pwd', length: 1 }])(
    'are none where the claim is not a list of texts: %j',
    (amr) => {
      expect(new HankoUser(claims({ amr })).amr).toEqual([]);
    },
  );

  it('are kept as they are, unknown ones too', () => {
    const amr = ['ext:google', 'something-new', ''];

    expect(new HankoUser(claims({ amr })).amr).toEqual(amr);
  });
});

describe('a user cannot be changed', () => {
  const deep = (): HankoUser =>
    new HankoUser(
      claims({
        email: { ...email },
        username: 'ada',
        amr: ['pwd'],
        nested: { list: [{ a: 1 }, [[]]], empty: {}, none: null },
      }),
    );

  /** Every object within, by its path. */
  function* objectsIn(value: unknown, path = 'user'): Generator<[string, object]> {
    if (typeof value !== 'object' || value === null) return;
    yield [path, value];
    for (const [name, member] of Object.entries(value)) yield* objectsIn(member, `${path}.${name}`);
  }

  it('nor anything within it', () => {
    const open = [...objectsIn(deep())].filter(
      ([, value]) => !(value instanceof Date) && !Object.isFrozen(value),
    );

    expect(open.map(([path]) => path)).toEqual([]);
    expect([...objectsIn(deep())].length).toBeGreaterThan(10);
  });

  it('by writing, adding or deleting', () => {
    const user = deep() as unknown as Record<string, unknown>;

    expect(() => {
      user['id'] = 'somebody else';
    }).toThrow(TypeError);
    expect(() => {
      user['role'] = 'admin';
    }).toThrow(TypeError);
    expect(() => delete user['email']).toThrow(TypeError);
    expect(() => {
      (user['claims'] as Record<string, unknown>)['role'] = 'admin';
    }).toThrow(TypeError);
    expect(() => (user['amr'] as string[]).push('passkey')).toThrow(TypeError);
  });

  it('nor within claims of which only the outside was frozen before', () => {
    const nested = { tier: 'silver' };

    const user = new HankoUser(Object.freeze(claims({ nested: Object.freeze({ nested }) })));

    expect(Object.isFrozen(nested)).toBe(true);
    expect(user.claims).toHaveProperty('nested.nested.tier', 'silver');
  });

  it('by the list that its methods came from', () => {
    const amr = ['pwd'];
    const user = new HankoUser(claims({ amr }));

    expect(user.amr).not.toBe(amr);
    expect(() => amr.push('passkey')).toThrow(TypeError);
  });
});
