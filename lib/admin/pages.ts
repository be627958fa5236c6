import { kindOf } from '../util/value-checks.js';
import type { AdminCall, AdminClient } from './admin-client.js';
import { HankoAdminError } from './admin-error.js';
import { bodyOf, PER_PAGE } from './arguments.js';
import { listOf } from './reader.js';
import { RecentIds } from './recent-ids.js';

/** One page of a list of Hanko's, as a user interface shows it. */
export interface HankoPage<Item> {
  /** Items of this page; none behind the last page. */
  readonly items: readonly Item[];
  /** Number of this page; the first is 1. */
  readonly page: number;
  /** Number of items on a full page. */
  readonly perPage: number;
  /** Number of items on all pages together, as of this reply. */
  readonly total: number;
  /** Number of pages; 0 for an empty list. */
  readonly pages: number;
}

/**
 * A list of Hanko's: `for await` walks through all of it and holds two pages at most; nothing is asked before that.
 *
 * ```ts
 * for await (const user of admin.users.list()) console.log(user.id);
 * const { items, total } = await admin.users.list({ perPage: 50 }).page(1);
 * ```
 *
 * Hanko counts pages by position, so what changes meanwhile moves items from one page to another. A walk notices: items may
 * be deleted on the way (all of them, too) without others being missed, and one that appears again is omitted. What is added
 * on the way may or may not come. Only if others delete **and** add at once can an item be missed.
 */
export interface HankoList<Item> extends AsyncIterable<Item> {
  /**
   * Reads one page, for a user interface.
   * @param page its number, from 1. Default 1.
   * @throws HankoAdminError any of its codes; `unexpected` if a proxy has removed the total (`X-Total-Count`)
   * @throws RangeError if it is no whole number from 1
   */
  page(page?: number): Promise<HankoPage<Item>>;
  /**
   * Walks through the list and returns all items: they must fit into memory.
   * @throws HankoAdminError any of its codes
   */
  all(): Promise<Item[]>;
}

/** Options of every list: how it is read. */
export interface HankoListOptions {
  /** Items of a page. Default 100, range 1 to 1,000. */
  readonly perPage?: number;
}

const DEFAULT_PER_PAGE = 100;
export const MAX_PER_PAGE = 1_000;

const OTHER_SIZES = [MAX_PER_PAGE, MAX_PER_PAGE - 3];

/** Ids of items that are recognized if they come again: ten megabytes at most. */
const REMEMBERED_IDS = 100_000;

interface Fetched<Item> {
  readonly items: readonly Item[];
  /** Undefined if the reply does not say. */
  readonly total: number | undefined;
}

/** A list whose pages are asked for by number. URLs of the `Link` field are not followed: the API key would go with them. */
export class PagedList<Item extends { readonly id: string }> implements HankoList<Item> {
  private readonly perPage: number;

  constructor(
    private readonly client: AdminClient,
    private readonly call: Pick<AdminCall, 'path' | 'query'>,
    private readonly read: (json: unknown) => Item,
    perPage: unknown = DEFAULT_PER_PAGE,
  ) {
    this.perPage = wholeNumber('perPage', perPage, MAX_PER_PAGE);
  }

  async page(page = 1): Promise<HankoPage<Item>> {
    const number = wholeNumber('page', page, Number.MAX_SAFE_INTEGER);
    const { perPage } = this;
    const { items, total } = await this.request(number);
    if (total === undefined) throw unexpected('the reply has no X-Total-Count');
    return { items, page: number, perPage, total, pages: Math.ceil(total / perPage) };
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Item> {
    const recent = new RecentIds(REMEMBERED_IDS);
    let before: number | undefined;
    let size = this.perPage;
    let lastPage = Infinity;
    for (let number = 1; ; number += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one page at a time is the point
      const { items, total } = await this.request(number);
      if (number === 1) {
        // A gateway may allow fewer items than were asked for.
        if (items.length > 0 && items.length < (total ?? 0)) size = items.length;
        lastPage = lastPageOf(total, size);
      }
      const fresh = recent.without(items);
      yield* fresh;
      yield* this.moved(number, before, total, size, recent);
      before = total;
      const isEnd = total === undefined ? fresh.length === 0 : number * size >= total;
      if (isEnd) break;
      if (number > lastPage) throw unexpected('the list grows faster than it is read');
    }
    // What was forgotten would come twice.
    if (recent.isComplete && recent.count < (before ?? 0)) yield* this.leftOut(recent);
  }

  /**
   * Hanko orders by time alone: of items of one and the same time, any may be on two pages and another on none. Pages of other
   * sizes break elsewhere.
   */
  private async *leftOut(recent: RecentIds): AsyncGenerator<Item, void> {
    for (const perPage of OTHER_SIZES) {
      let lastPage = 1;
      for (let number = 1; number <= lastPage; number += 1) {
        // oxlint-disable-next-line no-await-in-loop
        const { items, total = 0 } = await this.request(number, perPage);
        yield* recent.without(items);
        if (recent.count >= total || items.length === 0) return;
        if (number === 1) lastPage = Math.ceil(total / items.length);
      }
    }
  }

  /**
   * As many as were removed since the page before, others have moved forward to pages that were read already. The last of those
   * pages comes first: what is removed on the way then moves nothing that is still to come.
   */
  private async *moved(
    number: number,
    before: number | undefined,
    now: number | undefined,
    size: number,
    recent: RecentIds,
  ): AsyncGenerator<Item, void> {
    const pagesOf = (was = 0, is = Infinity): number => Math.max(0, Math.ceil((was - is) / size));
    let count = now;
    let pages = pagesOf(before, now);
    for (let back = number - 1; back >= Math.max(1, number - pages); back -= 1) {
      // oxlint-disable-next-line no-await-in-loop
      const { items, total } = await this.request(back);
      pages += pagesOf(count, total);
      count = total;
      yield* recent.without(items);
    }
  }

  async all(): Promise<Item[]> {
    const items: Item[] = [];
    for await (const item of this) items.push(item);
    return items;
  }

  private async request(number: number, perPage = this.perPage): Promise<Fetched<Item>> {
    const { path, query } = this.call;
    const { json, header } = await this.client.call({
      method: 'GET',
      path,
      query: { ...query, page: String(number), per_page: String(perPage) },
    });
    const counted = header('x-total-count') ?? '';
    return {
      items: listOf(json ?? [], path.join('/'), this.read),
      total: /^\d{1,15}$/.test(counted) ? Number(counted) : undefined,
    };
  }
}

/** Options of a list that has no filter. @throws TypeError */
export const perPageOf = (what: string, options: unknown): unknown =>
  bodyOf(what, options, { perPage: PER_PAGE })[PER_PAGE.name];

/** Lists grow while they are read, but one that grows so much faster has no end. */
const lastPageOf = (total: number | undefined, size: number): number =>
  total === undefined ? Infinity : 100 + 10 * Math.ceil(total / size);

const unexpected = (fault: string): HankoAdminError =>
  new HankoAdminError('unexpected', `Hanko's Admin API: ${fault}`);

/** @throws RangeError */
function wholeNumber(name: string, value: unknown, max: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= max) {
    return value as number;
  }
  throw new RangeError(`${name} must be a whole number from 1 to ${max}, got ${kindOf(value)}.`);
}
