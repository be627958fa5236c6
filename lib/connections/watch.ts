import {
  type HankoAuthError,
  HankoTokenError,
  HankoUnavailableError,
} from '../errors/hanko.errors.js';
import type { ResolvedSessionPolicy } from '../options/session-policy.js';
import type { LiveConnection } from '../transports/transport.js';
import type { Due, Schedule } from './schedule.js';

/** The shortest time between two questions to Hanko about one session. */
export const MIN_ASK_MS = 30_000;

/** How much longer than a policy says its last good reply is used while there is none. */
export const GRACE_MS = 300_000;

/** What nobody could ask about for too long does not end at one moment: all of it will connect again. */
export const SPREAD_MS = 30_000;

/** What a watch needs of the whole. */
export interface Watcher<Session> {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly schedule: Schedule;
  end(watch: Watch<Session>, error: HankoAuthError): void;
}

/** Why a connection ends before its token expires. */
interface Early {
  readonly error: HankoAuthError;
  /** Who could not be asked. */
  readonly unasked: Unasked;
  /** When that was decided, in milliseconds since 1970. */
  readonly decidedAt: number;
}

/** Who could not be asked for too long. */
export interface Unasked {
  /** Whether it has replied since, to whoever asked. */
  hasRepliedSince(at: number): boolean;
}

/** One connection, and the session that it hangs on. It is due when the token expires, or earlier if that is decided. */
export class Watch<Session> implements Due {
  dueAt = Infinity;
  place = -1;
  session!: Session;
  /** When the verifier refuses the token, in milliseconds since 1970. */
  expiresAt = Infinity;
  /** How often Hanko is asked; Infinity if no policy asks. */
  askEveryMs = Infinity;
  /** Whether a policy that asks rejects while Hanko does not reply. */
  private isStrict = false;
  private early: Early | null = null;

  constructor(
    readonly connection: LiveConnection,
    /** In lower case. */
    readonly userId: string,
    private readonly watcher: Watcher<Session>,
  ) {}

  hangOn(session: Session, expiresAt: number): void {
    this.session = session;
    this.expiresAt = expiresAt;
    this.askEveryMs = Infinity;
    this.isStrict = false;
    this.early = null;
    this.watcher.schedule.set(this, expiresAt);
  }

  /** Many calls may come by one connection: the strictest of their policies counts. */
  askBy({ refreshMs, onUnavailable }: ResolvedSessionPolicy): void {
    this.askEveryMs = Math.min(this.askEveryMs, Math.max(refreshMs, MIN_ASK_MS));
    this.isStrict ||= onUnavailable === 'reject';
  }

  /** @param aliveAt when Hanko said last that the session is alive. */
  outlastHanko(aliveAt: number, unasked: Unasked): void {
    if (this.isStrict) this.outlast(aliveAt, this.askEveryMs, unasked);
  }

  /**
   * Ends it soon if nobody could say for too long whether its session is alive.
   * @param aliveAt when that was known last, in milliseconds since 1970.
   * @param everyMs how often somebody is asked.
   */
  outlast(aliveAt: number, everyMs: number, unasked: Unasked): void {
    const { now, schedule } = this.watcher;
    const at = now();
    if (this.early !== null || at - aliveAt <= everyMs + GRACE_MS) return;
    this.early = { error: unknown(), unasked, decidedAt: at };
    schedule.set(this, Math.min(at + Math.random() * SPREAD_MS, this.expiresAt));
  }

  /** Whoever could not be asked replies again. */
  letOff(unasked: Unasked): void {
    if (this.early?.unasked !== unasked) return;
    this.early = null;
    this.watcher.schedule.set(this, this.expiresAt);
  }

  /** Whether it ends soon. */
  get isEnding(): boolean {
    return this.early !== null;
  }

  get isInterval(): boolean {
    return this.isEnding;
  }

  onDue(): void {
    const { early, watcher, expiresAt } = this;
    if (early === null || watcher.now() >= expiresAt) watcher.end(this, expired());
    else if (early.unasked.hasRepliedSince(early.decidedAt)) this.letOff(early.unasked);
    else watcher.end(this, early.error);
  }
}

export const expired = (): HankoTokenError =>
  new HankoTokenError('token_expired', 'The token has expired');

const unknown = (): HankoUnavailableError =>
  new HankoUnavailableError('For too long nobody could say whether the session is alive', 1);
