import { Logger } from '@nestjs/common';
import { ofTenant, publishConnection } from '../diagnostics/channels.js';
import { LimitedLog } from '../diagnostics/limited-log.js';
import type { HankoAuthError } from '../errors/hanko.errors.js';
import { whereThrown } from '../util/where-thrown.js';
import type { LiveSession } from './live-session.js';

/** How long the warning of an outage is held back after it was given. */
const WARN_AGAIN_MS = 600_000;

/** Bounds what is told once: error messages of other code may differ each time. */
const MAX_TOLD = 100;

/** Tells operators what became of connections, in the log and on the diagnostics channel. */
export class ConnectionLog {
  private readonly logger = new Logger('HankoLiveSessions');
  private readonly lines = new LimitedLog(
    (line) => this.logger.debug(line),
    'connections were ended',
  );
  private readonly told = new Set<string>();
  private warnedAt = -Infinity;

  watched({ tenantId, userId, sessionId }: LiveSession): void {
    publishConnection({ outcome: 'watched', ...ofTenant(tenantId), userId, sessionId });
  }

  closed({ tenantId, userId, sessionId }: LiveSession): void {
    publishConnection({ outcome: 'closed', ...ofTenant(tenantId), userId, sessionId });
  }

  ended({ tenantId, userId, sessionId }: LiveSession, { code, reason }: HankoAuthError): void {
    this.lines.write(() => `A connection was ended: ${code}. ${reason}`);
    if (code === 'hanko_unavailable') this.warnOfOutage();
    publishConnection({
      outcome: 'ended',
      ...ofTenant(tenantId),
      userId,
      sessionId,
      code,
      reason,
    });
  }

  /** The app's own code threw. */
  endFailed(cause: unknown): void {
    this.tellOnce(`A connection could not be ended: ${whereThrown(cause)}`);
  }

  /** The app's own code rejected. */
  closeUnknown(cause: unknown): void {
    this.tellOnce(`A connection does not tell when it has closed: ${whereThrown(cause)}`);
  }

  private tellOnce(line: string): void {
    if (this.told.has(line) || this.told.size >= MAX_TOLD) return;
    this.told.add(line);
    this.logger.error(line);
  }

  private warnOfOutage(): void {
    const now = performance.now();
    if (now - this.warnedAt < WARN_AGAIN_MS) return;
    this.warnedAt = now;
    this.logger.warn(
      'Connections are ended: for more than five minutes longer than their policy allows, Hanko or the revocation store ' +
        'could not say whether their sessions are alive. onUnavailable: "accept" would keep them until their tokens expire.',
    );
  }
}
