// Names follow the OpenTelemetry semantic conventions: lower case, a namespace, no unit and no `total` in a name, seconds for
// durations. Where the conventions have a name (`error.type`, `user.id`, `session.id`), it is used.

/** The metrics, by what they are. */
export const METRICS = {
  decisions: 'hanko.auth.decisions',
  verification: 'hanko.auth.verification.duration',
  validation: 'hanko.session.validation.duration',
  fetch: 'hanko.jwks.fetch.duration',
  keyAge: 'hanko.jwks.age',
  revocations: 'hanko.revocation.known',
  deliveries: 'hanko.webhook.deliveries',
  connections: 'hanko.connection.count',
  ended: 'hanko.connection.ended',
  health: 'hanko.health.status',
} as const;

/** The attributes of metrics and spans. */
export const ATTRIBUTES = {
  outcome: 'hanko.auth.outcome',
  code: 'hanko.auth.code',
  source: 'hanko.auth.source',
  sessionOutcome: 'hanko.session.outcome',
  fetchOutcome: 'hanko.jwks.outcome',
  webhookOutcome: 'hanko.webhook.outcome',
  webhookEvent: 'hanko.webhook.event',
  healthState: 'hanko.health.state',
  tenantId: 'hanko.tenant.id',
  errorType: 'error.type',
  userId: 'user.id',
  sessionId: 'session.id',
} as const;
