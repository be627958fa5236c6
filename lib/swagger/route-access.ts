import type { INestApplicationContext } from '@nestjs/common';
import { auditedApp } from '../audit/audited-app.js';
import { describeHandlers } from '../audit/describe-routes.js';
import type { HankoRouteDescription } from '../audit/route-description.js';
import { documentedPath, namelessPath, withoutEnd } from './documented-path.js';

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
    const audited = auditedApp(app);
    const prefix = audited.config.getGlobalPrefix().replace(/^\/+/, '');
    this.prefix = prefix === '' ? '' : documentedPath(`/${prefix}`);
    for (const { handler, description } of describeHandlers(audited)) {
      for (const { method, path } of handler.http) {
        const documented = documentedPath(path);
        const isNamed = !documented.includes('{}');
        const key = keyOf(method, isNamed ? documented : namelessPath(documented));
        this.routes.set(key, [...(this.routes.get(key) ?? []), description]);
      }
    }
  }

  /** @param path as the document has it, which may leave out the global prefix (`ignoreGlobalPrefix`). */
  of(method: string, path: string): readonly RouteAccess[] {
    for (const served of [path, this.prefix + path].map(withoutEnd)) {
      for (const written of [served, namelessPath(served)]) {
        // Which of the two is asked depends on their order: what is said must hold for both.
        const found = [method, 'ALL'].flatMap(
          (verb) => this.routes.get(keyOf(verb, written)) ?? [],
        );
        if (found.length > 0) return found;
      }
    }
    return [];
  }
}

const keyOf = (method: string, path: string): string => `${method.toUpperCase()} ${path}`;
