import type { ExecutionContext, Type } from '@nestjs/common';
import { methodsCalledBy } from '../discovery/mark-storage.js';
import { handlerName } from '../extraction/request.js';
import type { OnUnavailable } from '../options/on-unavailable.js';
import {
  type HankoSessionPolicy,
  type ResolvedSessionPolicy,
  resolveSessionPolicy,
} from '../options/session-policy.js';
import { type RequirementChecks, requirementChecks } from '../requirements/unmet-requirements.js';
import {
  classMarks,
  refuseUnknown,
  type RouteMarks,
  type RouteMode,
  routeMarks,
} from './route-marks.js';

/** What does not change from one request of a handler to the next. */
export interface Route {
  readonly mode: RouteMode;
  /** `NotesController.list` */
  readonly name: string;
  /** null = never asks. */
  readonly session: ResolvedSessionPolicy | null;
  /** Empty unless the mode is `required`: where anybody may come, nobody is turned away for being known. */
  readonly requirements: RequirementChecks;
}

const NO_CLASS = class {};
const NO_HANDLER = (): void => undefined;

/** Reads the marks of handlers, once each. */
export class Routes {
  /** By class, then handler: classes that inherit a handler share the function, not the mark. */
  private readonly known = new WeakMap<object, WeakMap<object, Route>>();
  /** By class: a gateway's is asked for at each connection (the scenario `connect` of bench). */
  private readonly classes = new WeakMap<Type, Route>();

  /** What holds where nothing else is said. */
  readonly moduleSession: ResolvedSessionPolicy | null;

  /** @param module the policy of the whole app. */
  constructor(
    private readonly module: {
      readonly session: ResolvedSessionPolicy | null;
      readonly onUnavailable: OnUnavailable;
    },
  ) {
    this.moduleSession = module.session;
  }

  of(context: ExecutionContext): Route {
    // A context that code makes by hand may have neither; what has no marks is closed.
    const handler: Function = context.getHandler() ?? NO_HANDLER;
    const owner: Type = context.getClass() ?? NO_CLASS;
    let handlers = this.known.get(owner);
    if (handlers === undefined) this.known.set(owner, (handlers = new WeakMap()));
    let route = handlers.get(handler);
    if (route === undefined) {
      // A function that another decorator put there has a name of its own, or none.
      const [method] = methodsCalledBy(owner, handler);
      const name = method === undefined ? handlerName(context) : `${owner.name}.${method}`;
      route = this.read(handler, owner, name);
      handlers.set(handler, route);
    }
    return route;
  }

  /** What the marks of a class ask, for what concerns none of its handlers alone. */
  ofClass(owner: Type): Route {
    let route = this.classes.get(owner);
    if (route === undefined) {
      route = this.asMarked(classMarks(owner), owner.name);
      this.classes.set(owner, route);
    }
    return route;
  }

  resolve(policy: HankoSessionPolicy): ResolvedSessionPolicy | null {
    return resolveSessionPolicy(policy, this.module.onUnavailable);
  }

  /** Each demand of the handler overrides the same one of its class, which overrides the module's. */
  private read(handler: Function, owner: Type, name: string): Route {
    refuseUnknown(handler, owner);
    return this.asMarked(routeMarks(handler, owner), name);
  }

  private asMarked({ mode, demands }: RouteMarks, name: string): Route {
    const { session, ...requirements } = demands;
    return {
      mode,
      name,
      session:
        session === undefined || session === null ? this.moduleSession : this.resolve(session),
      requirements: mode === 'required' ? requirementChecks(requirements) : [],
    };
  }
}
