import { Logger } from '@nestjs/common';
import { LimitedLog } from '../diagnostics/limited-log.js';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { printable } from '../util/printable.js';

/** Tenants that the log names for one fault. */
const MAX_UNCHECKED = 100;

/** What operators are told of all tenants together: in an outage of their server each has a line, and anybody can make up more. */
export class TenantLog {
  private readonly logger = new Logger('HankoTenants');
  private readonly jwksLogger = new Logger('HankoJwks');
  private readonly faults = new LimitedLog((line) => this.logger.error(line), 'faults of tenants');
  private readonly warnings = new LimitedLog(
    (line) => this.jwksLogger.warn(line),
    'warnings of tenants',
  );

  private readonly uncheckedTenants = new Set<string>();

  /** An answer of the app that cannot be used, while no request waits for it. */
  fault(error: unknown): void {
    if (error instanceof HankoConfigurationError) this.faults.write(() => error.message);
  }

  /** Nobody has said which audience a tenant accepts. Told once of each tenant. */
  unchecked(id: string): void {
    if (this.uncheckedTenants.has(id) || this.uncheckedTenants.size >= MAX_UNCHECKED) return;
    this.uncheckedTenants.add(id);
    this.setup(
      `No audience is configured for the tenant "${printable(id)}": a session token that its Hanko made for any other ` +
        'service is accepted. Let tenants.trust() return audience, or set the option audience or HANKO_AUDIENCE; audience: null ' +
        'accepts every audience on purpose.',
    );
  }

  /** A mistake in how tenants are set up. */
  setup(line: string): void {
    this.logger.warn(line);
  }

  warn(line: string): void {
    this.warnings.write(() => line);
  }
}
