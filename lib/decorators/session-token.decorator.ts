import {
  createParamDecorator,
  Inject,
  Injectable,
  type OnModuleInit,
  Optional,
  type PipeTransform,
} from '@nestjs/common';
import { HankoAuthService } from '../auth/hanko-auth.service.js';
import { requireHankoModule } from '../auth/require-hanko-module.js';
import { HANKO_PARAMETER } from '../hanko.constants.js';
import { andThen, type MaybePromise } from '../util/maybe-promise.js';
import { carry, unpack } from './context-carrier.js';

@Injectable()
class SessionTokenPipe
  implements PipeTransform<unknown, MaybePromise<string | null>>, OnModuleInit
{
  constructor(@Optional() @Inject(HankoAuthService) private readonly hanko: HankoAuthService) {}

  onModuleInit(): void {
    requireHankoModule(this.hanko, '@SessionToken()');
  }

  transform(carrier: unknown): MaybePromise<string | null> {
    const hanko = requireHankoModule(this.hanko, '@SessionToken()');
    return andThen(
      hanko.authenticateRoute(unpack(carrier, '@SessionToken()')),
      (found) => found?.token ?? null,
    );
  }
}

Object.defineProperty(SessionTokenPipe.prototype, HANKO_PARAMETER, { value: '@SessionToken()' });

const decorate = createParamDecorator((_data: unknown, context) => carry(context));

/**
 * Injects the verified session token (a JWT in compact form), to call Hanko or another service on the
 * user's behalf. It is a credential: do not log or store it.
 *
 * Example: `logout(@SessionToken() token: string)`
 *
 * Like `@CurrentUser()` it authenticates by itself where no guard ran, and is null only on
 * `@Public()` and `@OptionalAuth()` routes.
 */
export function SessionToken(): ParameterDecorator {
  return decorate(undefined, SessionTokenPipe);
}
