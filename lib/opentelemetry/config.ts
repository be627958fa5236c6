import { type ConfigurationFault, HankoConfigurationError } from '../errors/hanko.errors.js';
import { isObject } from '../util/value-checks.js';

/** Options that `HankoInstrumentation` takes. Without them spans name neither users nor sessions. */
export interface HankoInstrumentationConfig {
  /** Whether it counts and measures from the start. Default true. */
  readonly enabled?: boolean;
  /**
   * Whether spans name the user, by `user.id` (the `sub` claim). Metrics never do. Default false: it is personal data, and whoever sees your
   * traces sees it.
   */
  readonly userId?: boolean;
  /** Whether spans name the session, by `session.id` (the `session_id` claim, which is no secret). Metrics never do. Default false. */
  readonly sessionId?: boolean;
  /**
   * Whether spans and metrics name the tenant, by `hanko.tenant.id`, in an app with the option `tenants`. Metrics name the first
   * 1,000 tenants in which somebody was let in, as each costs a time series. Default false.
   */
  readonly tenantId?: boolean;
}

const DEFAULTS: Required<HankoInstrumentationConfig> = {
  enabled: true,
  userId: false,
  sessionId: false,
  tenantId: false,
};

/** @throws HankoConfigurationError */
export function checkConfig(written: unknown): Required<HankoInstrumentationConfig> {
  const faults = isObject(written) ? faultsOf(written) : [NO_OBJECT];
  if (faults.length > 0) throw new HankoConfigurationError(faults);
  const { enabled, userId, sessionId, tenantId } = written as HankoInstrumentationConfig;
  return {
    enabled: enabled ?? DEFAULTS.enabled,
    userId: userId ?? DEFAULTS.userId,
    sessionId: sessionId ?? DEFAULTS.sessionId,
    tenantId: tenantId ?? DEFAULTS.tenantId,
  };
}

const NO_OBJECT: ConfigurationFault = {
  path: 'HankoInstrumentation',
  hint: 'takes an object of options, such as { userId: true }, or nothing.',
};

function faultsOf(written: object): readonly ConfigurationFault[] {
  return Object.entries(written).flatMap(([name, value]) => {
    const path = `HankoInstrumentation.${name}`;
    if (!Object.hasOwn(DEFAULTS, name)) {
      return { path, hint: `is unknown. Options are ${Object.keys(DEFAULTS).join(', ')}.` };
    }
    const isRight = value === undefined || typeof value === 'boolean';
    return isRight ? [] : { path, hint: 'must be true or false.' };
  });
}
