import { HankoAdmin } from 'nestjs-hanko/admin';

/** A request as it would have been sent. */
export interface SentRequest {
  readonly method: string;
  /** As a server gets it. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Undefined without a body. */
  readonly body: string | undefined;
}

/** A client whose requests go nowhere: each is replied to with this status and JSON. */
export function recordingAdmin(
  status: number,
  json?: unknown,
): { readonly admin: HankoAdmin; readonly sent: SentRequest[] } {
  const sent: SentRequest[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(String(input instanceof Request ? input.url : input));
    sent.push({
      method: init?.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      body: init?.body as string | undefined,
    });
    return new Response(json === undefined ? null : JSON.stringify(json), { status });
  };
  const admin = new HankoAdmin({
    url: 'http://hanko.internal:8001/api',
    managementUrl: 'http://hanko.internal:8002/api',
    fetch,
  });
  return { admin, sent };
}

/** What a method takes: ids by kind, then perhaps an object of these members. */
export interface AdminMethod {
  readonly route: `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`;
  /** A request that may follow, for what the first reply means. */
  readonly also?: AdminMethod['route'];
  readonly ids: readonly ('uuid' | 'base64url')[];
  /** A valid object, which has every member. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** Names of the body or the query that may be sent. */
  readonly names?: readonly string[];
  /** The body is a text, or a configuration, and stands in this member. */
  readonly bare?: string;
}

const SAML = {
  name: 'x',
  metadataUrl: 'https://idp.example/metadata',
  domain: 'example.com',
  isEnabled: true,
  skipsEmailVerification: false,
  attributeMap: { email: 'mail' },
};
const SAML_NAMES = [
  'name',
  'metadata_url',
  'domain',
  'enabled',
  'skip_email_verification',
  'attribute_map',
];
export const AN_ID = '5333d8e0-8a4f-4dbc-a3f7-0b6f2a8c1a55';
const PAGE = ['page', 'per_page'];
const KINDS = {
  publicMetadata: { role: 'admin' },
  privateMetadata: { plan: null },
  unsafeMetadata: { theme: 'dark' },
};
const KIND_NAMES = ['public_metadata', 'private_metadata', 'unsafe_metadata'];

/** Every method that sends a request. */
export const ADMIN_METHODS: Readonly<Record<string, AdminMethod>> = {
  'users.list': {
    route: 'GET /users',
    ids: [],
    body: { ids: [AN_ID], emailContains: 'ada', sort: 'asc', perPage: 5 },
    names: [...PAGE, 'user_id', 'email', 'username', 'sort_direction'],
  },
  'users.get': { route: 'GET /users/:', ids: ['uuid'] },
  'users.findByEmail': {
    route: 'GET /users',
    ids: [],
    bare: 'email',
    names: [...PAGE, 'email'],
  },
  'users.findByUsername': {
    route: 'GET /users',
    ids: [],
    bare: 'username',
    names: [...PAGE, 'username'],
  },
  'users.create': {
    route: 'POST /users',
    ids: [],
    body: {
      id: AN_ID,
      emails: [{ address: 'ada@example.com', isPrimary: true, isVerified: true }],
      username: 'ada',
      createdAt: new Date(0),
    },
    names: ['id', 'emails', 'username', 'created_at'],
  },
  'users.update': {
    route: 'PATCH /users/:',
    ids: ['uuid'],
    body: { username: 'ada', name: null, givenName: 'Ada', familyName: 'L', picture: 'https://x' },
    names: ['username', 'name', 'given_name', 'family_name', 'picture'],
  },
  'users.delete': { route: 'DELETE /users/:', ids: ['uuid'] },
  'users.revokeSessions': { route: 'GET /users/:/sessions', ids: ['uuid'] },
  'emails.list': { route: 'GET /users/:/emails', ids: ['uuid'] },
  'emails.get': { route: 'GET /users/:/emails/:', ids: ['uuid', 'uuid'] },
  'emails.create': {
    route: 'POST /users/:/emails',
    ids: ['uuid'],
    body: { address: 'ada@example.com', isVerified: true },
    names: ['address', 'is_verified'],
  },
  'emails.setPrimary': { route: 'POST /users/:/emails/:/set_primary', ids: ['uuid', 'uuid'] },
  'emails.delete': { route: 'DELETE /users/:/emails/:', ids: ['uuid', 'uuid'] },
  'passwords.get': { route: 'GET /users/:/password', ids: ['uuid'] },
  'passwords.create': {
    route: 'POST /users/:/password',
    ids: ['uuid'],
    bare: 'password',
    names: ['password'],
  },
  'passwords.update': {
    route: 'PUT /users/:/password',
    ids: ['uuid'],
    bare: 'password',
    names: ['password'],
  },
  'passwords.delete': { route: 'DELETE /users/:/password', ids: ['uuid'] },
  'otp.get': { route: 'GET /users/:/otp', ids: ['uuid'] },
  'otp.delete': { route: 'DELETE /users/:/otp', ids: ['uuid'] },
  'credentials.list': { route: 'GET /users/:/webauthn_credentials', ids: ['uuid'] },
  'credentials.get': {
    route: 'GET /users/:/webauthn_credentials/:',
    ids: ['uuid', 'base64url'],
  },
  'credentials.delete': {
    route: 'DELETE /users/:/webauthn_credentials/:',
    ids: ['uuid', 'base64url'],
  },
  'metadata.get': { route: 'GET /users/:/metadata', ids: ['uuid'] },
  'metadata.getStored': { route: 'GET /users/:/metadata', ids: ['uuid'] },
  'metadata.update': {
    route: 'PATCH /users/:/metadata',
    ids: ['uuid'],
    body: KINDS,
    names: KIND_NAMES,
  },
  'metadata.clear': { route: 'PATCH /users/:/metadata', ids: ['uuid'] },
  'sessions.list': { route: 'GET /users/:/sessions', ids: ['uuid'] },
  'sessions.create': {
    route: 'POST /sessions',
    ids: [],
    body: { userId: AN_ID, userAgent: 'x', ipAddress: '127.0.0.1' },
    names: ['user_id', 'user_agent', 'ip_address'],
  },
  'sessions.revoke': {
    route: 'DELETE /users/:/sessions/:',
    also: 'GET /users/:/sessions',
    ids: ['uuid', 'uuid'],
  },
  'sessions.revokeAll': { route: 'GET /users/:/sessions', ids: ['uuid'] },
  'webhooks.list': { route: 'GET /webhooks', ids: [] },
  'webhooks.get': { route: 'GET /webhooks/:', ids: ['uuid'] },
  'webhooks.create': {
    route: 'POST /webhooks',
    ids: [],
    body: { callback: 'https://x', events: ['user'] },
    names: ['callback', 'events'],
  },
  'webhooks.update': {
    route: 'PUT /webhooks/:',
    ids: ['uuid'],
    body: { callback: 'https://x', events: ['user'], isEnabled: true },
    names: ['callback', 'events', 'enabled'],
  },
  'webhooks.delete': { route: 'DELETE /webhooks/:', ids: ['uuid'] },
  'auditLogs.list': {
    route: 'GET /audit_logs',
    ids: [],
    body: {
      from: new Date(0),
      to: new Date(1),
      types: ['login_success'],
      actorUserId: AN_ID,
      actorEmailContains: 'a',
      sourceIpContains: '1',
      contains: 'x',
      perPage: 2,
    },
    names: [
      ...PAGE,
      'start_time',
      'end_time',
      'type',
      'actor_user_id',
      'actor_email',
      'meta_source_ip',
      'q',
    ],
  },
  'health.alive': { route: 'GET /health/alive', ids: [] },
  'health.ready': { route: 'GET /health/ready', ids: [] },
  'management.tenants.list': {
    route: 'GET /tenants',
    ids: [],
    body: { perPage: 7 },
    names: PAGE,
  },
  'management.tenants.get': { route: 'GET /tenants/:', ids: ['uuid'] },
  'management.tenants.create': {
    route: 'POST /tenants',
    ids: [],
    body: { id: AN_ID, config: { session: { lifespan: '1h' } } },
    names: ['id', 'config'],
  },
  'management.tenants.update': {
    route: 'PUT /tenants/:',
    ids: ['uuid'],
    bare: 'config',
    names: ['config'],
  },
  'management.tenants.delete': { route: 'DELETE /tenants/:', ids: ['uuid'] },
  'management.samlProviders.list': { route: 'GET /tenants/:/saml/providers', ids: ['uuid'] },
  'management.samlProviders.get': {
    route: 'GET /tenants/:/saml/providers/:',
    ids: ['uuid', 'uuid'],
  },
  'management.samlProviders.create': {
    route: 'POST /tenants/:/saml/providers',
    ids: ['uuid'],
    body: SAML,
    names: SAML_NAMES,
  },
  'management.samlProviders.update': {
    route: 'PUT /tenants/:/saml/providers/:',
    ids: ['uuid', 'uuid'],
    body: SAML,
    names: SAML_NAMES,
  },
  'management.samlProviders.delete': {
    route: 'DELETE /tenants/:/saml/providers/:',
    ids: ['uuid', 'uuid'],
  },
};

/** Calls a method by its name; a list is asked for its first page. */
export async function callAdmin(
  admin: HankoAdmin,
  name: string,
  given: readonly unknown[],
): Promise<unknown> {
  const path = name.split('.');
  const method = path.pop() ?? '';
  const resource = path.reduce<unknown>((it, part) => (it as Record<string, unknown>)[part], admin);
  const result: unknown = await (
    resource as Record<string, (...values: readonly unknown[]) => unknown>
  )[method]?.(...given);
  const list = result as { page?: () => Promise<unknown> } | undefined;
  return typeof list?.page === 'function' ? list.page() : result;
}

/** Methods of a client, by name, as a program finds them. */
export function methodsOf(admin: HankoAdmin): string[] {
  const resources: (readonly [string, object])[] = [
    ...Object.entries(admin as unknown as Record<string, object>),
    ...Object.entries(admin.management as unknown as Record<string, object>).map(
      ([name, resource]) => [`management.${name}`, resource] as const,
    ),
  ];
  return resources.flatMap(([name, resource]) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(resource))
      .filter((method) => method !== 'constructor')
      .map((method) => `${name}.${method}`),
  );
}
