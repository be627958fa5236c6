import { parseDuration, secondsOf } from './duration.js';
import type { HankoConfig } from './schema.js';

/** Tenant of a server without tenants (hanko backend/config/config_shared.go). */
export const DEFAULT_TENANT_ID = '00000000-0000-0000-0000-000000000001';

/** Address and events of a receiver of webhooks. */
export type Hook = readonly [url: string, events: readonly string[]];

/** What a configuration comes to, in the words of the options. */
export interface ConfigSettings {
  readonly audience: readonly string[];
  readonly issuer: string | undefined;
  readonly lifespanSeconds: number;
  readonly sessionLimit: number;
  readonly idleTimeoutSeconds: number;
  readonly cookieName: string;
  readonly tokenTransport: 'cookie' | 'header';
  readonly rateLimits: 'on' | 'off';
  readonly allowOrigins: 'loopback' | readonly string[];
  readonly webhooks: readonly Hook[];
}

export function settingsOf(config: HankoConfig): ConfigSettings {
  const { session, cors, webhooks } = config;
  return {
    audience: session.audience.length > 0 ? session.audience : [config.webauthn.relying_party.id],
    issuer: session.issuer || undefined,
    lifespanSeconds: secondsOf(session.lifespan),
    sessionLimit: session.limit,
    idleTimeoutSeconds: (parseDuration(session.idle_timeout) ?? 0) / 1000,
    cookieName: session.cookie.name || 'hanko',
    tokenTransport: session.enable_auth_token_header ? 'header' : 'cookie',
    rateLimits: config.rate_limiter.enabled ? 'on' : 'off',
    allowOrigins: cors.allow_origins.length === 0 ? 'loopback' : cors.allow_origins,
    webhooks: webhooks.enabled
      ? webhooks.hooks.map(({ callback, events }) => [callback, events])
      : [],
  };
}
