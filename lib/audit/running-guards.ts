import * as common from '@nestjs/common';
import type { CanActivate } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import type { Host, Method } from '../discovery/app-classes.js';
import * as nest from '../discovery/nest-metadata.js';
import { HANKO_GUARD, HANKO_OPTIONS } from '../hanko.constants.js';
import { type AuditedApp, servesHttp } from './audited-app.js';
import type { GraphqlCall } from './graphql.js';
import type { HankoRouteDescription } from './route-description.js';

/** The guards of a handler, as Nest picks them. */
export interface RunningGuards {
  readonly ours: boolean;
  /** Names of the others. */
  readonly others: readonly string[];
  /** Guards that `@UseGuards()` or `@RequireAuth()` names, and that do not run for it. */
  readonly skipped: readonly SkippedGuard[];
  /** Names of ours that were made with `new`, so that Nest gave them no service. */
  readonly withoutService: readonly string[];
  /** Names of subclasses of ours with a `canActivate` of their own. */
  readonly deciding: readonly string[];
  /** Whether ours is bound to the whole app, and Nest does not run such guards for this handler. */
  readonly missesGlobal: boolean;
  /** Whether that depends on how microservices of a hybrid app were connected, which Nest does not show at start-up. */
  readonly mayReachGlobal: boolean;
}

export interface SkippedGuard {
  readonly name: string;
  readonly isOurs: boolean;
  readonly cause: 'hidden' | 'unresolved' | 'replaced' | 'field' | 'reference';
}

/** Nest 12, the first with this pipe, runs global guards for gateways. */
export const GLOBAL_GUARDS_REACH_GATEWAYS = 'StandardSchemaValidationPipe' in common;

/** Brand of a global guard of ours that looks at functions, and not at callers. */
export const WATCHING = Symbol('nestjs-hanko:watching');

const isWatching = (guard: unknown): boolean =>
  typeof guard === 'object' && guard !== null && WATCHING in guard;

/** A method, and what calls it. */
export interface CalledMethod extends Method {
  /** `other` is what goes through Nest's `ExternalContextCreator` and is not GraphQL: bots, for example. */
  readonly kind: HankoRouteDescription['kind'] | 'other';
  readonly graphql?: GraphqlCall;
}

export function runningGuards(method: CalledMethod, app: AuditedApp): RunningGuards {
  const global = globalGuards(method.host, app);
  const isReached = isReachedByGlobal(method, app);
  const reached = isReached ? global.filter((guard) => !isWatching(guard)) : [];
  const bound =
    fieldGuards(method) ?? boundGuards(method).map((guard) => resolve(guard, method.host));
  const running = [...reached, ...bound.map(({ found }) => found)].filter(canRun);
  const ours = running.filter(isOurs);
  const given = [...app.config.getGlobalGuards(), ...boundGuards(method)];
  return {
    ours: ours.length > 0,
    others: running.filter((guard) => !isOurs(guard)).map(nameOf),
    skipped: [...bound.flatMap(({ skipped }) => skipped ?? []), ...hiddenGuards(method)],
    withoutService: namesOf(ours.filter((guard) => given.includes(guard) && !hasService(guard))),
    deciding: namesOf(ours.filter(decidesItself)),
    missesGlobal: !isReached && global.some(isOurs),
    mayReachGlobal: isMessage(method) && servesHttp(app) && app.microservices === undefined,
  };
}

/** How often ours is bound to the whole app. */
export const globalCount = ({ config }: AuditedApp): number =>
  config.getGlobalGuards().filter(isOurs).length +
  config.getGlobalRequestGuards().map(scopedGuard).filter(isOurs).length;

/** The guard or one that extends it, as a class or an instance; also that of another copy of this package. */
export function isOurs(guard: unknown): boolean {
  const target = typeof guard === 'function' ? (guard.prototype as unknown) : guard;
  return typeof target === 'object' && target !== null && HANKO_GUARD in target;
}

/** Guards with a scope run where Nest makes an instance of the controller for each request, and nowhere else. */
function globalGuards({ isScoped }: Host, { config }: AuditedApp): readonly unknown[] {
  if (!isScoped) return config.getGlobalGuards();
  const scoped = config.getGlobalRequestGuards().map(scopedGuard);
  return [...config.getGlobalGuards(), ...scoped];
}

/** It has an instance only while a request is answered; of a factory nothing is known before. */
function scopedGuard({ instance, isAlias, inject, metatype }: ScopedWrapper): unknown {
  if (canRun(instance)) return instance;
  const written = isAlias ? inject?.[0] : metatype;
  return typeof written === 'function' ? (written.prototype as unknown) : undefined;
}

type ScopedWrapper = ReturnType<ApplicationConfig['getGlobalRequestGuards']>[number];

const isMessage = ({ kind }: CalledMethod): boolean => kind === 'message' || kind === 'grpc';

function isReachedByGlobal(method: CalledMethod, app: AuditedApp): boolean {
  const { kind, graphql } = method;
  if (kind === 'gateway') return GLOBAL_GUARDS_REACH_GATEWAYS;
  if (graphql !== undefined) return graphql.runsGuards;
  if (!isMessage(method) || !servesHttp(app)) return true;
  // A hybrid app: those that do not share its settings have no guards of it. One is enough to let anyone in.
  const { microservices = [], config } = app;
  return microservices.length > 0 && microservices.every((settings) => settings === config);
}

const guardsOn = (target: object): readonly unknown[] =>
  (nest.metadata(nest.GUARDS, target) ?? []) as readonly unknown[];

/** Guards of the class, then of the method. */
const boundGuards = ({ host, called }: Method): readonly unknown[] => [
  ...guardsOn(host.type),
  ...guardsOn(called),
];

/** Whether `@UseGuards()` names ours on this very class or function. */
export const bindsOurs = (target: object): boolean =>
  ((Reflect.getOwnMetadata(nest.GUARDS, target) ?? []) as readonly unknown[]).some(isOurs);

interface Resolved {
  readonly found?: unknown;
  readonly skipped?: readonly SkippedGuard[];
}

/**
 * Those of a resolver for which GraphQL runs none. Of guards that are not ours the class is left out: there they are
 * meant for its queries and mutations.
 */
function fieldGuards(method: CalledMethod): Resolved[] | undefined {
  const { graphql, host, called } = method;
  if (graphql === undefined || graphql.runsGuards) return undefined;
  const cause = graphql.part === 'reference' ? 'reference' : 'field';
  const guards = [...guardsOn(host.type).filter(isOurs), ...guardsOn(called)];
  return guards.map((guard) => ({ skipped: [skipped(guard, cause)] }));
}

/** A class stands for the instance that the handler's module has of it. Without one, Nest goes on without a word. */
function resolve(guard: unknown, { module }: Host): Resolved {
  if (typeof guard !== 'function') return { found: guard };
  const found: unknown = module.injectables.get(guard)?.instance;
  if (canRun(found)) {
    const isReplaced = isOurs(guard) && !isOurs(found);
    return isReplaced ? { found, skipped: [skipped(guard, 'replaced')] } : { found };
  }
  // Nest takes a static method of that name as well.
  if (canRun(guard)) return { found: guard };
  return { skipped: [skipped(guard, 'unresolved')] };
}

/** Those of the method in the class, where the instance has another function of its name. */
function hiddenGuards({ declared, called }: Method): SkippedGuard[] {
  if (declared === called) return [];
  const read = new Set(guardsOn(called));
  return guardsOn(declared)
    .filter((guard) => !read.has(guard))
    .map((guard) => skipped(guard, 'hidden'));
}

const skipped = (guard: unknown, cause: SkippedGuard['cause']): SkippedGuard => ({
  name: nameOf(guard),
  isOurs: isOurs(guard),
  cause,
});

const canRun = (guard: unknown): boolean =>
  (typeof guard === 'function' || (typeof guard === 'object' && guard !== null)) &&
  typeof (guard as { canActivate?: unknown }).canActivate === 'function';

/** Nest injects it; what was made with `new` has none. */
const hasService = (guard: unknown): boolean =>
  typeof guard === 'function' || (guard as { readonly hanko?: unknown }).hanko !== undefined;

function decidesItself(guard: unknown): boolean {
  let base = (typeof guard === 'function' ? guard.prototype : guard) as CanActivate;
  while (!Object.hasOwn(base, HANKO_GUARD)) base = Object.getPrototypeOf(base) as CanActivate;
  return (guard as CanActivate).canActivate !== base.canActivate;
}

const namesOf = (guards: readonly unknown[]): readonly string[] => [...new Set(guards.map(nameOf))];

const nameOf = (guard: unknown): string =>
  (typeof guard === 'function' ? guard.name : Object(guard).constructor?.name) || 'a guard';

/**
 * Whether a test has put something else in place of ours, with `overrideGuard()` or `overrideProvider()`: then
 * nothing says any more where it would run.
 */
export const isOverridden = ({ modules }: AuditedApp): boolean =>
  [...modules.values()].some(({ injectables, providers }) =>
    [injectables, ...(providers.has(HANKO_OPTIONS) ? [providers] : [])].some((wrappers) =>
      [...wrappers].some(
        ([token, { instance }]) => isOurs(token) && canRun(instance) && !isOurs(instance),
      ),
    ),
  );
