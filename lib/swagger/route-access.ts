import { describeHandlers } from '../audit/describe-handlers.js';
import { underAudit } from '../audit/describe-routes.js';
import type { INestApplicationContext } from '@nestjs/common';
import type { HankoRouteDescription } from '../audit/route-description.js';
import { documentedShape, servedShape } from './path-shape.js';

/** Who is let in to the handler of an operation, and what is demanded of users. */
export type RouteAccess = Pick<HankoRouteDescription, 'access' | 'demands'>;

/**
 * Finds the handlers of an operation by its path and method: ids of operations are the app's to change. Several
 * share one where a header or the host tells them apart.
 */
export class RouteAccessIndex {
  private readonly routes = new Map<string, RouteAccess[]>();
  private readonly prefix: string;

  constructor(app: INestApplicationContext) {
    const audited = underAudit(app);
    this.prefix = `/${audited.config.getGlobalPrefix()}`.replace(/\/{2,}/g, '/').replace(/\/$/, '');
    for (const { handler, description } of describeHandlers(audited)) {
      for (const { method, path } of handler.http) {
        const key = keyOf(method, servedShape(path));
        this.routes.set(key, [...(this.routes.get(key) ?? []), description]);
      }
    }
  }

  /** @param path as the document has it, which may leave out the global prefix (`ignoreGlobalPrefix`). */
  of(method: string, path: string): readonly RouteAccess[] {
    const found = [path, this.prefix + path]
      .map(documentedShape)
      .flatMap((shape) => [keyOf(method, shape), keyOf('ALL', shape)])
      .map((key) => this.routes.get(key));
    return found.find((routes) => routes !== undefined) ?? [];
  }
}

const keyOf = (method: string, shape: string): string => `${method.toUpperCase()} ${shape}`;
