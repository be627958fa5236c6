import { Logger } from '@nestjs/common';
import { publishAuthentication } from '../diagnostics/channels.js';
import type { HankoAuthError } from '../errors/hanko.errors.js';
import type { HankoUser } from '../user/hanko-user.js';

/** Where it is noted what was last said about a request. */
interface Said {
  said?: string | undefined;
}

/** Whoever floods us with bad tokens must not write our log. */
const MAX_LINES_PER_SECOND = 10;

/**
 * Tells operators what was decided, in the log and on the diagnostics channel: once per request,
 * however many guards and parameters asked.
 */
export class AuthenticationLog {
  private readonly logger = new Logger('HankoAuth');
  private readonly unsupportedHandlers = new Set<string>();
  private second = -Infinity;
  private linesInSecond = 0;

  /** @param now any clock that goes forward, in milliseconds. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  authenticated(user: HankoUser, source: string, handler: string | undefined): void {
    const { id: userId, sessionId } = user;
    publishAuthentication({ outcome: 'authenticated', userId, sessionId, source, handler });
  }

  anonymous(notes: Said, handler: string | undefined): void {
    if (this.isNew(notes, 'anonymous')) publishAuthentication({ outcome: 'anonymous', handler });
  }

  refused(notes: Said, error: HankoAuthError, handler: string | undefined): void {
    const { code, reason } = error;
    if (!this.isNew(notes, code)) return;
    if (code === 'context_unsupported') {
      // Once per handler, or whoever sends it messages writes our log.
      if (!this.unsupportedHandlers.has(String(handler))) this.logger.error(reason);
      this.unsupportedHandlers.add(String(handler));
    } else if (code !== 'credentials_missing') {
      this.debug(() => `${code} at ${handler ?? 'authenticate()'}: ${reason}`);
    }
    publishAuthentication({ outcome: 'refused', code, reason, handler });
  }

  private debug(line: () => string): void {
    const second = Math.floor(this.now() / 1000);
    if (second !== this.second) {
      const leftOut = this.linesInSecond - MAX_LINES_PER_SECOND;
      if (leftOut > 0) this.logger.debug(`${leftOut} more requests were refused before this one`);
      this.second = second;
      this.linesInSecond = 0;
    }
    this.linesInSecond += 1;
    if (this.linesInSecond <= MAX_LINES_PER_SECOND) this.logger.debug(line());
  }

  private isNew(notes: Said, what: string): boolean {
    const isNew = notes.said !== what;
    notes.said = what;
    return isNew;
  }
}
