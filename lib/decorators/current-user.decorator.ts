import {
  createParamDecorator,
  Inject,
  Injectable,
  Optional,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import { HankoAuthService } from '../auth/hanko-auth.service.js';
import { required } from '../auth/required.js';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { isLater } from '../now-or-later.js';
import { HANKO_USER_KEYS, type HankoUser } from '../user/hanko-user.js';
import { carry, unpack } from './context-carrier.js';

type Pipe = Type<PipeTransform> | PipeTransform;

const userPipes = new Map<keyof HankoUser | undefined, Type<PipeTransform>>();

/**
 * The pipe that turns the carried context into the user, or into one property: a class for each, which
 * Nest injects into each module that uses the decorator.
 */
function userPipe(key: keyof HankoUser | undefined): Type<PipeTransform> {
  const known = userPipes.get(key);
  if (known !== undefined) return known;

  const pick = (found: { readonly user: HankoUser } | null): unknown => {
    if (found === null) return null;
    return key === undefined ? found.user : found.user[key];
  };

  @Injectable()
  class CurrentUserPipe implements PipeTransform {
    private readonly hanko: HankoAuthService;

    constructor(@Optional() @Inject(HankoAuthService) hanko: HankoAuthService) {
      this.hanko = required(hanko, '@CurrentUser()');
    }

    transform(carrier: unknown): unknown {
      const found = this.hanko.authenticateRoute(unpack(carrier, '@CurrentUser()'));
      return isLater(found) ? found.then(pick) : pick(found);
    }
  }
  userPipes.set(key, CurrentUserPipe);
  return CurrentUserPipe;
}

/**
 * Injects who is calling, the whole {@link HankoUser} or one property of it:
 * ```ts
 * list(@CurrentUser() user: HankoUser, @CurrentUser('id') userId: string) {}
 * ```
 * Where no guard ran it authenticates by itself, with the same answers. It can be null on `@Public()`
 * and `@OptionalAuth()` routes only. That protects the value, not the route: interceptors run
 * before parameters, so bind the guard.
 *
 * @param key a property of the user; its value is undefined where the user has none.
 * @param pipes run on the value, after any global ones.
 * @throws HankoConfigurationError `configuration_invalid` for a key that no user has, when the class is
 * loaded. Per request, where no guard has thrown it already:
 * @throws HankoCredentialsError `credentials_missing` (401), `credentials_ambiguous` (400)
 * @throws HankoTokenError any `token_…` code, `session_revoked` (401)
 * @throws HankoCrossSiteError `cross_site_request` (403)
 * @throws HankoUnavailableError `hanko_unavailable` (503)
 * @throws HankoContextError `context_unsupported` (501)
 */
export function CurrentUser(...pipes: Pipe[]): ParameterDecorator;
export function CurrentUser(key: keyof HankoUser, ...pipes: Pipe[]): ParameterDecorator;
export function CurrentUser(
  ...[first, ...rest]: [(keyof HankoUser | Pipe)?, ...Pipe[]]
): ParameterDecorator {
  if (typeof first === 'string' && !HANKO_USER_KEYS.includes(first)) {
    throw new HankoConfigurationError([
      {
        path: `@CurrentUser('${first}')`,
        hint: `names no property of HankoUser: ${HANKO_USER_KEYS.join(', ')}.`,
      },
    ]);
  }
  const key = typeof first === 'string' ? first : undefined;
  const pipes = typeof first === 'string' || first === undefined ? rest : [first, ...rest];
  // No data for Nest: ValidationPipe would take it for the name of a value to convert.
  return createParamDecorator((_data: unknown, context) => carry(context))(
    undefined,
    userPipe(key),
    ...pipes,
  );
}
