import { Logger } from '@nestjs/common';
import { publishAuthentication } from '../diagnostics/channels.js';
import { LimitedLog } from '../diagnostics/limited-log.js';
import type { HankoAuthError } from '../errors/hanko.errors.js';
import type { HankoUser } from '../user/hanko-user.js';

/** Where it is noted what was last said about a request. */
interface Said {
  said?: string | undefined;
}

/**
 * Tells operators what was decided, in the log and on the diagnostics channel: once per request,
 * however many guards and parameters asked.
 */
export class AuthenticationLog {
  private readonly logger = new Logger('HankoAuth');
  private readonly unsupportedHandlers = new Set<string>();
  private readonly lines: LimitedLog;

  /** @param now any clock that goes forward, in milliseconds. */
  constructor(now?: () => number) {
    this.lines = new LimitedLog((line) => this.logger.debug(line), 'requests were refused', now);
  }

  authenticated(notes: Said, user: HankoUser, source: string, handler: string | undefined): void {
    const { id: userId, sessionId } = user;
    if (!this.isNew(notes, sessionId)) return;
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
      this.lines.write(() => `${code} at ${handler ?? 'authenticate()'}: ${reason}`);
    }
    publishAuthentication({ outcome: 'refused', code, reason, handler });
  }

  private isNew(notes: Said, what: string): boolean {
    const isNew = notes.said !== what;
    notes.said = what;
    return isNew;
  }
}
