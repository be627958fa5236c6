import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { AuditedApp } from '../audit/audited-app.js';
import type { DescribedHandler } from '../audit/describe-routes.js';
import { runningGuards, WATCHING } from '../audit/running-guards.js';
import { refuseUnknown, routeMarks } from '../auth/route-marks.js';
import { hasFunction, ownersOf } from '../discovery/mark-storage.js';
import { HankoConfigurationError } from '../errors/hanko.errors.js';

/**
 * A request-scoped class is instantiated after the app has started, and its constructor may replace methods that are
 * marked closed, together with their guards. `refuseLostMarks` cannot see that at start-up. This global guard, which Nest
 * runs for each request, refuses such a method. It is only added if a method of such a class depends on its own guard.
 */
export function watchScopedHandlers(app: AuditedApp, handlers: readonly DescribedHandler[]): void {
  const watched = handlers.filter(({ handler, marks, description }) => {
    if (!handler.host.isScoped || marks.place === undefined || description.access !== 'required') {
      return false;
    }
    const replaced = (): void => undefined;
    const { ours } = runningGuards({ ...handler, declared: replaced, called: replaced }, app);
    return !ours;
  });
  if (watched.length === 0) return;
  app.config.addGlobalGuard(
    new ReplacedHandlerGuard(watched.map(({ handler }) => handler.host.type)),
  );
}

class ReplacedHandlerGuard implements CanActivate {
  readonly [WATCHING] = true;
  private readonly watched: ReadonlySet<Function>;

  constructor(types: readonly Function[]) {
    this.watched = new Set(types);
  }

  /** @throws HankoConfigurationError for a function that replaced a method that is marked closed. */
  canActivate(context: ExecutionContext): boolean {
    const handler = context.getHandler();
    const named = context.getClass();
    const owner = ownersOf(named, handler).find((type) => this.watched.has(type));
    if (owner === undefined || hasFunction(owner, handler)) return true;
    refuseUnknown(handler, owner);
    const { mode, place } = routeMarks(handler, owner);
    if (mode !== 'required' || place === undefined) return true;
    throw new HankoConfigurationError([
      {
        path: `${owner.name}.${handler.name.replace(/^bound /, '')}`,
        hint:
          'is marked @RequireAuth(), and the constructor puts another function in its place, from which Nest reads no ' +
          'guard. Leave the method as it is, or bind the guard to the class or with APP_GUARD.',
      },
    ]);
  }
}
