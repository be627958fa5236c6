import { isObject, kindOf } from '../util/value-checks.js';
import type { AdminCall, AdminClient } from './admin-client.js';
import { listOf } from './reader.js';

/** One page of a list. */
export interface HankoPage<Item> {
  readonly items: readonly Item[];
  /** Its number; the first is 1. */
  readonly page: number;
  /** Items of a full page. */
  readonly perPage: number;
  /** Items of all pages together. */
  readonly total: number;
  /** How many pages there are. */
  readonly pages: number;
}

/**
 * A list of Hanko's, page by page: `for await` walks through all of it and holds one page at a time.
 *
 * ```ts
 * for await (const user of admin.users.list()) console.log(user.id);
 * const { items, total } = await admin.users.list({ perPage: 50 }).page(1);
 * ```
 *
 * What is added or removed meanwhile may move items from one page to another.
 */
export interface HankoList<Item> extends AsyncIterable<Item> {
  /**
   * One page, for a user interface.
   * @param page its number, from 1. Default 1.
   * @throws HankoAdminError any of its codes
   * @throws RangeError if it is no whole number from 1.
   */
  page(page?: number): Promise<HankoPage<Item>>;
  /** All items, in memory. @throws HankoAdminError any of its codes */
  all(): Promise<Item[]>;
}

/** How a list is read. */
export interface HankoListOptions {
  /** Items of a page. Default 100, range 1 to 1,000. */
  readonly perPage?: number;
}

const DEFAULT_PER_PAGE = 100;
const MAX_PER_PAGE = 1_000;

/** A list whose pages are asked for by number. URLs of the `Link` field are not followed: the API key would go with them. */
export class PagedList<Item> implements HankoList<Item> {
  private readonly perPage: number;

  constructor(
    private readonly client: AdminClient,
    private readonly call: Pick<AdminCall, 'path' | 'query'>,
    private readonly read: (json: unknown) => Item,
    { perPage = DEFAULT_PER_PAGE }: HankoListOptions = {},
  ) {
    this.perPage = wholeNumber('perPage', perPage, MAX_PER_PAGE);
  }

  async page(page = 1): Promise<HankoPage<Item>> {
    const number = wholeNumber('page', page, Number.MAX_SAFE_INTEGER);
    const { perPage } = this;
    const { json, header } = await this.client.call({
      method: 'GET',
      path: this.call.path,
      query: { ...this.call.query, page: String(number), per_page: String(perPage) },
    });
    const items = listOf(json ?? [], this.call.path.join('/'), this.read);
    const counted = Number(header('x-total-count') ?? NaN);
    const total = Number.isInteger(counted) ? counted : (number - 1) * perPage + items.length;
    return { items, page: number, perPage, total, pages: Math.ceil(total / perPage) };
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Item> {
    for (let number = 1; ; number += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one page at a time is the point
      const { items } = await this.page(number);
      yield* items;
      if (items.length < this.perPage) return;
    }
  }

  async all(): Promise<Item[]> {
    const items: Item[] = [];
    for await (const item of this) items.push(item);
    return items;
  }
}

/** @throws RangeError */
function wholeNumber(name: string, value: unknown, max: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= max) {
    return value as number;
  }
  throw new RangeError(`${name} must be a whole number from 1 to ${max}, got ${kindOf(value)}.`);
}

/** Options that a caller wrote; none of them is required. */
export const optionsOf = (written: unknown): Readonly<Record<string, unknown>> =>
  isObject(written) ? written : {};
