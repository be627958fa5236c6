import * as common from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { HANKO_GUARD } from '../hanko.constants.js';
import type { AppUnderAudit } from './app-under-audit.js';
import { servesHttp } from './app-under-audit.js';
import type { Handler } from './handlers.js';
import * as nest from './nest-metadata.js';

/** The guards of a handler, as Nest picks them. */
export interface RunningGuards {
  readonly ours: boolean;
  /** Names of the others. */
  readonly others: readonly string[];
  /** Guards that `@UseGuards()` or `@RequireAuth()` names, and that do not run for it. */
  readonly skipped: readonly SkippedGuard[];
  /** Whether ours is bound to the whole app, and Nest does not run such guards for this handler. */
  readonly missesGlobal: boolean;
}

export interface SkippedGuard {
  readonly name: string;
  readonly isOurs: boolean;
  readonly cause: 'hidden' | 'unresolved' | 'replaced';
}

/** Nest 12, the first with this pipe, runs global guards for gateways. */
export const GLOBAL_GUARDS_REACH_GATEWAYS = 'StandardSchemaValidationPipe' in common;

export function runningGuards(handler: Handler, app: AppUnderAudit): RunningGuards {
  const global = globalGuards(handler, app);
  const reached = isReachedByGlobal(handler, app) ? global : [];
  const bound = boundGuards(handler.owner, handler.called).map((guard) => resolve(guard, handler));
  const running = [...reached, ...bound.map(({ found }) => found)].filter(canRun);
  return {
    ours: running.some(isOurs),
    others: running.filter((guard) => !isOurs(guard)).map(nameOf),
    skipped: [...bound.flatMap(({ skipped }) => skipped ?? []), ...hiddenGuards(handler)],
    missesGlobal: reached !== global && global.some(isOurs),
  };
}

/** How often ours is bound to the whole app. */
export const globalCount = ({ config }: AppUnderAudit): number =>
  config.getGlobalGuards().filter(isOurs).length +
  config.getGlobalRequestGuards().map(scopedGuard).filter(isOurs).length;

/** The guard or one that extends it, as a class or an instance; also that of another copy of this package. */
export function isOurs(guard: unknown): boolean {
  const target = typeof guard === 'function' ? (guard.prototype as unknown) : guard;
  return typeof target === 'object' && target !== null && HANKO_GUARD in target;
}

/** Guards with a scope run where Nest makes an instance of the controller for each request, and nowhere else. */
function globalGuards({ isScoped }: Handler, { config }: AppUnderAudit): readonly unknown[] {
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

function isReachedByGlobal({ kind }: Handler, app: AppUnderAudit): boolean {
  if (kind === 'gateway') return GLOBAL_GUARDS_REACH_GATEWAYS;
  if (kind === 'http' || !servesHttp(app)) return true;
  // A hybrid app: those that do not share its settings have no guards of it. One is enough to let anyone in.
  const { microservices = [], config } = app;
  return microservices.length > 0 && microservices.every((settings) => settings === config);
}

const guardsOn = (target: object): readonly unknown[] =>
  (nest.metadata(nest.GUARDS, target) ?? []) as readonly unknown[];

/** Of the class, then of the method. */
const boundGuards = (owner: object, method: object): readonly unknown[] => [
  ...guardsOn(owner),
  ...guardsOn(method),
];

interface Resolved {
  readonly found?: unknown;
  readonly skipped?: readonly SkippedGuard[];
}

/** A class stands for the instance that the handler's module has of it. Without one, Nest goes on without a word. */
function resolve(guard: unknown, { module }: Handler): Resolved {
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
function hiddenGuards({ declared, called }: Handler): SkippedGuard[] {
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

const nameOf = (guard: unknown): string =>
  (typeof guard === 'function' ? guard.name : Object(guard).constructor?.name) || 'a guard';
