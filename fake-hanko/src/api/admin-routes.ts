import { credentialRoutes } from './admin-credentials.js';
import { emailRoutes } from './admin-emails.js';
import { auditRoutes } from './admin-logs.js';
import { metadataRoutes } from './admin-metadata.js';
import type { AdminServices } from './admin-services.js';
import { sessionRoutes } from './admin-sessions.js';
import { userRoutes } from './admin-users.js';
import { webhookRoutes } from './admin-webhooks.js';
import type { Route } from '../server/route.js';

/** The Admin API of one tenant (hanko backend/handler/admin_router.go). */
export const adminRoutes = (services: AdminServices): readonly Route[] => [
  ...userRoutes(services),
  ...metadataRoutes(services),
  ...emailRoutes(services),
  ...credentialRoutes(services),
  ...sessionRoutes(services),
  ...auditRoutes(services),
  ...webhookRoutes(services),
];
