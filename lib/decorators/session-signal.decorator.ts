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
import type { MaybePromise } from '../util/maybe-promise.js';
import { carry, unpack } from './context-carrier.js';

@Injectable()
class SessionSignalPipe
  implements PipeTransform<unknown, MaybePromise<AbortSignal | null>>, OnModuleInit
{
  constructor(@Optional() @Inject(HankoAuthService) private readonly hanko: HankoAuthService) {}

  onModuleInit(): void {
    requireHankoModule(this.hanko, '@SessionSignal()');
  }

  transform(carrier: unknown): MaybePromise<AbortSignal | null> {
    const hanko = requireHankoModule(this.hanko, '@SessionSignal()');
    return hanko.sessionSignal(unpack(carrier, '@SessionSignal()'));
  }
}

Object.defineProperty(SessionSignalPipe.prototype, HANKO_PARAMETER, { value: '@SessionSignal()' });

const decorate = createParamDecorator((_data: unknown, context) => carry(context));

/**
 * Injects an `AbortSignal` that aborts when the caller's session ends: when the token expires, when the session is revoked,
 * and when Hanko says that it is over, if the session policy of the route asks. `signal.reason` is the error: a
 * `HankoTokenError`, or a `HankoUnavailableError` where nobody could say for too long whether the session is alive.
 *
 * Example: `export(@SessionSignal() signal: AbortSignal)`
 *
 * It is forgotten once the response has been sent, or the socket has closed; in messages of microservices and unary calls of
 * gRPC, which do not tell when they are over, once the session ends. Like `@CurrentUser()` it authenticates by itself where
 * no guard ran, and is null only on `@Public()` and `@OptionalAuth()` routes.
 */
export function SessionSignal(): ParameterDecorator {
  return decorate(undefined, SessionSignalPipe);
}
