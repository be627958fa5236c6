import { once } from 'node:events';
import type { INestApplicationContext } from '@nestjs/common';
import { HankoLiveSessions, HankoRevocation } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { Observable } from 'rxjs';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import { FakeClock } from './app.js';
import { claimsIn, sessionIdIn } from './claims-in.js';

/** Of FakeHanko and of the apps. */
export const clock = new FakeClock();

export let hanko: FakeHanko;

/** To be called once in a file of tests. */
export function useLiveHanko(): void {
  beforeAll(async () => {
    hanko = await FakeHanko.start({ now: clock.now });
  });
  afterEach(() => hanko.recover());
  afterAll(() => hanko.stop());
}

export const liveOptions = () => ({ apiUrl: hanko.url, audience: 'localhost', now: clock.now });

type App = Pick<INestApplicationContext, 'get'>;

/** Lets time pass, and what is due then happen. */
export async function passSeconds(app: App, seconds: number): Promise<void> {
  const now = clock.now();
  // Something that is due so soon that the timer is, too: it goes by real time. The tolerance is five seconds.
  const soon = { id: 'soon', sessionId: `soon ${now}`, expiresAt: new Date(now - 4_980) };
  const signal = app.get(HankoLiveSessions).signal({ ...soon, authenticatedAt: new Date(now) });
  clock.advanceSeconds(seconds);
  if (!signal.aborted) await once(signal, 'abort');
}

/** How a session ends, with the code that says so. Where Hanko has to be asked, a policy must do so. */
export interface Ending {
  readonly title: string;
  readonly code: string;
  /** Whether only a policy that asks Hanko learns of it. */
  readonly isAsked?: boolean;
  /** @param isOver whether what was open has ended. */
  readonly end: (app: App, token: string, isOver: () => boolean) => Promise<unknown>;
}

/** Until a question to Hanko, which is asked every 30 seconds, was answered. */
async function passUntil(app: App, isOver: () => boolean): Promise<void> {
  for (let n = 0; n < 100 && !isOver(); n += 1) await passSeconds(app, 31);
}

export const ENDINGS: readonly Ending[] = [
  {
    title: 'is revoked',
    code: 'session_revoked',
    end: (app, token) => app.get(HankoRevocation).revoke(sessionIdIn(token)),
  },
  {
    title: 'has a user who is revoked',
    code: 'session_revoked',
    end: async (app, token) => {
      clock.advanceSeconds(2);
      // Whoever signs in now is not.
      const upTo = new Date(clock.now() - 1_000);
      await app.get(HankoRevocation).revokeUser(claimsIn(token).sub, upTo);
    },
  },
  { title: 'expires', code: 'token_expired', end: (app) => passSeconds(app, 24 * 3600) },
  {
    title: 'has ended at Hanko',
    code: 'session_revoked',
    isAsked: true,
    end: async (app, token, isOver) => {
      hanko.revoke(token);
      await passUntil(app, isOver);
    },
  },
  {
    title: 'cannot be asked about for too long',
    code: 'hanko_unavailable',
    isAsked: true,
    end: async (app, _, isOver) => {
      await hanko.fault('error');
      await passUntil(app, isOver);
    },
  },
];

/** What subscriptions and streams of a test app send: one event when they begin, and then what is told. */
export class Source {
  private readonly open = new Set<(event: string) => void>();

  /** How many are listened to. */
  get size(): number {
    return this.open.size;
  }

  tell(event: string): void {
    for (const send of this.open) send(event);
  }

  observe(first: string): Observable<string> {
    return new Observable((subscriber) => {
      const send = (event: string): void => subscriber.next(event);
      this.open.add(send);
      send(first);
      return () => void this.open.delete(send);
    });
  }

  /** What a caller sends, for as long as somebody listens to it. */
  follow(values: Observable<string>): Observable<string> {
    return new Observable((subscriber) => {
      const following = this.observe('').subscribe();
      following.add(values.subscribe(subscriber));
      return following;
    });
  }

  /** For what tells of its end by an event. */
  hold(): () => void {
    const held = this.observe('').subscribe();
    return () => held.unsubscribe();
  }

  /** As those of a PubSub: it ends at once when it is returned. */
  iterate<Value>(first: string, valueOf: (event: string) => Value): AsyncIterableIterator<Value> {
    const events = [first];
    let wake: (() => void) | undefined;
    const send = (event: string): void => {
      events.push(event);
      wake?.();
    };
    this.open.add(send);
    const isOpen = (): boolean => this.open.has(send);
    const end = async (): Promise<IteratorResult<Value>> => {
      this.open.delete(send);
      wake?.();
      return { done: true, value: undefined };
    };
    return {
      async next() {
        while (events.length === 0 && isOpen()) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        return isOpen() ? { done: false, value: valueOf(events.shift() as string) } : end();
      },
      return: end,
      throw: end,
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}

/** Bounded: what does not come fails the test. */
export const eventually = (check: () => unknown): Promise<unknown> =>
  vi.waitFor(check, { timeout: 10_000, interval: 5 });

/** What a client has written down of what it saw. */
export const expectSeen = (
  { seen }: { readonly seen: readonly unknown[] },
  ...what: readonly unknown[]
): Promise<unknown> => eventually(() => expect(seen).toEqual(what));

/** Starts it for the tests of a `describe`, and looks after each that nothing of it goes on. */
export function useLiveApp<Running extends AsyncDisposable & { readonly app: App }>(
  start: () => Promise<Running>,
  ...sources: readonly Source[]
): Running {
  const running = {} as Running;
  beforeAll(async () => {
    Object.assign(running, await start());
  });
  afterEach(() => expectNothingHeld(running.app, ...sources));
  afterAll(() => running[Symbol.asyncDispose]?.());
  return running;
}

/** Nothing goes on, and nothing is held. */
export const expectNothingHeld = (app: App, ...sources: readonly Source[]): Promise<unknown> =>
  eventually(() => {
    expect([app.get(HankoLiveSessions).size, ...sources.map(({ size }) => size)]).toEqual([
      0,
      ...sources.map(() => 0),
    ]);
  });
