export { HankoModule } from './hanko.module.js';
export { HankoAuthGuard } from './guards/hanko-auth.guard.js';
export { CurrentUser } from './decorators/current-user.decorator.js';
export { CurrentTenant } from './decorators/current-tenant.decorator.js';
export { SessionSignal } from './decorators/session-signal.decorator.js';
export { SessionToken } from './decorators/session-token.decorator.js';
export { Public } from './decorators/public.decorator.js';
export { OptionalAuth } from './decorators/optional-auth.decorator.js';
export { RequireAuth } from './decorators/require-auth.decorator.js';
export { hankoSockets } from './sockets/hanko-sockets.js';
export { hankoMiddleware } from './middleware/hanko-middleware.js';
export { HankoAuthService } from './auth/hanko-auth.service.js';
export { HankoRevocation } from './revocation/hanko-revocation.js';
export { HankoLiveSessions } from './connections/live-sessions.js';
export { HankoProfile } from './profile/hanko-profile.js';
export { HankoHealth } from './health/hanko-health.js';
export { HankoUser } from './user/hanko-user.js';
export { HANKO_JWKS } from './hanko.constants.js';
export { HANKO_CHANNELS } from './diagnostics/channels.js';
export { bearerTokenExtractor } from './extraction/bearer.js';
export { cookieTokenExtractor } from './extraction/cookie.js';
export {
  HankoAuthError,
  HankoConfigurationError,
  HankoContextError,
  HankoCredentialsError,
  HankoCrossSiteError,
  HankoRequirementError,
  HankoStepUpError,
  HankoTokenError,
  HankoTenantError,
  HankoUnavailableError,
  isHankoError,
} from './errors/hanko.errors.js';

export type { HankoForRootOptions, HankoModuleAsyncOptions } from './hanko.module-definition.js';
export type { HankoModuleOptions, HankoOptionsFactory } from './options/hanko-options.js';
export type { OnUnavailable } from './options/on-unavailable.js';
export type { HankoSessionPolicy, HankoSessionRefresh } from './options/session-policy.js';
export type { SignatureCacheOptions } from './options/signature-cache-options.js';
export type { RevocationOptions, RevocationStore } from './options/revocation-options.js';
export type {
  HankoTrustedTenant,
  HankoTenantsOptions,
  TenantRequest,
} from './options/tenants-option.js';
export type { HankoTenantRevocation } from './revocation/tenant-revocation.js';
export type { HankoRevoked } from './revocation/revoked.js';
export type {
  HankoAmr,
  HankoAmrDemand,
  HankoRequirements,
  HankoUnmetRequirement,
} from './requirements/demands.js';
export type { HankoClaimDemand, HankoClaimDemands } from './requirements/claim-demands.js';
export type { RequireAuthOptions } from './auth/require-auth-options.js';
export type { HankoSocketAdapter } from './sockets/hanko-sockets.js';
export type { HankoMiddleware } from './middleware/hanko-middleware.js';
export type { HankoUserKey } from './decorators/current-user.decorator.js';
export type { HankoClaimAt, HankoClaimPath } from './user/claim-path.js';
export type {
  HankoClaimsIssue,
  HankoClaimsResult,
  HankoClaimsSchema,
  InferHankoClaims,
} from './user/standard-schema.js';
export type { HankoAuthenticateOptions, HankoVerifyOptions } from './auth/authenticate-options.js';
export type { HankoProfileOptions } from './profile/hanko-profile.js';
export type {
  HankoProfileCredential,
  HankoProfileEmail,
  HankoProfileIdentity,
  HankoUserProfile,
} from './profile/user-profile.js';
export type { HankoFailure, HankoHealthReport } from './health/hanko-health.js';
export type { HankoUserEmail } from './user/hanko-user.js';
export type { HankoClaims, HankoRegister } from './user/hanko-claims.js';
export type {
  HankoMetadataOf,
  HankoPrivateMetadata,
  HankoPublicMetadata,
  HankoUnsafeMetadata,
} from './user/metadata.js';
export type { JwksProvider, JwksStatus } from './jwks/jwks-provider.js';
export type { JwkSet } from './jwks/jwk-set.js';
export type {
  ExtractedCredential,
  TokenExtractor,
  TokenPlace,
} from './extraction/token-extractor.js';
export type { IncomingRequest } from './extraction/request.js';
export type { HankoCall, HankoTransport, LiveConnection } from './transports/transport.js';
export type { LiveUser } from './connections/live-arguments.js';
export type { GatewayClient } from './transports/ws.js';
export type { HankoErrorExtensions } from './errors/hanko-auth.error.js';
export type {
  HankoAuthenticationMessage,
  HankoConnectionMessage,
  HankoJwksMessage,
  HankoSessionMessage,
  HankoWebhookMessage,
} from './diagnostics/channels.js';
export type { ConfigurationFault, HankoError, HankoErrorCode } from './errors/hanko.errors.js';
