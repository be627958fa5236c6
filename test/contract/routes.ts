import type { HankoAdmin } from 'nestjs-hanko/admin';

type Management = HankoAdmin['management'];
type Resource = Exclude<keyof HankoAdmin, 'management' | 'onApplicationShutdown'>;

/** Public methods, by their names: `users.list`. */
type AdminMethod = { [R in Resource]: `${R}.${keyof HankoAdmin[R] & string}` }[Resource];
type ManagementMethod = {
  [R in keyof Management]: `management.${R}.${keyof Management[R] & string}`;
}[keyof Management];

/** Route → methods that call it. */
type Calls<Method extends string> = Readonly<Record<string, readonly Method[]>>;
type Files<Method extends string> = Readonly<Record<string, Calls<Method>>>;

/**
 * Every route of Hanko's Admin API (hanko backend/handler/admin_router.go), with the methods that call it, by the file of
 * this folder that tries what it does. `GET /`, a page for people, and `GET /metrics`, which is for Prometheus, have none.
 */
export const ADMIN_ROUTES = {
  'admin-users.ts': {
    'GET /users': ['users.list', 'users.findByEmail', 'users.findByUsername'],
    'POST /users': ['users.create'],
    'GET /users/:id': ['users.get', 'users.findByEmail', 'users.findByUsername'],
    'PATCH /users/:id': ['users.update'],
    'DELETE /users/:id': ['users.delete'],
  },
  'admin-credentials.ts': {
    'GET /users/:id/emails': ['emails.list'],
    'POST /users/:id/emails': ['emails.create'],
    'GET /users/:id/emails/:id': ['emails.get', 'emails.create'],
    'DELETE /users/:id/emails/:id': ['emails.delete'],
    'POST /users/:id/emails/:id/set_primary': ['emails.setPrimary'],
    'GET /users/:id/password': ['passwords.get'],
    'POST /users/:id/password': ['passwords.create'],
    'PUT /users/:id/password': ['passwords.update'],
    'DELETE /users/:id/password': ['passwords.delete'],
    'GET /users/:id/otp': ['otp.get'],
    'DELETE /users/:id/otp': ['otp.delete'],
    'GET /users/:id/webauthn_credentials': ['credentials.list'],
    'GET /users/:id/webauthn_credentials/:id': ['credentials.get'],
    'DELETE /users/:id/webauthn_credentials/:id': ['credentials.delete'],
  },
  'admin-sessions.ts': {
    'GET /users/:id/metadata': ['metadata.get', 'metadata.getStored'],
    'PATCH /users/:id/metadata': ['metadata.update', 'metadata.clear'],
    'POST /sessions': ['sessions.create'],
    'GET /users/:id/sessions': [
      'sessions.list',
      'sessions.revoke',
      'sessions.revokeAll',
      'users.revokeSessions',
      'passwords.update',
      'passwords.delete',
    ],
    'DELETE /users/:id/sessions/:id': [
      'sessions.revoke',
      'sessions.revokeAll',
      'users.revokeSessions',
      'passwords.update',
      'passwords.delete',
    ],
  },
  'admin-server.ts': {
    'GET /webhooks': ['webhooks.list'],
    'POST /webhooks': ['webhooks.create'],
    'GET /webhooks/:id': ['webhooks.get'],
    'PUT /webhooks/:id': ['webhooks.update'],
    'DELETE /webhooks/:id': ['webhooks.delete'],
    'GET /audit_logs': ['auditLogs.list'],
    'GET /health/alive': ['health.alive'],
    'GET /health/ready': ['health.ready'],
  },
} as const satisfies Files<AdminMethod>;

/** Those of the management API (hanko backend/handler/management_router.go). Its health is that of the Admin API. */
export const MANAGEMENT_ROUTES = {
  'management.ts': {
    'GET /tenants': ['management.tenants.list'],
    'POST /tenants': ['management.tenants.create'],
    'GET /tenants/:id': ['management.tenants.get'],
    'PUT /tenants/:id': ['management.tenants.update'],
    'DELETE /tenants/:id': ['management.tenants.delete'],
    'GET /tenants/:id/saml/providers': ['management.samlProviders.list'],
    'POST /tenants/:id/saml/providers': ['management.samlProviders.create'],
    'GET /tenants/:id/saml/providers/:id': ['management.samlProviders.get'],
    'PUT /tenants/:id/saml/providers/:id': ['management.samlProviders.update'],
    'DELETE /tenants/:id/saml/providers/:id': ['management.samlProviders.delete'],
  },
} as const satisfies Files<ManagementMethod>;

type Named<Table> = {
  [File in keyof Table]: {
    [Route in keyof Table[File]]: Table[File][Route] extends readonly (infer Method)[]
      ? Method
      : never;
  }[keyof Table[File]];
}[keyof Table];

/** Names the methods that call no route of the tables, if there are any. */
type Missing = Exclude<
  AdminMethod | ManagementMethod,
  Named<typeof ADMIN_ROUTES> | Named<typeof MANAGEMENT_ROUTES>
>;
export const EACH_METHOD_HAS_A_ROUTE: [Missing] extends [never] ? true : Missing = true;

/** Route → the methods that call it, in order of their names. */
export const callsOf = (files: Files<string>): Calls<string> =>
  Object.fromEntries(
    Object.values(files).flatMap((calls) =>
      Object.entries(calls).map(([route, methods]) => [route, methods.toSorted()]),
    ),
  );
