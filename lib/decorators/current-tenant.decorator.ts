import type { HankoAuthService } from '../auth/hanko-auth.service.js';
import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { parameter, parameterPipe } from './hanko-parameter.js';

const DECORATOR = '@CurrentTenant()';

function requireTenants({ hasTenants }: HankoAuthService): void {
  if (hasTenants) return;
  throw new HankoConfigurationError([
    {
      path: DECORATOR,
      hint: 'needs the option tenants, which names the tenant of a request: HankoModule.forRoot({ tenants }).',
    },
  ]);
}

const pipe = parameterPipe(DECORATOR, (hanko, context) => hanko.tenantOf(context), requireTenants);

/**
 * Injects the id of the tenant that the request belongs to, a text: the one whose keys verified the user's token, as in
 * `user.tenantId`, and never from a token. It is also there for anonymous callers, and on `@Public()` routes.
 *
 * Example: `list(@CurrentTenant() tenantId: string)`
 *
 * Without a tenant the response is 404 `tenant_unknown`. The option `tenants.trust` decides which tenants there are; without it,
 * only tokens show whether Hanko knows an id: for anonymous callers it may be any UUID. Like `@CurrentUser()` it authenticates by
 * itself where no guard ran.
 *
 * @throws HankoConfigurationError `configuration_invalid` when the app starts, without the option `tenants`. Per request, where
 * no guard has thrown it already:
 * @throws HankoAuthError any of its codes; its table has their classes and statuses
 */
export function CurrentTenant(): ParameterDecorator {
  return parameter(pipe);
}
