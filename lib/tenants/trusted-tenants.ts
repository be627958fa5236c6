import { Logger } from '@nestjs/common';
import { LimitedLog } from '../diagnostics/limited-log.js';
import { HankoUnavailableError, isHankoError } from '../errors/hanko.errors.js';
import type { ResolvedTenantsOptions } from '../options/tenants-option.js';
import { describeError } from '../util/describe-error.js';

/** How long the app may take to say whether it trusts a tenant, in milliseconds. */
const TIMEOUT_MS = 5_000;

/** When callers may come back if it could not, in seconds. */
const RETRY_AFTER_SECONDS = 1;

type Trust = NonNullable<ResolvedTenantsOptions['trust']>;

/** Asks the app's `trust()`, about one tenant at a time once. It is other code, and may fail in any way. */
export class TrustedTenants {
  private readonly logger = new Logger('HankoTenants');
  private readonly failures = new LimitedLog(
    (line) => this.logger.error(line),
    'failures of tenants.trust()',
  );
  private readonly asking = new Map<string, Promise<unknown>>();

  constructor(private readonly trust: Trust) {}

  isAsking(id: string): boolean {
    return this.asking.has(id);
  }

  /**
   * @returns what the app says of the tenant, unchecked; null for an unknown one.
   * @throws HankoUnavailableError `hanko_unavailable` if the app cannot say
   * @throws HankoTenantError, HankoConfigurationError, and others of ours that it throws
   */
  ask(id: string): Promise<unknown> {
    const underWay = this.asking.get(id);
    if (underWay !== undefined) return underWay;
    const asked = this.askNow(id).finally(() => this.asking.delete(id));
    this.asking.set(id, asked);
    return asked;
  }

  private async askNow(id: string): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
    });
    try {
      return (await Promise.race([this.trust(id), tooLate])) ?? null;
    } catch (error) {
      if (isHankoError(error)) throw error;
      this.failures.write(() => `tenants.trust() failed: ${describeError(error)}`);
      throw new HankoUnavailableError('tenants.trust() failed', RETRY_AFTER_SECONDS);
    } finally {
      clearTimeout(timer);
    }
  }
}
