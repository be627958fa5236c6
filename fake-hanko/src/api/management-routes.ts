import { HEALTH_ROUTES } from './health-routes.js';
import { pageOf } from './pages.js';
import { UUID } from '../check.js';
import { checkDepth, field, readFields } from '../server/json-body.js';
import { Problem, type Route, type RouteRequest } from '../server/route.js';

/** What the routes work with. */
export interface TenantKeeper {
  readonly list: () => readonly unknown[];
  readonly get: (id: string) => unknown;
  readonly create: (id: string, config: unknown) => Promise<unknown>;
  readonly update: (id: string, config: unknown) => unknown;
  readonly delete: (id: string) => boolean;
}

const ONE = '/tenants/:id';
const SAML = '/tenants/:tenantId/saml/providers';

/** The management API of a multi-tenant server (hanko backend/handler/management_router.go). */
export function managementRoutes(tenants: TenantKeeper): readonly Route[] {
  const find = (request: RouteRequest): unknown => {
    const tenant = tenants.get(idOf(request));
    if (tenant === undefined) throw new Problem(404, 'tenant not found');
    return tenant;
  };
  /** There is no SAML: what Hanko says where it is off. */
  const refuse = ({ params: { tenantId = '' } }: RouteRequest): never => {
    if (!UUID.test(tenantId)) throw new Problem(400, 'invalid tenant ID');
    const isThere = tenants.get(tenantId) !== undefined;
    if (!isThere) throw new Problem(404, `tenant with ID ${tenantId} not found`);
    throw new Problem(403, 'SAML is not enabled for this tenant');
  };
  return [
    ...HEALTH_ROUTES,
    { method: 'GET', path: '/tenants', handle: (request) => pageOf(request, tenants.list()) },
    {
      method: 'POST',
      path: '/tenants',
      handle: async (request) => {
        const body = read(request);
        const id = field(body, 'id', 'string') ?? '';
        const faults = [
          ...(id === '' ? ['id is a required field'] : []),
          ...(id === '' || UUID.test(id) ? [] : ['id must be a valid uuid']),
          ...missing(body),
        ];
        if (faults.length > 0) throw new Problem(400, faults.join(' and '));
        return { status: 201, body: await tenants.create(id, configOf(body)) };
      },
    },
    { method: 'GET', path: ONE, handle: (request) => ({ status: 200, body: find(request) }) },
    {
      method: 'PUT',
      path: ONE,
      handle: (request) => {
        const id = idOf(request);
        const body = read(request);
        const faults = missing(body);
        if (faults.length > 0) throw new Problem(400, faults.join(' and '));
        return { status: 200, body: tenants.update(id, configOf(body)) };
      },
    },
    {
      method: 'DELETE',
      path: ONE,
      handle: (request) => {
        if (!tenants.delete(idOf(request))) throw new Problem(404, 'tenant not found');
        return { status: 204 };
      },
    },
    ...['GET', 'POST'].map((method) => ({ method, path: SAML, handle: refuse })),
    ...['GET', 'PUT', 'DELETE'].map((method) => ({
      method,
      path: `${SAML}/:providerId`,
      handle: refuse,
    })),
  ];
}

function read(request: RouteRequest): Body {
  checkDepth(request.body);
  return readFields(request);
}

function idOf({ params: { id = '' } }: RouteRequest): string {
  if (!UUID.test(id)) throw new Problem(400, 'failed to parse tenant id as uuid');
  return id;
}

type Body = ReturnType<typeof readFields>;

const missing = (body: Body): readonly string[] =>
  body.config === undefined ? ['config is a required field'] : [];

/** Null stands for no key at all. */
function configOf({ config }: Body): unknown {
  const isObject = typeof config === 'object' && !Array.isArray(config);
  if (isObject) return config ?? {};
  const type = Array.isArray(config) ? 'array' : typeof config;
  throw new Problem(400, `invalid config: failed to parse config JSON: it is of type ${type}`);
}
