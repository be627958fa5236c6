import type { INestApplicationContext } from '@nestjs/common';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { HANKO_OPTIONS } from '../hanko.constants.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';
import { ANSWERS, type HankoAnswerCode } from '../errors/error-codes.js';
import { type Fields, fieldsOf, type OpenApiDocument } from './open-api.js';
import { refusalCodes, type RefusalSettings } from './refusal-codes.js';
import { examplesReferredToIn } from './refusal-examples.js';
import { refusalResponses } from './refusal-responses.js';
import { schemasReferredToIn } from './refusal-schemas.js';
import { type RouteAccess, RouteAccessIndex } from './route-access.js';
import { credentialPlaces, type CredentialPlaces } from './security-schemes.js';

/**
 * Tells an OpenAPI document what protects each operation, as the app really runs: security schemes, who needs a
 * session token, and the answers of those who have no good one.
 * ```ts
 * const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
 * SwaggerModule.setup('api', app, withHankoAuth(app, document));
 * ```
 * What the app documents itself stays: responses of a status, security of an operation, components of a name.
 *
 * @param app once it has its prefix, versioning and global guards; it need not listen.
 * @param document OpenAPI 3.0 or 3.1, of this app. Operations that are not the app's, or that no `HankoAuthGuard`
 * runs for, are left alone.
 * @returns another document; the one that was given is not changed.
 * @throws HankoConfigurationError `configuration_invalid` for an app without `HankoModule`
 */
export function withHankoAuth<Document extends OpenApiDocument>(
  app: INestApplicationContext,
  document: Document,
): Document {
  const { extractors, audience, issuer, tenants } = optionsOf(app);
  const settings: RefusalSettings = {
    places: credentialPlaces(extractors),
    // Tenants may have their own.
    checksAudience: audience !== null || tenants?.trust != null,
    checksIssuer: issuer !== null || tenants?.trust != null,
    hasTenants: tenants !== null,
  };
  const routes = new RouteAccessIndex(app);
  const paths = mapFields(document.paths, (item, path) =>
    mapFields(item, (operation, method) =>
      METHODS.has(method)
        ? documented(fieldsOf(operation), routes.of(method, path), method, settings)
        : operation,
    ),
  );
  const components = fieldsOf(document.components);
  return {
    ...document,
    paths,
    components: {
      ...components,
      schemas: added(components['schemas'], schemasReferredToIn(paths)),
      examples: added(components['examples'], examplesReferredToIn(paths, CODES)),
      securitySchemes: added(components['securitySchemes'], settings.places.schemes),
    },
  };
}

const CODES = Object.keys(ANSWERS) as HankoAnswerCode[];

/** Other fields of a path item are no operations. */
const METHODS: ReadonlySet<string> = new Set(
  'get put post delete options head patch trace search query'.split(' '),
);

function documented(
  operation: Fields,
  routes: readonly RouteAccess[],
  method: string,
  settings: RefusalSettings,
): Fields {
  if (routes.every(({ access }) => access === 'unguarded')) return operation;
  const codes = new Set(routes.flatMap((route) => refusalCodes(route, method, settings)));
  const security = operation['security'] ?? securityOf(routes, settings.places);
  return {
    ...operation,
    ...(security !== undefined && { security }),
    responses: added(
      operation['responses'],
      refusalResponses(
        [...codes],
        routes.map(({ demands }) => demands),
      ),
    ),
  };
}

/** One scheme or another; `{}` is nobody in particular. undefined where no place is known. */
function securityOf(
  routes: readonly RouteAccess[],
  { schemes }: CredentialPlaces,
): Fields[] | undefined {
  if (routes.every(({ access }) => access === 'public')) return [];
  const known = Object.keys(schemes).map((name) => ({ [name]: [] }));
  // An empty list would say that the operation is public.
  if (known.length === 0) return undefined;
  return routes.every(({ access }) => access === 'required') ? known : [...known, {}];
}

/** @throws HankoConfigurationError */
function optionsOf(app: INestApplicationContext): ResolvedHankoOptions {
  try {
    return app.get<ResolvedHankoOptions>(HANKO_OPTIONS, { strict: false });
  } catch {
    throw new HankoConfigurationError([
      {
        path: 'withHankoAuth()',
        hint: 'is given an app without HankoModule: import HankoModule.forRoot() in its root module.',
      },
    ]);
  }
}

const mapFields = (fields: unknown, change: (value: unknown, name: string) => unknown): Fields =>
  Object.fromEntries(
    Object.entries(fieldsOf(fields)).map(([name, value]) => [name, change(value, name)]),
  );

/** What the app has stays, and stays first. */
const added = (own: unknown, ours: Fields): Fields => ({
  ...fieldsOf(own),
  ...ours,
  ...fieldsOf(own),
});
