import type { PipeTransform, Type } from '@nestjs/common';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { andThen } from '../util/maybe-promise.js';
import { claimAt, type HankoClaimPath } from '../user/claim-path.js';
import { HANKO_USER_KEYS, type HankoUser } from '../user/hanko-user.js';
import { parameter, parameterPipe } from './hanko-parameter.js';

type Pipe = Type<PipeTransform> | PipeTransform;

/** Key that `@CurrentUser(key)` accepts: a property of the user, or a claim that `HankoClaims` declares. */
export type HankoUserKey = keyof HankoUser | `claims.${HankoClaimPath}`;

const CLAIM = 'claims.';

/** A class for each key: Nest makes one instance of a class in each module. */
const userPipes = new Map<HankoUserKey | undefined, Type<PipeTransform>>();

function userPipe(key: HankoUserKey | undefined): Type<PipeTransform> {
  const known = userPipes.get(key);
  if (known !== undefined) return known;

  const read = readerOf(key);
  const pick = (found: { readonly user: HankoUser } | null): unknown =>
    found === null ? null : read(found.user);
  const pipe = parameterPipe('@CurrentUser()', (hanko, context) =>
    andThen(hanko.authenticateRoute(context), pick),
  );
  userPipes.set(key, pipe);
  return pipe;
}

function readerOf(key: HankoUserKey | undefined): (user: HankoUser) => unknown {
  if (key === undefined) return (user) => user;
  if (!key.startsWith(CLAIM)) return (user) => user[key as keyof HankoUser];
  const path = key.slice(CLAIM.length);
  return (user) => claimAt(user.claims, path);
}

/**
 * Injects the current user: the whole {@link HankoUser}, one of its properties, or one claim.
 *
 * Examples: `list(@CurrentUser() user: HankoUser)`, `list(@CurrentUser('id') userId: string)`,
 * `list(@CurrentUser('claims.role') role?: string)`
 *
 * It is null on `@Public()` routes, and on `@OptionalAuth()` routes for anonymous callers; nowhere else. Where no guard
 * ran it authenticates by itself, with the same responses. That protects the value, not the route: interceptors run
 * before parameters, so bind the guard.
 *
 * @param key a property of the user, or `claims.` and a claim (or a path into one) that `HankoClaims` declares;
 * its value is undefined where the user has none.
 * @param pipes run on the value, after any global ones.
 * @throws HankoConfigurationError `configuration_invalid` for a key that no user has, when the class is
 * loaded. Per request, where no guard has thrown it already:
 * @throws HankoAuthError any of its codes; its table has their classes and statuses
 */
export function CurrentUser(...pipes: Pipe[]): ParameterDecorator;
export function CurrentUser(key: HankoUserKey, ...pipes: Pipe[]): ParameterDecorator;
export function CurrentUser(
  ...[first, ...rest]: [(HankoUserKey | Pipe)?, ...Pipe[]]
): ParameterDecorator {
  if (typeof first === 'string' && !isUserKey(first)) {
    throw new HankoConfigurationError([
      {
        path: `@CurrentUser('${first}')`,
        hint: `names no property of HankoUser: ${HANKO_USER_KEYS.join(', ')} and claims.<name>.`,
      },
    ]);
  }
  const key = typeof first === 'string' ? first : undefined;
  const pipes = typeof first === 'string' || first === undefined ? rest : [first, ...rest];
  return parameter(userPipe(key), ...pipes);
}

const isUserKey = (key: string): boolean =>
  HANKO_USER_KEYS.includes(key as keyof HankoUser) ||
  (key.startsWith(CLAIM) && key.length > CLAIM.length);
