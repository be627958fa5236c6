import type { ModulesContainer } from '@nestjs/core';
import type { Method, NestModule } from '../discovery/app-classes.js';
import * as nest from '../discovery/nest-metadata.js';
import { isObject } from '../util/value-checks.js';

/** A method that `@nestjs/graphql` takes for a resolver. It need not be installed. */
export interface Resolver {
  /**
   * A field of `Query`, `Mutation` or `Subscription`; a field of any other type; what finds an entity of a federated
   * graph; or what tells members of a union apart, which nobody can ask for.
   */
  readonly part: 'root' | 'field' | 'reference' | 'type';
  /** `QUERY notes`, `FIELD Note.author`, `REFERENCE Note` */
  readonly route: string;
}

/** Looks at a method as `@nestjs/graphql` does. */
export function resolverIn({ host, method, declared }: Method): Resolver | undefined {
  const read = (key: string): unknown => nest.metadata(key, declared);
  const type = read(nest.RESOLVER_TYPE) ?? nest.metadata(nest.RESOLVER_TYPE, host.type);
  if (host.kind !== 'providers' || typeof type !== 'string' || type === '') return undefined;
  const name = (read(nest.RESOLVER_NAME) as string | undefined) ?? method;
  if (read(nest.RESOLVER_REFERENCE))
    return { part: partOf(type, 'reference'), route: `REFERENCE ${type}` };
  if (ROOT_TYPES.includes(type)) return { part: 'root', route: `${type.toUpperCase()} ${name}` };
  if (!read(nest.RESOLVER_PROPERTY)) return undefined;
  return { part: method === TYPE_RESOLVER ? 'type' : 'field', route: `FIELD ${type}.${name}` };
}

const ROOT_TYPES: readonly string[] = ['Query', 'Mutation', 'Subscription'];

const TYPE_RESOLVER = '__resolveType';

/** Nest runs guards by the type, whatever else it is. */
const partOf = (type: string, part: Resolver['part']): Resolver['part'] =>
  ROOT_TYPES.includes(type) ? 'root' : part;

/** How the graphs of an app call a resolver. */
export interface GraphqlCall {
  /** Whether guards run: for root fields always, for others by the options of `GraphQLModule`. */
  readonly runsGuards: boolean;
  readonly part: Resolver['part'];
  /** Whether clients may come by `subscriptions-transport-ws`, which hands resolvers no handshake. */
  readonly isLegacyProtocol: boolean;
}

/** What `GraphQLModule` was told, and the modules whose resolvers it serves. */
interface Graph {
  readonly options: Readonly<Record<string, unknown>>;
  serves(module: NestModule): boolean;
}

/** The graphs of an app: one for each `GraphQLModule`. */
export const graphsIn = (modules: ModulesContainer): readonly Graph[] =>
  [...modules.values()].flatMap(({ providers }) => {
    const wrapper = providers.get(nest.GRAPHQL_OPTIONS);
    if (wrapper === undefined) return [];
    const written: unknown = wrapper.instance;
    const options = isObject(written) ? written : {};
    const included = includedIn(options.include, modules);
    return [{ options, serves: (module) => included === undefined || included.has(module) }];
  });

/** Modules that the option names, and all that those import; undefined means every module. */
function includedIn(include: unknown, modules: ModulesContainer): ReadonlySet<unknown> | undefined {
  if (!Array.isArray(include) || include.length === 0) return undefined;
  const included = new Set(
    [...modules.values()].filter(({ metatype }) => include.includes(metatype)),
  );
  // A set that grows while it is gone through.
  for (const { imports } of included) for (const imported of imports) included.add(imported);
  return included;
}

/** @returns undefined if no graph serves the module. Where there is none at all, the strictest is assumed. */
export function callBy(
  graphs: readonly Graph[],
  { part }: Resolver,
  module: NestModule,
): GraphqlCall | undefined {
  const serving = graphs.filter((graph) => graph.serves(module));
  if (graphs.length > 0 && serving.length === 0) return undefined;
  return {
    part,
    runsGuards: part === 'root' || (serving.length > 0 && serving.every(runsFieldGuards)),
    isLegacyProtocol: serving.some(speaksLegacyProtocol),
  };
}

const runsFieldGuards = ({ options: { fieldResolverEnhancers: enhancers } }: Graph): boolean =>
  Array.isArray(enhancers) && enhancers.includes('guards');

/** As the Apollo drivers of Nest 11 read it; those of Nest 12 have dropped it. */
function speaksLegacyProtocol({ options }: Graph): boolean {
  const { subscriptions, installSubscriptionHandlers } = options;
  if (subscriptions) return isObject(subscriptions) && LEGACY_PROTOCOL in subscriptions;
  return Boolean(installSubscriptionHandlers);
}

export const LEGACY_PROTOCOL = 'subscriptions-transport-ws';
