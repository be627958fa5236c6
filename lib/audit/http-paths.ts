import { RequestMethod, VERSION_NEUTRAL, VersioningType } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';

/** One version, or several; `VERSION_NEUTRAL` is a symbol. */
type Versions = string | symbol | readonly (string | symbol)[];

/** The parts of an address that decorators of handler, class and module define. */
export interface HttpAddress {
  readonly method: RequestMethod;
  readonly modulePath: string | undefined;
  readonly controllerPath: string;
  readonly path: string;
  readonly controllerVersion: Versions | undefined;
  readonly handlerVersion: Versions | undefined;
}

/** One path that an app serves. */
export interface ServedPath {
  readonly path: string;
  /** Those it is served for, where the path does not tell. */
  readonly versions: readonly string[];
}

/** As Nest's own `RoutePathFactory`, which is not exported: version, module, controller, handler; then the prefix. */
export function servedPaths(address: HttpAddress, config: ApplicationConfig): ServedPath[] {
  const versioning = config.getVersioning();
  const versions =
    versioning === undefined
      ? []
      : listOf(
          address.handlerVersion || address.controllerVersion || versioning.defaultVersion || [],
        );
  const parts = [address.modulePath, address.controllerPath, address.path];
  if (versioning?.type !== VersioningType.URI || versions.length === 0) {
    return [
      {
        path: withPrefix(join(parts), '', address.method, config),
        versions: versions.includes(VERSION_NEUTRAL) ? [] : versions.map(String),
      },
    ];
  }
  const { prefix } = versioning;
  return versions.map((version) => {
    const inUri =
      version === VERSION_NEUTRAL
        ? ''
        : `/${prefix === false ? '' : (prefix ?? 'v')}${String(version)}`;
    return {
      path: withPrefix(join([inUri, ...parts]), inUri, address.method, config),
      versions: [],
    };
  });
}

/** Routes that the global prefix excludes are named without their version. */
function withPrefix(
  path: string,
  version: string,
  method: RequestMethod,
  config: ApplicationConfig,
): string {
  const prefix = config.getGlobalPrefix();
  const { exclude = [] } = config.getGlobalPrefixOptions();
  const bare = path.slice(version.length) || '/';
  const isExcluded = exclude.some(
    ({ requestMethod, pathRegex }) =>
      (requestMethod === RequestMethod.ALL || requestMethod === method) && pathRegex.test(bare),
  );
  return isExcluded ? path : join([prefix, path]);
}

/** With one slash before each part, and none at the end. */
function join(parts: readonly (string | undefined)[]): string {
  const path = parts
    .map((part) => (part ?? '').replace(/^(?!\/)(?=.)/, '/').replace(/\/+$/, ''))
    .join('');
  return path === '' ? '/' : path;
}

const listOf = <T>(value: T | readonly T[]): readonly T[] =>
  Array.isArray(value) ? (value as readonly T[]) : [value as T];
