import { Logger } from '@nestjs/common';
import { ofTenant, publishAuthentication } from '../diagnostics/channels.js';
import { LimitedLog } from '../diagnostics/limited-log.js';
import { type HankoAuthError, isHankoError } from '../errors/hanko.errors.js';
import { logDetailOf } from '../errors/log-detail.js';
import { describeSearch } from '../extraction/seen-credentials.js';
import type { TokenExtractor } from '../extraction/token-extractor.js';
import type { HankoCall } from '../transports/transport.js';
import type { Hanko } from '../tenants/hanko.js';
import type { HankoUser } from '../user/hanko-user.js';
import { describeError } from '../util/describe-error.js';

/** Where it is noted what was last said about a request. */
interface Said {
  said?: string | undefined;
  tookMs?: number | undefined;
  /** Whose tokens are accepted for it; null or absent if that is not known. */
  namedHanko?: Pick<Hanko, 'tenantId' | 'options'> | null;
}

/** Configuration errors that only requests show are few: what is beyond that comes from texts that differ each time. */
const MAX_ERROR_LINES = 100;

/**
 * Tells operators what was decided, in the log and on the diagnostics channel: once per request,
 * however many guards and parameters asked.
 */
export class AuthenticationLog {
  private readonly logger = new Logger('HankoAuth');
  /** Whoever sends us messages must not write our log: each error is told once. */
  private readonly toldErrors = new Set<string>();
  private readonly lines: LimitedLog;
  private readonly lostEvents: LimitedLog;

  /**
   * @param extractors where a credential is looked for.
   * @param now any clock that goes forward, in milliseconds.
   */
  constructor(
    private readonly extractors: readonly TokenExtractor[] = [],
    now?: () => number,
  ) {
    this.lines = new LimitedLog((line) => this.logger.debug(line), 'requests were refused', now);
    this.lostEvents = new LimitedLog((line) => this.logger.warn(line), 'events were refused', now);
  }

  authenticated(
    notes: Said & { readonly credential: { readonly source: string } | null },
    user: HankoUser,
    handler: string | undefined,
  ): void {
    const { id: userId, tenantId, sessionId } = user;
    if (!this.isNew(notes, sessionId)) return;
    const source = notes.credential?.source ?? '';
    const durationMs = takeTime(notes);
    publishAuthentication({
      outcome: 'authenticated',
      ...ofTenant(tenantId),
      userId,
      sessionId,
      source,
      handler,
      durationMs,
    });
  }

  /** @param failure what was wrong with a cookie that counts for nothing. */
  anonymous(notes: Said, handler: string | undefined, failure: HankoAuthError | null): void {
    if (!this.isNew(notes, 'anonymous')) return;
    if (failure !== null) {
      this.lines.write(
        () =>
          `anonymous at ${placeOf(handler)}: its cookie was ignored, ${failure.code}. ${textOf(failure)}`,
      );
    }
    publishAuthentication({
      outcome: 'anonymous',
      ...tenantOf(notes),
      handler,
      durationMs: takeTime(notes),
    });
  }

  /**
   * @param call what a credential was looked for in.
   * @param user whose token is valid, if the route requires more than that.
   */
  refused(
    notes: Said,
    error: unknown,
    handler: string | undefined,
    { request, params, isUnanswered = false }: HankoCall,
    user?: HankoUser,
  ): void {
    if (!isHankoError(error)) return;
    if (error.code === 'configuration_invalid') {
      this.tellOnce(error.message);
      return;
    }
    const { code, reason } = error;
    if (!this.isNew(notes, code)) return;
    if (code === 'context_unsupported') {
      this.tellOnce(reason);
    } else {
      // Nobody waits for an answer to an event: this line is all that anybody learns.
      (isUnanswered ? this.lostEvents : this.lines).write(() => {
        const isSearch = code === 'credentials_missing' && request !== undefined;
        const extractors = notes.namedHanko?.options.extractors ?? this.extractors;
        const text = isSearch ? describeSearch(extractors, request, params) : textOf(error);
        return `${code} at ${placeOf(handler)}: ${text}`;
      });
    }
    publishAuthentication({
      outcome: 'refused',
      ...tenantOf(notes),
      code,
      reason,
      userId: user?.id,
      sessionId: user?.sessionId,
      handler,
      durationMs: takeTime(notes),
    });
  }

  /** @param error one that is not ours, and that Nest does not log. */
  failed(error: unknown): void {
    if (isHankoError(error)) return;
    this.logger.error(
      error instanceof Error ? (error.stack ?? error.message) : describeError(error),
    );
  }

  private tellOnce(text: string): void {
    if (this.toldErrors.has(text) || this.toldErrors.size >= MAX_ERROR_LINES) return;
    this.toldErrors.add(text);
    this.logger.error(text);
  }

  private isNew(notes: Said, what: string): boolean {
    const isNew = notes.said !== what;
    notes.said = what;
    return isNew;
  }
}

/** It is told once: a later decision on the same verdict took no time. */
function takeTime(notes: Said): number | undefined {
  const { tookMs } = notes;
  notes.tookMs = undefined;
  return tookMs;
}

const tenantOf = ({ namedHanko }: Said): ReturnType<typeof ofTenant> =>
  ofTenant(namedHanko?.tenantId);

const textOf = (error: HankoAuthError): string => logDetailOf(error) ?? error.reason;

const placeOf = (handler: string | undefined): string => handler ?? 'authenticate()';
