import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  type OnModuleInit,
  Optional,
} from '@nestjs/common';
import { HankoAuthService } from '../auth/hanko-auth.service.js';
import { requireHankoModule } from '../auth/require-hanko-module.js';
import { HANKO_GUARD } from '../hanko.constants.js';
import { andThen } from '../util/maybe-promise.js';

/**
 * Allows a request only with a valid Hanko session token, unless its route is public or optional.
 *
 * Bind it to the whole app with `{ provide: APP_GUARD, useExisting: HankoAuthGuard }`, or to a
 * controller or handler with `@UseGuards(HankoAuthGuard)`; bound twice it still verifies once.
 * `@Public()`, `@OptionalAuth()` and `@RequireAuth()` say what a route asks for; unmarked routes are closed.
 *
 * It means the same in controllers, GraphQL resolvers, gateways, message handlers and gRPC methods. A call that no
 * transport knows is refused (501 `context_unsupported`).
 *
 * Example: `@Module({ providers: [{ provide: APP_GUARD, useExisting: HankoAuthGuard }] })`
 *
 * It holds no state. A subclass can have any constructor.
 */
@Injectable()
export class HankoAuthGuard implements CanActivate, OnModuleInit {
  // A property: Nest would hand a parameter's @Inject() down to the constructors of subclasses, by position.
  @Optional()
  @Inject(HankoAuthService)
  protected readonly hanko!: HankoAuthService;

  /**
   * Checks, when the app starts, that there is a service to ask.
   * @throws HankoConfigurationError `configuration_invalid` if it is used where HankoModule cannot be seen.
   */
  onModuleInit(): void {
    requireHankoModule(this.hanko, 'HankoAuthGuard');
  }

  /**
   * Authenticates as the route asks. The header fields of a refusal are set on the response.
   * @returns true, without a promise where there is nothing to wait for; or it throws, now or by the promise.
   * @throws HankoAuthError any of its codes; its table has their classes and statuses
   * @throws HankoConfigurationError `configuration_invalid` if it is used where HankoModule cannot be seen
   */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return andThen(
      requireHankoModule(this.hanko, 'HankoAuthGuard').authenticateRoute(context),
      letIn,
    );
  }
}

const letIn = (): boolean => true;

Object.defineProperty(HankoAuthGuard.prototype, HANKO_GUARD, { value: true });
