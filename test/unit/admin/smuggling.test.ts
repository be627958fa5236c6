import * as fc from 'fast-check';
import { HankoAdminError } from 'nestjs-hanko/admin';
import { describe, expect, test } from 'vitest';
import {
  ADMIN_METHODS,
  AN_ID,
  callAdmin,
  methodsOf,
  recordingAdmin,
  type SentRequest,
} from '../../support/admin-calls.js';
import { anyJson, anyText, expectAtLeast, Tally, useFixedSeed } from '../../support/properties.js';

useFixedSeed();

const names = Object.keys(ADMIN_METHODS);
const withIds = names.filter((name) => (ADMIN_METHODS[name]?.ids.length ?? 0) > 0);
const withBody = names.filter((name) => ADMIN_METHODS[name]?.body !== undefined);
const withBare = names.filter((name) => ADMIN_METHODS[name]?.bare !== undefined);

const ID = { uuid: AN_ID, base64url: 'AbC-_09' };
const SEGMENT = {
  uuid: '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
  base64url: '[\\w-]+(?:%3D){0,2}',
};

const methodOf = (name: string) => ADMIN_METHODS[name] as (typeof ADMIN_METHODS)[string];

const validBare = (name: string): unknown =>
  name.endsWith('tenants.update') ? { session: {} } : 'a@b';

/** Arguments that a method takes. */
const validArguments = (name: string): unknown[] => {
  const { ids, body, bare } = methodOf(name);
  return [
    ...ids.map((kind) => ID[kind]),
    ...(body ? [body] : []),
    ...(bare ? [validBare(name)] : []),
  ];
};

/** The request is the one of the method, whatever it was given. */
function expectRoute(name: string, { method, path, query, body }: SentRequest): void {
  const { route, also, ids, names: known = [] } = methodOf(name);
  const patternOf = (of: string): string => {
    let index = 0;
    return of.replaceAll(/:/g, () => SEGMENT[ids[index++] ?? 'uuid']).replace(' /', ' /api/');
  };
  const patterns = [route, ...(also ? [also] : [])].map(patternOf);
  expect(`${method} ${path}`).toMatch(new RegExp(`^(?:${patterns.join('|')})$`));
  expect([...query.keys()].filter((key) => !known.includes(key))).toEqual([]);
  const json: unknown = body === undefined ? undefined : JSON.parse(body);
  expect(Object.keys(Object(json)).filter((key) => !known.includes(key))).toEqual([]);
}

/** Either nothing was sent, and the error says why, or what was sent is the request of the method. */
async function expectNoSmuggling(name: string, given: readonly unknown[]): Promise<boolean> {
  const { admin, sent } = recordingAdmin(404);
  const error: unknown = await callAdmin(admin, name, given).catch((it: unknown) => it);
  for (const request of sent) expectRoute(name, request);
  if (sent.length > 0) return true;
  if (error === null) return false; // findByEmail() of no address
  if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
  expect(error.message).toMatch(/\bmust\b|\bneeds\b|not known|nested|may hold|not both/);
  return false;
}

describe('a request of HankoAdmin', () => {
  test('is one of a table that has every method', () => {
    const internal = ['users.read', 'users.find', 'metadata.patch'];
    expect(methodsOf(recordingAdmin(404).admin).toSorted()).toEqual(
      [...names, ...internal].toSorted(),
    );
  });

  test.each(names)('goes to the route of %s', async (name) => {
    expect(await expectNoSmuggling(name, validArguments(name))).toBe(true);
  });

  const hostileIds: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['null', null],
    ['an empty text', ''],
    ['a dot', '.'],
    ['two dots', '..'],
    ['a way up', '../password'],
    ['an encoded way up', '..%2fpassword'],
    ['a longer path', `${AN_ID}/sessions`],
    ['a query', `${AN_ID}?x=1`],
    ['a fragment', `${AN_ID}#x`],
    ['white space around', ` ${AN_ID} `],
    ['a line feed behind', `${AN_ID}\n`],
    ['a NUL', `${AN_ID}\0`],
    ['a full-width letter', AN_ID.replace('a', '\uFF41')],
    ['half a character', '\uD800'],
    ['a text object', new String(AN_ID)],
    ['a list', [AN_ID]],
    ['an object with toString', { toString: () => AN_ID }],
    ['an object with toJSON', { toJSON: () => AN_ID }],
    ['a primitive by Symbol', { [Symbol.toPrimitive]: () => AN_ID }],
    ['a number', 5],
  ];

  test.each(withIds)('has no other path, whatever is given as an id to %s', async (name) => {
    const valid = validArguments(name);
    for (const [index] of methodOf(name).ids.entries()) {
      for (const [what, id] of hostileIds) {
        // oxlint-disable-next-line no-await-in-loop
        const wasSent = await expectNoSmuggling(name, valid.with(index, id));
        expect([what, wasSent]).toEqual([what, false]);
      }
    }
  });

  test('has no other path, whatever text is an id', async () => {
    const sent = new Tally();
    const refused = new Tally();
    const anyId = fc.oneof(
      anyText(),
      fc.uuid().map((id) => id.toUpperCase()),
      fc.uuid(),
      fc.base64String().map((id) => id.replaceAll(/[+/]/g, '_')),
      fc.tuple(fc.uuid(), anyText({ maxLength: 3 })).map((parts) => parts.join('')),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...withIds), anyId, fc.nat(), async (name, id, at) => {
        const index = at % methodOf(name).ids.length;
        const wasSent = await expectNoSmuggling(name, validArguments(name).with(index, id));
        (wasSent ? sent : refused).count += 1;
      }),
    );
    expectAtLeast(40, sent, refused);
  });

  test('has no other body or query, whatever members are given', async () => {
    const sent = new Tally();
    const refused = new Tally();
    const anyName = fc.constantFrom(
      'UserID', 'UserId', 'user_id', 'user_id[]', 'EmailId', 'id', 'ID', '__proto__', 'constructor', 'prototype', 'toJSON',
      'hasOwnProperty', 'page', 'per_page', 'is_primary', 'isPrimary', 'tenant_id', 'enabled', '',
    ); // prettier-ignore
    const anyValue = fc.oneof(anyJson, fc.constantFrom<unknown>(undefined, AN_ID, Number.NaN, 1n));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...withBody),
        fc.array(fc.tuple(anyName, anyValue), { maxLength: 2 }),
        fc.nat(),
        anyValue,
        async (name, more, at, other) => {
          const valid = methodOf(name).body ?? {};
          const members = Object.keys(valid);
          const changed = members[at % (members.length * 2)];
          // As JSON.parse() makes it: `__proto__` is an own name.
          const body = Object.fromEntries([
            ...Object.entries(valid),
            ...(changed === undefined ? [] : [[changed, other]]),
            ...more,
          ]);
          const given = validArguments(name).map((it) => (it === valid ? body : it));
          const wasSent = await expectNoSmuggling(name, given);
          (wasSent ? sent : refused).count += 1;
        },
      ),
    );
    expectAtLeast(40, sent, refused);
  });

  test.each(withBody)('has no members but own ones of what is given to %s', async (name) => {
    const { body = {} } = methodOf(name);
    const inherited = Object.assign(Object.create({ UserID: AN_ID, page: '9' }), body) as object;
    const given = validArguments(name).map((it) => (it === body ? inherited : it));
    expect(await expectNoSmuggling(name, given)).toBe(true);
    for (const wrong of [null, 'text', 5, [body], () => body]) {
      const wrongly = validArguments(name).map((it) => (it === body ? wrong : it));
      // oxlint-disable-next-line no-await-in-loop
      expect(await expectNoSmuggling(name, wrongly)).toBe(false);
    }
  });

  test.each(withBody)('reads each member that is given to %s once', async (name) => {
    const { body = {} } = methodOf(name);
    const reads = new Map<PropertyKey, number>();
    const counting = new Proxy(body, {
      get: (target, key) => {
        reads.set(key, (reads.get(key) ?? 0) + 1);
        return (reads.get(key) ?? 0) > 1 ? { UserID: AN_ID } : Reflect.get(target, key);
      },
    });
    const given = validArguments(name).map((it) => (it === body ? counting : it));
    expect(await expectNoSmuggling(name, given)).toBe(true);
    expect([...reads.values()].every((count) => count === 1)).toBe(true);
  });

  test.each(withBare)('has a text or an object of its own where %s takes one', async (name) => {
    const ids = methodOf(name).ids.map((kind) => ID[kind]);
    for (const wrong of [undefined, null, '', 5, ['a@b'], new String('a@b')]) {
      // oxlint-disable-next-line no-await-in-loop
      expect(await expectNoSmuggling(name, [...ids, wrong])).toBe(false);
    }
  });

  test.each(['nothing', { keepSession: true }, { keepSessions: 'false' }, null])(
    'changes no password with the options %j',
    async (options) => {
      for (const given of [
        ['passwords.update', AN_ID, 'a', options],
        ['passwords.delete', AN_ID, options],
      ]) {
        const [name, ...rest] = given;
        // oxlint-disable-next-line no-await-in-loop
        expect(await expectNoSmuggling(name as string, rest)).toBe(false);
      }
    },
  );

  test('does not carry what was changed after the call was made', async () => {
    const { admin, sent } = recordingAdmin(200, []);
    const types = ['login_success'];
    const from = new Date(0);
    const list = admin.auditLogs.list({ types, from });
    types.push('other');
    from.setFullYear(2001);
    await expect(list.page()).rejects.toThrow('X-Total-Count');
    expect(sent[0]?.query.getAll('type')).toEqual(['login_success']);
    expect(sent[0]?.query.get('start_time')).toBe('1970-01-01T00:00:00.000Z');
  });

  test('keeps % and _ plain, which SQL takes for wildcards', async () => {
    const { admin, sent } = recordingAdmin(404);
    const list = admin.users.list({ emailContains: String.raw`a_b%c\d+e&f=g` });
    await expect(list.page()).rejects.toThrow(HankoAdminError);
    expect(sent[0]?.query.get('email')).toBe(String.raw`a\_b\%c\\d+e&f=g`);
  });

  test('is refused by errors that name neither ids nor values', async () => {
    const { admin } = recordingAdmin(404);
    const secret = 'hunter2-hunter2';
    const errors = await Promise.all(
      [
        admin.users.get(secret),
        admin.credentials.delete(AN_ID, `${secret}/..`),
        callAdmin(admin, 'users.update', [AN_ID, { name: { secret } }]),
        callAdmin(admin, 'users.update', [AN_ID, { [`${secret}\n`]: 1 }]),
        callAdmin(admin, 'sessions.create', [{ userId: secret }]),
        callAdmin(admin, 'metadata.update', [
          AN_ID,
          { publicMetadata: { x: new Map([[secret, 1]]) } },
        ]),
      ].map((call) => call.catch((error: unknown) => error)),
    );
    for (const error of errors) {
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).not.toContain(secret);
    }
  });
});
