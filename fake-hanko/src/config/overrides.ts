import type { HankoConfig } from './schema.js';

/** Options that have a name of their own: each overrides the key of the configuration that it stands for. */
export interface Overrides {
  readonly audience: readonly string[] | undefined;
  readonly issuer: string | undefined;
  readonly lifespanSeconds: number | undefined;
  readonly sessionLimit: number | undefined;
  readonly idleTimeoutSeconds: number | undefined;
  readonly cookieName: string | undefined;
  readonly tokenTransport: 'cookie' | 'header' | undefined;
  readonly onboarding: 'offered' | 'skipped' | undefined;
  readonly rateLimits: 'on' | 'off' | undefined;
  readonly allowOrigins: 'loopback' | readonly string[] | undefined;
  readonly hooks: HankoConfig['webhooks']['hooks'] | undefined;
}

const SKIPPED = { acquire_on_login: 'never', acquire_on_registration: 'never' } as const;

/** The one configuration that everything else reads. */
export function withOverrides(config: HankoConfig, options: Overrides): HankoConfig {
  const { session, rate_limiter: limiter, mfa } = config;
  const { lifespanSeconds, idleTimeoutSeconds, tokenTransport, rateLimits, allowOrigins } = options;
  const isSkipped = options.onboarding === 'skipped';
  return {
    ...config,
    session: {
      ...session,
      audience: options.audience ?? session.audience,
      issuer: options.issuer ?? session.issuer,
      limit: options.sessionLimit ?? session.limit,
      lifespan: lifespanSeconds === undefined ? session.lifespan : `${lifespanSeconds}s`,
      idle_timeout:
        idleTimeoutSeconds === undefined ? session.idle_timeout : `${idleTimeoutSeconds}s`,
      enable_auth_token_header: tokenTransport
        ? tokenTransport === 'header'
        : session.enable_auth_token_header,
      cookie: { ...session.cookie, name: options.cookieName ?? session.cookie.name },
    },
    rate_limiter: { ...limiter, enabled: rateLimits ? rateLimits === 'on' : limiter.enabled },
    ...(allowOrigins && {
      cors: { ...config.cors, allow_origins: allowOrigins === 'loopback' ? [] : allowOrigins },
    }),
    ...(options.hooks && { webhooks: { ...config.webhooks, enabled: true, hooks: options.hooks } }),
    ...(isSkipped && {
      mfa: {
        ...mfa,
        acquire_on_login: false,
        acquire_on_registration: false,
        device_trust_policy: 'never',
      },
      passkey: { ...config.passkey, ...SKIPPED },
    }),
  };
}
