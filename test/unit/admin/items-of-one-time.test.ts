import { HankoAdmin } from 'nestjs-hanko/admin';
import { beforeAll, describe, expect, it } from 'vitest';
import { AdminServer } from '../../support/admin-server.js';

const AT = '2019-01-01T00:00:00Z';
const idOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** Hanko orders lists by time alone, so that a page may begin with what the page before ended with, in place of another. */
describe('a list of items of one and the same time', () => {
  const server = new AdminServer();
  let admin: HankoAdmin;
  beforeAll(() => {
    admin = new HankoAdmin({ url: server.url });
  });

  const serve = (count: number, isComplete: (perPage: number) => boolean, total = count): void => {
    server.behaviour = (response, { url = '' }) => {
      const { searchParams: query } = new URL(url, server.url);
      const [page, perPage] = [Number(query.get('page')), Number(query.get('per_page'))];
      const from = (page - 1) * perPage;
      const numbers = Array.from({ length: count }, (_, n) => n).slice(from, from + perPage);
      // The first of each page but the first one is the last of the page before.
      if (from > 0 && numbers.length > 0 && !isComplete(perPage)) numbers[0] = from - 1;
      const users = numbers.map((n) => ({ id: idOf(n), created_at: AT, updated_at: AT }));
      response.writeHead(200, { 'x-total-count': String(total) }).end(JSON.stringify(users));
    };
  };
  const numbersOf = (users: readonly { readonly id: string }[]): readonly number[] =>
    users.map(({ id }) => Number(id.slice(-12))).toSorted((a, b) => a - b);
  const sizes = () =>
    server.requests.map(({ url }) => new URL(url, server.url).searchParams.get('per_page'));

  it('is walked through again, by larger pages, if somebody was missed', async () => {
    serve(5, (perPage) => perPage === 1_000);
    expect(numbersOf(await admin.users.list({ perPage: 2 }).all())).toEqual([0, 1, 2, 3, 4]);
    expect(sizes()).toEqual(['2', '2', '2', '1000']);
  });

  it('which may break at the same item: then by pages of another size', async () => {
    serve(1_002, (perPage) => perPage === 997);
    expect(await admin.users.list({ perPage: 1_000 }).all()).toHaveLength(1_002);
    expect(sizes()).toEqual(['1000', '1000', '1000', '1000', '997', '997']);
  });

  it('is walked through once if all are there', async () => {
    serve(5, () => true);
    expect(await admin.users.list({ perPage: 2 }).all()).toHaveLength(5);
    expect(sizes()).toEqual(['2', '2', '2']);
  });

  it('ends though a count is never reached', async () => {
    serve(5, () => false, 6);
    expect(await admin.users.list({ perPage: 5 }).all()).toHaveLength(5);
    expect(sizes()).toEqual(['5', '5', '1000', '1000']);
  });
});
