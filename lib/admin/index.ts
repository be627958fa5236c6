export { HankoAdmin, type HankoManagement } from './hanko-admin.js';
export {
  type HankoAdminForRootOptions,
  HankoAdminModule,
  type HankoAdminModuleAsyncOptions,
} from './hanko-admin.module.js';
export {
  HankoAdminError,
  type HankoAdminErrorCode,
  type HankoAdminErrorDetails,
} from './admin-error.js';
export type { HankoAdminOptions, HankoAdminOptionsFactory } from './admin-options.js';
export type { HankoAdminTenantOptions } from './tenant-options.js';
export type { HankoList, HankoListOptions, HankoPage } from './pages.js';
export type { HankoAdminAuditLog } from './objects/audit-log.js';
export type { HankoAdminCredential } from './objects/credential.js';
export type { HankoAdminEmail } from './objects/email.js';
export type {
  HankoAdminMetadata,
  HankoAdminRegister,
  HankoMetadataChanges,
  HankoMetadataPatch,
  HankoMetadataSchemas,
  HankoStoredMetadata,
} from './objects/metadata.js';
export type {
  HankoMetadataOf,
  HankoPrivateMetadata,
  HankoPublicMetadata,
  HankoUnsafeMetadata,
} from '../user/metadata.js';
export type { HankoAdminSession } from './objects/session.js';
export type { HankoSamlProvider, HankoTenant } from './objects/tenant.js';
export type {
  HankoAdminIdentity,
  HankoAdminListedUser,
  HankoAdminOtp,
  HankoAdminPassword,
  HankoAdminUser,
} from './objects/user.js';
export type {
  HankoAdminConfiguredWebhook,
  HankoAdminWebhook,
  HankoAdminWebhooks,
} from './objects/webhook.js';
export type { HankoAdminAuditLogs, HankoAuditLogFilter } from './resources/audit-logs.js';
export type { HankoAdminCredentials } from './resources/credentials.js';
export type { HankoAdminEmails, HankoNewEmail } from './resources/emails.js';
export type { HankoAdminHealth } from './resources/health.js';
export type {
  HankoNewSamlProvider,
  HankoNewTenant,
  HankoSamlProviders,
  HankoTenants,
} from './resources/management.js';
export type { HankoAdminMetadataResource } from './resources/metadata.js';
export type { HankoAdminOtpResource } from './resources/otp.js';
export type { HankoAdminPasswords, HankoPasswordChange } from './resources/passwords.js';
export type { HankoAdminSessions, HankoNewSession } from './resources/sessions.js';
export type {
  HankoNewUser,
  HankoNewUserEmail,
  HankoUserChanges,
  HankoUserFilter,
} from './resources/user-arguments.js';
export type { HankoAdminUsers } from './resources/users.js';
export type {
  HankoAdminWebhooksResource,
  HankoNewWebhook,
  HankoWebhookChanges,
} from './resources/webhooks.js';
