import type { Type } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { demandsOf } from '../auth/route-marks.js';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import type { ResolvedHankoOptions } from '../options/hanko-options.js';

/** @throws HankoConfigurationError if a route wants Hanko to be asked, and there is no address. */
export function refuseSessionsWithoutApi(
  { apiUrl }: ResolvedHankoOptions,
  modules: ModulesContainer,
): void {
  if (apiUrl !== null) return;
  const asks = (target: object): boolean => {
    const { session = 'offline' } = demandsOf(target);
    return session !== 'offline';
  };
  const types = [...classesOf(modules, 'controllers'), ...classesOf(modules, 'providers')];
  const faults = types
    .filter((type) => asks(type) || methodsOf(type).some(asks))
    .map(({ name }) => ({
      path: name,
      hint: 'has @RequireAuth({ session }), which needs apiUrl or HANKO_API_URL: there is nobody to ask.',
    }));
  if (faults.length > 0) throw new HankoConfigurationError(faults);
}

function classesOf(modules: ModulesContainer, kind: 'providers' | 'controllers'): Type[] {
  return [...modules.values()]
    .flatMap((module) => [...module[kind].values()].map(({ metatype }) => metatype))
    .filter((type): type is Type => typeof type === 'function');
}

function methodsOf(type: Type): object[] {
  const prototype = type.prototype as Record<string, unknown> | undefined;
  if (prototype === undefined) return [];
  return new MetadataScanner()
    .getAllMethodNames(prototype)
    .map((name) => prototype[name] as object);
}
