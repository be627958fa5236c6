import {
  createParamDecorator,
  Inject,
  Injectable,
  Optional,
  type PipeTransform,
} from '@nestjs/common';
import { HankoAuthService } from '../auth/hanko-auth.service.js';
import { required } from '../auth/required.js';
import { HANKO_PARAMETER } from '../hanko.constants.js';
import { andThen, type MaybePromise } from '../util/maybe-promise.js';
import { carry, unpack } from './context-carrier.js';

@Injectable()
class SessionTokenPipe implements PipeTransform<unknown, MaybePromise<string | null>> {
  private readonly hanko: HankoAuthService;

  constructor(@Optional() @Inject(HankoAuthService) hanko: HankoAuthService) {
    this.hanko = required(hanko, '@SessionToken()');
  }

  transform(carrier: unknown): MaybePromise<string | null> {
    return andThen(
      this.hanko.authenticateRoute(unpack(carrier, '@SessionToken()')),
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
 * Like `@CurrentUser()` it authenticates by itself where no guard ran, and is null only on
 * `@Public()` and `@OptionalAuth()` routes.
 */
export function SessionToken(): ParameterDecorator {
  return decorate(undefined, SessionTokenPipe);
}
