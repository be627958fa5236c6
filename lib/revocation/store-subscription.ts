import type { RevocationStore } from '../options/revocation-options.js';
import { isPromise } from '../util/maybe-promise.js';
import { isFunction, kindOf } from '../util/value-checks.js';
import { whereThrown } from '../util/where-thrown.js';
import { type RevocationEntry, readEntry } from './store-entries.js';

type Unsubscribe = () => unknown;

/**
 * What a store tells by itself. Its code is the app's own, and may fail in any way, now or later: that is logged, and is no
 * harm, as each request asks the store anyway.
 */
export class StoreSubscription {
  private unsubscribe: Unsubscribe | null = null;
  private isClosed = false;

  /**
   * @param listener gets each entry that the store tells of; it is never called with anything else.
   * @param log gets a line for each failure.
   */
  constructor(
    store: Pick<RevocationStore, 'subscribe'>,
    private readonly listener: (entry: RevocationEntry) => void,
    private readonly log: (line: string) => void,
  ) {
    try {
      if (store.subscribe === undefined) return;
      const subscribed: unknown = store.subscribe((key, value) => this.take(key, value));
      if (isPromise(subscribed)) Promise.resolve(subscribed).then(this.begun, this.failed);
      else this.begun(subscribed);
    } catch (error) {
      this.failed(error);
    }
  }

  /** Whether the store tells at once, as far as it says. */
  get isActive(): boolean {
    return this.unsubscribe !== null;
  }

  /** It never throws: an app that stops has more to close. */
  close(): void {
    this.isClosed = true;
    const { unsubscribe } = this;
    this.unsubscribe = null;
    if (unsubscribe !== null) this.end(unsubscribe);
  }

  private take(key: unknown, value: unknown): void {
    if (this.isClosed) return;
    let entry: RevocationEntry | null = null;
    try {
      entry = readEntry(key, value);
    } catch {
      // What cannot be read is no revocation.
    }
    if (entry !== null) this.listener(entry);
  }

  private readonly begun = (unsubscribe: unknown): void => {
    if (!isFunction(unsubscribe)) {
      this.log(
        'The revocation store cannot subscribe: its subscribe() must return a function that ends the subscription, ' +
          `or a promise of it; got ${kindOf(unsubscribe)}. The store is read every maxAgeSeconds instead.`,
      );
    } else if (this.isClosed) this.end(unsubscribe);
    else this.unsubscribe = unsubscribe;
  };

  private readonly failed = (error: unknown): void => {
    this.log(`The revocation store cannot subscribe: ${whereThrown(error)}`);
  };

  private end(unsubscribe: Unsubscribe): void {
    const failed = (error: unknown): void =>
      this.log(`The revocation store cannot end its subscription: ${whereThrown(error)}`);
    try {
      const ended = unsubscribe();
      if (isPromise(ended)) Promise.resolve(ended).catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
