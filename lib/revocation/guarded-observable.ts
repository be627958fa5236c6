import { Observable, type Observer, type Operator, type Subscription } from 'rxjs';
import { isPromise } from '../util/maybe-promise.js';

type Listener<T> = Partial<Observer<T>> | ((value: T) => void) | null;

/**
 * An observable whose subscribers may throw, now or by a promise, also behind operators: RxJS throws their
 * errors again where nobody can catch them, which ends the process.
 */
export class GuardedObservable<T> extends Observable<T> {
  /** @param onError told of each error that nobody else takes. */
  constructor(
    source: Observable<T> | undefined,
    private readonly onError: (error: unknown) => void,
  ) {
    super(source && ((subscriber) => source.subscribe(subscriber)));
  }

  /** RxJS calls this for each operator of `pipe()`. */
  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new GuardedObservable<R>(undefined, this.onError);
    lifted.source = this;
    lifted.operator = operator;
    return lifted;
  }

  override subscribe(
    listener?: Listener<T>,
    onError?: ((error: unknown) => void) | null,
    onComplete?: (() => void) | null,
  ): Subscription {
    // A subscriber of the next operator passes errors on by itself.
    if (isSubscriber(listener)) return super.subscribe(listener);
    const observer: Partial<Observer<T>> =
      typeof listener === 'object' && listener !== null
        ? listener
        : {
            ...(listener && { next: listener }),
            ...(onError && { error: onError }),
            ...(onComplete && { complete: onComplete }),
          };
    return super.subscribe({
      next: (value) => this.guard(() => observer.next?.(value)),
      error: (error: unknown) =>
        this.guard(() => (observer.error ? observer.error(error) : this.onError(error))),
      complete: () => this.guard(() => observer.complete?.()),
    });
  }

  private guard(act: () => unknown): void {
    try {
      const result = act();
      if (isPromise(result)) Promise.resolve(result).catch((error: unknown) => this.onError(error));
    } catch (error) {
      this.onError(error);
    }
  }
}

/** Checks members, not `instanceof`: it may be of another copy of RxJS. */
const isSubscriber = <T>(value: Listener<T> | undefined): value is Observer<T> =>
  typeof value === 'object' &&
  value !== null &&
  'next' in value &&
  'add' in value &&
  'unsubscribe' in value;
