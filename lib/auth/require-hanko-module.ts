import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { copiesFault } from '../util/loaded-copies.js';
import type { HankoAuthService } from './hanko-auth.service.js';

/**
 * The service that Nest injected, or an error that says why there is none. Guards and parameters ask for it at
 * bootstrap and when they are used, and not when they are made: a unit test makes controllers without the module.
 *
 * @param user what needs it, as the app wrote it.
 * @throws HankoConfigurationError
 */
export function requireHankoModule(
  service: HankoAuthService | undefined | null,
  user: string,
): HankoAuthService {
  if (typeof service?.authenticateRoute === 'function') return service;
  throw new HankoConfigurationError([
    { path: user, hint: service == null ? cannotSee() : REPLACED },
  ]);
}

/** @throws HankoConfigurationError if HankoModule cannot be seen from HankoWebhooksModule. */
export const requireForWebhooks = <T>(provider: T | undefined | null): T =>
  requireProvider(
    provider,
    'HankoWebhooksModule',
    'whose keys verify webhooks',
    'name it in the imports of forRootAsync()',
  );

/**
 * A provider of HankoModule that Nest injected, or an error that says why there is none.
 * @param user what needs it.
 * @param why what of HankoModule it needs.
 * @param cure what to do where the module is not global.
 * @throws HankoConfigurationError
 */
export function requireProvider<T>(
  provider: T | undefined | null,
  user: string,
  why: string,
  cure = 'import the module that exports it here',
): T {
  if (provider !== undefined && provider !== null) return provider;
  throw new HankoConfigurationError([
    {
      path: user,
      hint:
        `needs HankoModule, ${why}: import HankoModule.forRoot() in the root module, ` +
        `or, with isGlobal: false, ${cure}.${otherCopies()}`,
    },
  ]);
}

const cannotSee = (): string =>
  'is used in a module that cannot see HankoModule. Import HankoModule.forRoot() once, in the ' +
  'root module; with isGlobal: false, also import the module that exports it here. ' +
  `A test without it can import new HankoStub().forRoot() from nestjs-hanko/testing.${otherCopies()}`;

const REPLACED =
  'got a HankoAuthService that a test has replaced. Do not override it: use HankoStub from ' +
  'nestjs-hanko/testing, which signs users in and keeps the real guard.';

function otherCopies(): string {
  const fault = copiesFault();
  return fault === undefined ? '' : ` ${fault}`;
}
