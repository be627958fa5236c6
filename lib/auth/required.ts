import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { loadedCopies } from '../util/loaded-copies.js';
import type { HankoAuthService } from './hanko-auth.service.js';

/**
 * What Nest injected, or an error that says why there is nothing: Nest's own would name a class the
 * app never wrote.
 *
 * @param user what needs it, as the app wrote it.
 * @throws HankoConfigurationError
 */
export function required(service: HankoAuthService | undefined, user: string): HankoAuthService {
  if (service !== undefined) return service;
  const copies = loadedCopies();
  throw new HankoConfigurationError([
    {
      path: user,
      hint:
        'is used in a module that cannot see HankoModule. Import HankoModule.forRoot() once, in the ' +
        'root module; with isGlobal: false, also import the module that exports it here.' +
        (copies.length > 1 ? ` ${copies.length} copies are loaded: ${copies.join(', ')}.` : ''),
    },
  ]);
}
