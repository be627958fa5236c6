import { FakeHanko } from 'fake-hanko';
import { HankoAdmin, type HankoAdminUser, type HankoNewUser } from 'nestjs-hanko/admin';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const withEmail = (address: string): HankoNewUser => ({
  emails: [{ address, isPrimary: true, isVerified: true }],
});

/** Odd ones, and one that has each of them as a part. */
const ADDRESSES = [
  'ada@example.com',
  'nevada@example.com',
  'ada@example.com.evil.example',
  'a_a@example.com',
  'aba@example.com',
  'a%a@example.com',
  'ada+news@example.com',
  "o'hara@example.com",
  '"quoted"@example.com',
  String.raw`back\slash@example.com`,
  'kate@example.com',
  'ünïcode@exämple.com',
];

const NAMES = ['ada', 'nevada', 'a_a', 'aba', 'kate'];

let hanko: FakeHanko;
let admin: HankoAdmin;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  admin = new HankoAdmin({ url: hanko.adminUrl });
  for (const address of ADDRESSES) {
    // oxlint-disable-next-line no-await-in-loop
    await admin.users.create(withEmail(address));
  }
  for (const username of NAMES) {
    // oxlint-disable-next-line no-await-in-loop
    await admin.users.create({ username });
  }
});

afterAll(async () => {
  admin.onApplicationShutdown();
  await hanko.stop();
});

const addressOf = (user: HankoAdminUser | null): string | undefined => user?.emails[0]?.address;

describe('findByEmail()', () => {
  test.each(ADDRESSES)('finds %s, and nobody else', async (address) => {
    expect(addressOf(await admin.users.findByEmail(address))).toBe(address);
    expect(addressOf(await admin.users.findByEmail(` ${address.toUpperCase()} `))).toBe(address);
  });

  test.each([
    'da@example.com',
    'ada@example.co',
    'ada@example',
    'a__@example.com',
    '%@%',
    '@',
    '_@example.com',
    'ada@example.com,nevada@example.com',
    'ada@example.com\0',
    'ada@example.com&username=ada',
    // Their lower case is that of an ASCII letter.
    '\u212Aate@example.com',
    'n\u0130vada@example.com',
  ])('finds nobody by %j', async (address) => {
    expect(await admin.users.findByEmail(address)).toBeNull();
  });

  test('finds a user by any address, with all that Hanko knows', async () => {
    const { id } = await admin.users.create({ ...withEmail('first@example.com'), username: 'two' });
    await admin.emails.create(id, { address: 'second@example.com' });
    await admin.metadata.update(id, { privateMetadata: { plan: 'team' } });
    expect(await admin.users.findByEmail('SECOND@example.com')).toMatchObject({
      id,
      username: 'two',
      metadata: { privateMetadata: { plan: 'team' } },
    });
  });

  test('finds a user behind more than a page of others who have the address as a part', async () => {
    const { id } = hanko.createUser({ email: 'bob@many.example' });
    for (let number = 0; number < 1_001; number += 1) {
      hanko.createUser({ email: `${number}bob@many.example` });
    }
    expect(await admin.users.findByEmail('bob@many.example')).toMatchObject({ id });
    const last = await admin.users.list({ emailContains: 'bob@many.example' }).page(11);
    expect(last).toMatchObject({ total: 1_002, pages: 11, items: [{}, { id }] });
  });

  test('makes no network call for what is no address', async () => {
    await using down = await FakeHanko.start();
    const other = new HankoAdmin({ url: down.adminUrl });
    await down.stop();
    expect(await other.users.findByEmail('%')).toBeNull();
    expect(await other.users.findByUsername(' ')).toBeNull();
  });
});

describe('findByUsername()', () => {
  test('finds nobody by text of any length', async () => {
    const long = `${'\u{1F600}'.repeat(300_000)}@example.com`;
    expect(await admin.users.findByEmail(long)).toBeNull();
    expect(await admin.users.findByUsername(long)).toBeNull();
  });

  test.each(NAMES)('finds %s, and nobody else, in any case', async (username) => {
    expect((await admin.users.findByUsername(username))?.username).toBe(username);
    expect((await admin.users.findByUsername(username.toUpperCase()))?.username).toBe(username);
  });

  test.each(['ad', 'd', '_', '%', 'a__', 'ada,nevada', '\u212Aate'])(
    'finds nobody by %j',
    async (username) => {
      expect(await admin.users.findByUsername(username)).toBeNull();
    },
  );

  test('finds whoever create() gave a name with capitals, as a login does', async () => {
    const { username } = await admin.users.create({ username: ' Grace_Hopper ' });
    expect(username).toBe('grace_hopper');
    expect((await admin.users.findByUsername('Grace_Hopper'))?.username).toBe('grace_hopper');
  });
});

describe('users.list()', () => {
  test('takes a filter as plain text', async () => {
    const found = async (emailContains: string): Promise<(string | undefined)[]> => {
      const users = await admin.users.list({ emailContains, sort: 'asc' }).all();
      return users.map(({ emails }) => emails[0]?.address);
    };
    expect(await found('a_a@')).toEqual(['a_a@example.com']);
    expect(await found('%')).toEqual(['a%a@example.com']);
    expect(await found('\\')).toEqual([String.raw`back\slash@example.com`]);
    expect((await found('ADA@')).length).toBe(3);
  });

  test('finds only the ids that are given', async () => {
    const [first, second, third] = await admin.users.list().all();
    const ids = [third?.id ?? '', first?.id.toUpperCase() ?? ''];
    const found = await admin.users.list({ ids }).all();
    expect(found.map(({ id }) => id)).toEqual([first?.id, third?.id]);
    expect(found.map(({ id }) => id)).not.toContain(second?.id);
  });

  test.each([
    [{ ids: [] }, 'not empty'],
    [{ ids: Array.from({ length: 101 }, () => crypto.randomUUID()) }, '100'],
    [{ ids: ['x'] }, 'UUID'],
    [{ emailContains: 'a', usernameContains: 'b' }, 'not both'],
    [{ emailContains: '' }, 'not empty'],
    [{ email: 'ada@example.com' }, 'users.list().email is not known'],
    [{ sort: 'up' }, "'asc' or 'desc'"],
  ])('refuses %j', (filter, hint) => {
    expect(() => admin.users.list(filter as never)).toThrow(hint);
  });
});
