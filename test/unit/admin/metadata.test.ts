import { FakeHanko } from 'fake-hanko';
import { HankoConfigurationError } from 'nestjs-hanko';
import { HankoAdmin, HankoAdminError, type HankoMetadataSchemas } from 'nestjs-hanko/admin';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

let hanko: FakeHanko;
let admin: HankoAdmin;
let userId: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  admin = new HankoAdmin({ url: hanko.adminUrl });
  ({ id: userId } = await admin.users.create({ username: 'ada' }));
});

afterAll(async () => {
  admin.onApplicationShutdown();
  await hanko.stop();
});

const withSchemas = (metadataSchemas: unknown): HankoAdmin =>
  new HankoAdmin({
    url: hanko.adminUrl,
    metadataSchemas: metadataSchemas as HankoMetadataSchemas,
  });

const NONE = { publicMetadata: {}, privateMetadata: {}, unsafeMetadata: {} };

describe('metadata', () => {
  test('that is absent from a change is kept, and null clears', async () => {
    expect(await admin.metadata.get(userId)).toEqual(NONE);
    await admin.metadata.update(userId, {
      publicMetadata: { role: 'admin', org: { plan: 'team', seats: 3 }, tags: ['a', 'b'] },
      privateMetadata: { note: 'x' },
      unsafeMetadata: { theme: 'dark' },
    });
    await admin.metadata.update(userId, {
      publicMetadata: { org: { plan: null, owner: 'me' }, tags: ['c'], role: undefined },
    });
    const changed = {
      publicMetadata: { role: 'admin', org: { seats: 3, owner: 'me' }, tags: ['c'] },
      privateMetadata: { note: 'x' },
      unsafeMetadata: { theme: 'dark' },
    };
    expect(await admin.metadata.get(userId)).toEqual(changed);
    expect((await admin.users.get(userId)).metadata).toEqual(changed);

    expect(await admin.metadata.update(userId, { publicMetadata: null })).toEqual({
      ...changed,
      publicMetadata: {},
    });
    await admin.metadata.clear(userId);
    expect(await admin.metadata.getStored(userId)).toEqual(NONE);
  });

  test('has names that mean something in JavaScript as data', async () => {
    const given = JSON.parse('{"__proto__":{"isAdmin":true},"constructor":1,"toJSON":2}') as object;
    const { publicMetadata } = await admin.metadata.update(userId, {
      publicMetadata: { ...given },
    });
    expect(JSON.stringify(publicMetadata)).toBe(JSON.stringify(given));
    expect(({} as { isAdmin?: unknown }).isAdmin).toBeUndefined();
    expect((publicMetadata as { isAdmin?: unknown }).isAdmin).toBeUndefined();
    await admin.metadata.clear(userId);
  });

  const circle: Record<string, unknown> = {};
  circle['self'] = circle;

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['no kind', {}],
    ['a kind that is undefined', { publicMetadata: undefined }],
    ['an empty kind', { publicMetadata: {} }],
    ['a kind whose members are undefined', { publicMetadata: { role: undefined } }],
    ['an empty kind beside another', { publicMetadata: { a: 1 }, unsafeMetadata: {} }],
    ['a list', { publicMetadata: ['role'] }],
    ['a text', { publicMetadata: 'role' }],
    ['a kind of another name', { public_metadata: { role: 'admin' } }],
    ['NaN, which JSON makes null, which removes', { publicMetadata: { seats: Number.NaN } }],
    ['Infinity', { publicMetadata: { seats: [Infinity] } }],
    ['a bigint', { publicMetadata: { seats: 1n } }],
    ['a Date', { publicMetadata: { since: new Date() } }],
    ['a Map, which JSON makes {}', { publicMetadata: { seats: new Map() } }],
    ['a Map itself', { publicMetadata: new Map([['a', 1]]) }],
    ['a function', { publicMetadata: { role: () => 'admin' } }],
    ['what makes JSON of itself', { publicMetadata: { x: { toJSON: () => ({}) } } }],
    ['a gap in a list', { publicMetadata: { list: [1, , 2] } }], // oxlint-disable-line no-sparse-arrays
    ['a circle', { publicMetadata: circle }],
  ])('is not changed by %s', async (_what, changes) => {
    await expect(admin.metadata.update(userId, changes as never)).rejects.toThrow(TypeError);
    expect(await admin.metadata.get(userId)).toEqual(NONE);
  });

  test('takes instances of classes of the app, which validation pipes make', async () => {
    class Role {
      role = 'admin';
      since?: string;
    }
    const changes = { publicMetadata: new Role() as object };
    expect((await admin.metadata.update(userId, changes)).publicMetadata).toEqual({
      role: 'admin',
    });
    await admin.metadata.clear(userId);
  });
});

describe('metadata with a schema', () => {
  const schemas = {
    publicMetadata: z.object({
      role: z.enum(['admin', 'member']).default('member'),
      since: z
        .string()
        .transform((text) => new Date(text))
        .optional(),
    }),
    privateMetadata: z.object({ plan: z.string().optional() }),
  };

  test('is what the schema makes of it, wherever it is read', async () => {
    const typed = withSchemas(schemas);
    const { id, metadata } = await typed.users.create({ username: 'grace' });
    expect(metadata.publicMetadata).toEqual({ role: 'member' });

    const changes = { publicMetadata: { since: '2026-01-01', other: 1 } };
    const changed = await typed.metadata.update(id, changes);
    const made = { role: 'member', since: new Date('2026-01-01') };
    expect(changed.publicMetadata).toEqual(made);
    expect((await typed.metadata.get(id)).publicMetadata).toEqual(made);
    expect((await typed.users.get(id)).metadata.publicMetadata).toEqual(made);
    expect((await typed.users.findByUsername('grace'))?.metadata.publicMetadata).toEqual(made);
    expect(await typed.metadata.getStored(id)).toEqual({ ...NONE, ...changes });
  });

  test('that does not fit is an error that names the place, and no value', async () => {
    const typed = withSchemas(schemas);
    const { id } = await typed.users.create({ username: 'mallory' });
    await admin.metadata.update(id, { publicMetadata: { role: 'secret-value', since: 5 } });
    const error: unknown = await typed.users.get(id).catch((it: unknown) => it);
    expect(error).toBeInstanceOf(HankoAdminError);
    expect(error).toMatchObject({
      code: 'metadata_invalid',
      message: 'Stored metadata: publicMetadata does not fit its schema: role, since',
    });
    expect(await typed.metadata.getStored(id)).toMatchObject({ publicMetadata: { since: 5 } });
    // Lists have no metadata, and what does not fit can be mended, or deleted.
    expect(await typed.users.list({ usernameContains: 'mallory' }).all()).toHaveLength(1);
    const mended = await typed.metadata.update(id, {
      publicMetadata: { role: 'admin', since: null },
    });
    expect(mended.publicMetadata).toEqual({ role: 'admin' });
    await typed.users.delete(id);
  });

  test('does not let users hide by unsafe metadata', async () => {
    expect(() => withSchemas({ unsafeMetadata: z.object({}) })).toThrow('no kind of metadata');
  });

  const standard = (validate: (value: unknown) => unknown): unknown => ({
    '~standard': { version: 1, vendor: 'test', validate },
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('secret-value');
      },
      'threw Error',
    ],
    [
      'rejects',
      async () => {
        throw new RangeError('secret-value');
      },
      'threw RangeError',
    ],
    ['makes a text', () => ({ value: 'secret-value' }), 'makes no object'],
    ['returns nothing', () => undefined, 'makes no object'],
    [
      'names no place',
      () => ({ issues: [{ message: 'secret-value' }] }),
      'does not fit its schema',
    ],
  ])('is not read if the schema %s', async (_what, validate, fault) => {
    let isStarting = true;
    const typed = withSchemas({
      publicMetadata: standard(() => (isStarting ? { value: {} } : validate())),
    });
    isStarting = false;
    const error: unknown = await typed.metadata.get(userId).catch((it: unknown) => it);
    expect(error).toMatchObject({ code: 'metadata_invalid' });
    expect(String(error)).toContain(fault);
    expect(String(error)).not.toContain('secret-value');
  });

  test.each([
    ['no object', 'schema', 'must be an object with publicMetadata'],
    ['no schema', { publicMetadata: {} }, 'must be a Standard Schema'],
    [
      'a schema of an older version',
      { publicMetadata: { '~standard': { version: 0 } } },
      'must be a Standard Schema',
    ],
    [
      'one that refuses new users',
      { privateMetadata: z.object({ plan: z.string() }) },
      'must accept an object without members',
    ],
    [
      'one that throws',
      {
        privateMetadata: standard(() => {
          throw new Error('x');
        }),
      },
      'must accept an object without members',
    ],
  ])('is a fault at start-up, where it is %s', (_what, given, hint) => {
    expect(() => withSchemas(given)).toThrow(HankoConfigurationError);
    expect(() => withSchemas(given)).toThrow(hint);
  });
});
