import { Logger } from '@nestjs/common';
import { LimitedLog } from '../diagnostics/limited-log.js';
import { HankoConfigurationError } from '../errors/hanko.errors.js';

/** What operators are told of all tenants together: in an outage of their server each has a line, and anybody can make up more. */
export class TenantLog {
  private readonly logger = new Logger('HankoTenants');
  private readonly jwksLogger = new Logger('HankoJwks');
  private readonly faults = new LimitedLog((line) => this.logger.error(line), 'faults of tenants');
  private readonly warnings = new LimitedLog(
    (line) => this.jwksLogger.warn(line),
    'warnings of tenants',
  );

  /** An answer of the app that cannot be used, while no request waits for it. */
  fault(error: unknown): void {
    if (error instanceof HankoConfigurationError) this.faults.write(() => error.message);
  }

  /** A mistake in how tenants are set up. */
  setup(line: string): void {
    this.logger.warn(line);
  }

  warn(line: string): void {
    this.warnings.write(() => line);
  }
}
