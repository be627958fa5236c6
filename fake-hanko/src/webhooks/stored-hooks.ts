import { randomUUID } from 'node:crypto';
import { rfc3339 } from '../time.js';

/** A receiver that the Admin API has stored, as it shows it (hanko backend/persistence/models/webhook.go). */
export interface StoredHook {
  readonly id: string;
  readonly callback: string;
  readonly enabled: boolean;
  readonly failures: number;
  readonly expires_at: string;
  readonly events: readonly { readonly id: string; readonly event: string }[];
  readonly created_at: string;
  readonly updated_at: string;
}

const LIFE_MS = 30 * 24 * 3_600_000;
/** After more failures in a row a hook is disabled. */
const MAX_FAILURES = 5;
const MAX_HOOKS = 100;

/** Receivers of webhooks that were subscribed while it ran (hanko backend/webhooks/database_hook.go). */
export class StoredHooks {
  private readonly hooks = new Map<string, StoredHook>();

  constructor(
    private readonly now: () => number,
    /** Whether time disables them. */
    public canExpire: boolean,
  ) {}

  all(): readonly StoredHook[] {
    return [...this.hooks.values()];
  }

  get(id: string): StoredHook | undefined {
    return this.hooks.get(id.toLowerCase());
  }

  /** @returns undefined if there are too many. */
  create(callback: string, events: readonly string[]): StoredHook | undefined {
    if (this.hooks.size >= MAX_HOOKS) return undefined;
    const at = rfc3339(this.now());
    return this.put({
      id: randomUUID(),
      callback,
      enabled: true,
      failures: 0,
      expires_at: this.expiry(),
      events: withIds(events),
      created_at: at,
      updated_at: at,
    });
  }

  /** Whatever was wrong with it is forgotten. */
  update(
    hook: StoredHook,
    {
      callback,
      events,
      enabled,
    }: Pick<StoredHook, 'callback' | 'enabled'> & {
      readonly events: readonly string[];
    },
  ): StoredHook {
    return this.put({
      ...hook,
      callback,
      enabled,
      failures: 0,
      expires_at: this.expiry(),
      events: withIds(events),
      updated_at: rfc3339(this.now()),
    });
  }

  delete(id: string): void {
    this.hooks.delete(id.toLowerCase());
  }

  /** Those that are to be told of an event now; one that has expired is disabled, where hooks expire. */
  for(event: string): readonly StoredHook[] {
    const wanted = this.all().filter(
      (hook) => hook.enabled && hook.events.some((one) => event.startsWith(one.event)),
    );
    return wanted.filter((hook) => {
      const isOver = this.canExpire && Date.parse(hook.expires_at) < this.now();
      if (isOver) this.put({ ...hook, enabled: false });
      return !isOver;
    });
  }

  /** Counts failures in a row, and puts off the expiry after a success. */
  note(id: string, isDelivered: boolean): void {
    const hook = this.hooks.get(id);
    if (hook === undefined) return;
    const failures = isDelivered ? 0 : hook.failures + 1;
    this.put({
      ...hook,
      failures,
      enabled: hook.enabled && failures <= MAX_FAILURES,
      ...(isDelivered && { expires_at: this.expiry(), updated_at: rfc3339(this.now()) }),
    });
  }

  private put(hook: StoredHook): StoredHook {
    this.hooks.set(hook.id, hook);
    return hook;
  }

  private expiry(): string {
    return rfc3339(this.now() + LIFE_MS);
  }
}

const withIds = (events: readonly string[]): StoredHook['events'] =>
  events.map((event) => ({ id: randomUUID(), event }));
