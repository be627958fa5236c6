import { classNameOf, prototypesOf } from '../discovery/mark-storage.js';
import type { RouteMarks } from '../auth/route-marks.js';
import { LEGACY_PROTOCOL } from './graphql.js';
import type { Handler } from './handlers.js';
import type { HankoRouteDescription } from './route-description.js';
import {
  bindsOurs,
  GLOBAL_GUARDS_REACH_GATEWAYS,
  type RunningGuards,
  type SkippedGuard,
} from './running-guards.js';

/** What is known about a handler before its problems are listed. */
export interface Findings {
  readonly handler: Handler;
  readonly guards: RunningGuards;
  readonly access: HankoRouteDescription['access'];
  /** The marks of handler and class, whether or not they take effect. */
  readonly marks: RouteMarks;
  readonly parameters: readonly string[];
  /** Whether a cache responds before the handler, with one response per URL for all callers. */
  readonly isCachedByUrl: boolean;
  /** How often our guard is bound to the whole app. */
  readonly globalCount: number;
}

/** Probable mistakes, each with its fix. */
export function problemsOf(findings: Findings): string[] {
  const { guards, access, handler, globalCount } = findings;
  return [
    ...guards.skipped.map(skipProblem),
    ...guards.withoutService.map(serviceProblem),
    ...(access === 'unguarded' ? unguardedProblems(findings) : []),
    ...(access === 'parent' ? optionalFields(findings) : []),
    ...(access === 'public' ? publicProblems(findings) : []),
    ...overriddenGuards(findings),
    ...droppedDemands(findings),
    ...cacheProblems(findings),
    ...(guards.ours && access !== 'public' ? legacyProtocol(handler) : []),
    ...(globalCount > 1 && guards.ours ? [boundTwice(globalCount)] : []),
  ];
}

/** Remarks that are not mistakes. */
export const notesOf = ({ deciding }: RunningGuards): string[] =>
  deciding.map(
    (name) =>
      `${name} overrides canActivate() of HankoAuthGuard: only its own code shows whom else it allows.`,
  );

const ENHANCERS = "fieldResolverEnhancers: ['guards'] in the options of GraphQLModule";

const SKIPPED: Readonly<Record<SkippedGuard['cause'], string>> = {
  hidden:
    'the constructor or a hook such as onModuleInit() puts another function in place of the method (with bind(), for ' +
    'example), which does not have its guards. Leave the method as it is, or put the guard on the class.',
  unresolved:
    'Nest has no instance of it in this module and skips it silently. Apply the decorator before Nest ' +
    'reads the module, that is, before the app is created.',
  replaced:
    'something else is in its place (overrideGuard() or overrideProvider() of a test, for example). ' +
    'Remove the override to restore protection.',
  field:
    `for field resolvers Nest runs guards only with ${ENHANCERS}. Set that option; or, if the guard is meant ` +
    'for the queries and mutations of the class, bind it to those in place of the class.',
  reference:
    `for reference resolvers Nest runs guards only with ${ENHANCERS}. Set that option: without it anyone can ` +
    'call it, by _entities.',
};

export const skipProblem = ({ name, cause }: SkippedGuard): string =>
  `${name} is bound here and does not run: ${SKIPPED[cause]}`;

const serviceProblem = (name: string): string =>
  `${name} was made with new, so Nest injected no HankoAuthService, and it refuses every request (500). ` +
  'Bind the class in place of an instance: @UseGuards(HankoAuthGuard), or APP_GUARD with useExisting.';

function unguardedProblems({ guards, handler, marks, parameters }: Findings): string[] {
  const problems: string[] = [];
  if (handler.graphql?.part === 'reference' && !handler.graphql.runsGuards) {
    if (!guards.skipped.some(({ isOurs }) => isOurs)) problems.push(REFERENCE);
  } else if (guards.missesGlobal && guards.mayReachGlobal) {
    // What follows would be wrong of an app that does as this says.
    return [UNKNOWN_REACH];
  } else if (guards.missesGlobal) {
    problems.push(
      handler.kind === 'gateway'
        ? 'On Nest 11 APP_GUARD does not reach gateways, so anyone can call it. Put @UseGuards(HankoAuthGuard) on it.'
        : 'APP_GUARD reaches message handlers only of a microservice that is connected with ' +
            '{ inheritAppConfig: true }; otherwise anyone can call it. Put @UseGuards(HankoAuthGuard) on it.',
    );
  }
  if (parameters.length > 0) {
    problems.push(
      `Only its parameter ${parameters.join(' and ')} authenticates, after interceptors and caches have run. ` +
        `Bind the guard: ${BIND}.`,
    );
  } else if (marks.mode === 'optional') {
    problems.push(
      `@OptionalAuth() binds no guard, so nothing checks credentials. Bind it: ${BIND}.`,
    );
  }
  return problems;
}

const UNKNOWN_REACH =
  'APP_GUARD reaches message handlers only of a microservice that is connected with { inheritAppConfig: true }, and Nest ' +
  'does not show at start-up whether it is; otherwise anyone can call it. Connect it so; @UseGuards(HankoAuthGuard) on ' +
  'the class makes sure, and ends this warning.';

const REFERENCE =
  `For reference resolvers Nest runs guards only with ${ENHANCERS}, APP_GUARD included, so anyone can call it, by ` +
  '_entities. Set that option, or mark it @Public() if every entity is public.';

/** A mark that opens promises at least that an invalid token is refused. */
const optionalFields = ({ marks: { mode, place }, parameters }: Findings): string[] =>
  mode === 'optional' && place?.on === 'method' && parameters.length === 0
    ? [
        `@OptionalAuth() has no effect here: for field resolvers Nest runs guards only with ${ENHANCERS}.`,
      ]
    : [];

/** Ways to have the guard run. */
export const BIND = 'APP_GUARD, @UseGuards(HankoAuthGuard) or @RequireAuth()';

const publicProblems = ({ parameters }: Findings): string[] =>
  parameters.length === 0
    ? []
    : [
        `${parameters.join(' and ')} is always null here: @Public() reads no credential. ` +
          'Remove it, or mark the handler @OptionalAuth().',
      ];

/** A guard that is bound nearer to the handler than the mark that opens it. */
function overriddenGuards({ handler, marks }: Findings): string[] {
  const { mode, place } = marks;
  if (mode === 'required' || place?.on !== 'class') return [];
  const { type } = handler.host;
  const prototypes = prototypesOf(type);
  const classes = prototypes.slice(0, prototypes.indexOf(place.prototype));
  const binding = bindsOurs(handler.called)
    ? handler.name
    : classes.filter(({ constructor }) => bindsOurs(constructor)).map(classNameOf)[0];
  if (binding === undefined) return [];
  const opener = classNameOf(place.prototype);
  return [
    `${markOf(mode)} on ${opener} overrides the HankoAuthGuard that is bound to ${binding}. To close it, put ` +
      `@RequireAuth() there in place of the guard; otherwise remove the guard.`,
  ];
}

const markOf = (mode: 'public' | 'optional'): string =>
  mode === 'public' ? '@Public()' : '@OptionalAuth()';

function droppedDemands({ marks: { mode, demands } }: Findings): string[] {
  const names = Object.keys(demands);
  if (mode === 'required' || names.length === 0) return [];
  const mark = markOf(mode);
  return [
    `${mark} drops the demands of @RequireAuth() (${names.join(', ')}). If they should apply here, remove ${mark}.`,
  ];
}

const cacheProblems = ({ access, isCachedByUrl, parameters }: Findings): string[] =>
  isCachedByUrl && access !== 'public' && (access !== 'unguarded' || parameters.length > 0)
    ? [
        "CacheInterceptor keeps one response per URL, so one user gets another's. Extend it with a trackBy() whose key " +
          'has the id of the user in it, or that returns undefined where there is one.',
      ]
    : [];

/** Only of Nest 11: `@nestjs/graphql` for Nest 12 does not have it any more. */
const legacyProtocol = ({ graphql, routes }: Handler): string[] =>
  graphql?.isLegacyProtocol === true &&
  !GLOBAL_GUARDS_REACH_GATEWAYS &&
  routes.some((route) => route.startsWith('SUBSCRIPTION '))
    ? [
        `Clients cannot subscribe to it by ${LEGACY_PROTOCOL}: that protocol gives the guard no handshake, so it refuses ` +
          "(501 context_unsupported). Set subscriptions: { 'graphql-ws': true } in the options of GraphQLModule.",
      ]
    : [];

const boundTwice = (count: number): string =>
  `HankoAuthGuard is bound to the whole app ${count} times. Tokens are still verified once per request: keep one of the bindings.`;
