import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { HankoAdmin, type HankoAdminListedUser } from 'nestjs-hanko/admin';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

/** A list of Hanko's that a test can change while it is read. */
let ids: string[] = [];
let requests: URLSearchParams[] = [];
/** What happens after a page has been read. */
let afterPage: (page: number) => void = () => undefined;
let mostPerPage = Infinity;
let total: string | null | undefined;
let server: Server;
let admin: HankoAdmin;

const idOf = (number: number): string =>
  `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const idsUpTo = (count: number): string[] => Array.from({ length: count }, (_, it) => idOf(it));
const AT = '2026-01-01T00:00:00Z';

beforeAll(async () => {
  server = createServer((request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams;
    requests.push(query);
    const page = Number(query.get('page'));
    const perPage = Math.min(Number(query.get('per_page')), mostPerPage);
    const users = ids
      .slice((page - 1) * perPage, page * perPage)
      .map((id) => ({ id, created_at: AT, updated_at: AT }));
    const counted = total === undefined ? String(ids.length) : total;
    if (counted !== null) response.setHeader('x-total-count', counted);
    response.setHeader('link', '<http://attacker.example/users?page=2>; rel="next"');
    response.end(JSON.stringify(users));
    afterPage(page);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  admin = new HankoAdmin({ url: `http://127.0.0.1:${port}`, apiKey: 'key' });
});

afterAll(async () => {
  admin.onApplicationShutdown();
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
});

beforeEach(() => {
  ids = idsUpTo(25);
  requests = [];
  afterPage = () => undefined;
  mostPerPage = Infinity;
  total = undefined;
});

async function walk(
  perPage: number,
  visit: (id: string) => void = () => undefined,
): Promise<string[]> {
  const seen: string[] = [];
  for await (const { id } of admin.users.list({ perPage })) {
    seen.push(id);
    visit(id);
  }
  return seen;
}

const removeId = (id: string): void => {
  ids = ids.filter((it) => it !== id);
};

describe('a list', () => {
  test('asks for nothing before it is read, and for pages by number, at the same address', async () => {
    const list = admin.users.list({ perPage: 10 });
    expect(requests).toEqual([]);
    expect((await list.all()).map(({ id }) => id)).toEqual(idsUpTo(25));
    expect(requests.map((query) => query.toString())).toEqual([
      'page=1&per_page=10',
      'page=2&per_page=10',
      'page=3&per_page=10',
    ]);
  });

  test('can be walked through twice, and left early', async () => {
    const list = admin.users.list({ perPage: 10 });
    for await (const { id } of list) if (id === idOf(4)) break;
    expect(requests.length).toBe(1);
    expect((await list.all()).length).toBe(25);
  });

  test.each([
    [0, 10, 1],
    [10, 10, 1],
    [11, 10, 2],
    [3, 1, 3],
    [1000, 1000, 1],
  ])('of %i items in pages of %i is %i requests', async (count, perPage, expected) => {
    ids = idsUpTo(count);
    expect(await walk(perPage)).toEqual(ids);
    expect(requests.length).toBe(expected);
  });

  test('has pages with totals', async () => {
    const list = admin.users.list({ perPage: 10 });
    expect(await list.page(3)).toMatchObject({
      items: ids.slice(20).map((id) => ({ id, emails: [], credentials: [] })),
      page: 3,
      perPage: 10,
      total: 25,
      pages: 3,
    });
    expect(await list.page(4)).toMatchObject({ items: [], total: 25 });
    ids = [];
    expect(await list.page()).toMatchObject({ items: [], page: 1, total: 0, pages: 0 });
  });

  test.each([null, '', 'many', '-1', '1e3'])(
    'whose total is %j has no page for a user interface, but is walked through',
    async (counted) => {
      total = counted;
      await expect(admin.users.list().page()).rejects.toMatchObject({ code: 'unexpected' });
      expect(await walk(10)).toEqual(ids);
    },
  );

  test.each([0, -1, 1.5, 1001, Number.NaN, Infinity, '10', null, {}])(
    'has no %s items on a page',
    (perPage) => {
      const options = { perPage: perPage as number };
      expect(() => admin.users.list(options)).toThrow(RangeError);
      expect(() => admin.auditLogs.list(options)).toThrow('perPage must be a whole number');
    },
  );

  test.each([0, -1, 1.5, '1', null])('has no page %j', async (page) => {
    await expect(admin.users.list().page(page as number)).rejects.toThrow(
      'page must be a whole number from 1',
    );
    expect(requests).toEqual([]);
  });

  test('of 10,000 users is walked through with two pages in memory at most', async () => {
    ids = idsUpTo(10_000);
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const held: WeakRef<HankoAdminListedUser>[] = [];
    let most = 0;
    let count = 0;
    for await (const user of admin.users.list({ perPage: 1_000 })) {
      count += 1;
      held.push(new WeakRef(user));
      if (count % 2_500 !== 0) continue;
      // References that are new live until a task is over.
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      collectGarbage();
      most = Math.max(most, held.filter((it) => it.deref() !== undefined).length);
    }
    expect(count).toBe(10_000);
    expect(requests.length).toBe(10);
    // The engine may keep one more, of a page that is done with.
    expect(most).toBeLessThanOrEqual(2_100);
  });
});

describe('a walk through a list that changes', () => {
  test.each([1, 7, 10, 25, 30])(
    'misses nobody if all are deleted on the way: pages of %i',
    async (perPage) => {
      const seen = await walk(perPage, removeId);
      expect(seen.toSorted()).toEqual(idsUpTo(25));
      expect(ids).toEqual([]);
    },
  );

  test.each([2, 3, 5])('misses nobody if every %ith is deleted on the way', async (nth) => {
    ids = idsUpTo(200);
    const seen = await walk(10, (id) => {
      if (Number(id.slice(-12)) % nth === 0) removeId(id);
    });
    expect(seen.toSorted()).toEqual(idsUpTo(200));
    expect(requests.length).toBeLessThan(60);
  });

  test('misses nobody if others delete what it has seen', async () => {
    ids = idsUpTo(100);
    afterPage = (page) => {
      if (page === 5) ids = ids.slice(23);
    };
    expect((await walk(10)).toSorted()).toEqual(idsUpTo(100));
  });

  test('omits who appears again, because others were added in front', async () => {
    ids = idsUpTo(50);
    let added = 1000;
    afterPage = () => {
      ids = [...Array.from({ length: 7 }, () => idOf((added += 1))), ...ids];
    };
    const seen = await walk(10);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((id) => id < idOf(1000))).toEqual(idsUpTo(50));
  });

  test('comes to an end if everything is deleted while a page is on its way', async () => {
    ids = idsUpTo(50);
    afterPage = () => {
      ids = [];
    };
    expect((await walk(10)).length).toBe(10);
  });

  test('says so if the list grows faster than it is read', async () => {
    ids = idsUpTo(3);
    afterPage = () => ids.push(idOf(ids.length));
    await expect(walk(1)).rejects.toMatchObject({
      code: 'unexpected',
      message: expect.stringContaining('grows faster') as string,
    });
  });

  test('reads all of it, where a gateway allows fewer items on a page', async () => {
    ids = idsUpTo(95);
    mostPerPage = 10;
    expect(await walk(50)).toEqual(ids);
    expect(requests.length).toBe(10);
  });

  test('comes to an end at a server that gives no total, and the first page for any', async () => {
    total = null;
    ids = idsUpTo(10);
    // Whoever is asked for page 2 is the first again.
    afterPage = () => ids.push(...ids.slice(0, 10));
    expect(await walk(10)).toEqual(idsUpTo(10));
    expect(requests.length).toBe(2);
  });
});
