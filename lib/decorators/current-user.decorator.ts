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
import { HANKO_USER_KEYS, type HankoUser } from '../user/hanko-user.js';
import { carry, unpack } from './context-carrier.js';

type Pipe = Type<PipeTransform> | PipeTransform;

/** Turns the carried context into the user. Injected by Nest into each module that uses the decorator. */
@Injectable()
class CurrentUserPipe implements PipeTransform<unknown, Promise<HankoUser | null>> {
  private readonly hanko: HankoAuthService;

  constructor(@Optional() @Inject(HankoAuthService) hanko: HankoAuthService) {
    this.hanko = required(hanko, '@CurrentUser()');
  }

  async transform(carrier: unknown): Promise<HankoUser | null> {
    const authenticated = await this.hanko.authenticateRoute(unpack(carrier, '@CurrentUser()'));
    return authenticated?.user ?? null;
  }
}

/** The pipe behind `@CurrentUser(key)`. */
class PropertyPipe<Key extends keyof HankoUser> implements PipeTransform {
  constructor(private readonly key: Key) {}

  transform(user: HankoUser | null): HankoUser[Key] | null {
    return user === null ? null : user[this.key];
  }
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
 * loaded.
 */
export function CurrentUser(...pipes: Pipe[]): ParameterDecorator;
export function CurrentUser(key: keyof HankoUser, ...pipes: Pipe[]): ParameterDecorator;
export function CurrentUser(
  ...[first, ...rest]: [(keyof HankoUser | Pipe)?, ...Pipe[]]
): ParameterDecorator {
  const pipes: Pipe[] = [CurrentUserPipe];
  if (typeof first === 'string') {
    if (!HANKO_USER_KEYS.includes(first)) {
      throw new HankoConfigurationError([
        {
          path: `@CurrentUser('${first}')`,
          hint: `names no property of HankoUser: ${HANKO_USER_KEYS.join(', ')}.`,
        },
      ]);
    }
    pipes.push(new PropertyPipe(first));
  } else if (first !== undefined) {
    pipes.push(first);
  }
  // No data for Nest: ValidationPipe would take it for the name of a value to convert.
  return createParamDecorator((_data: unknown, context) => carry(context))(
    undefined,
    ...pipes,
    ...rest,
  );
}
