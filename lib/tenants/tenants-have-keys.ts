import { HankoConfigurationError } from '../errors/hanko.errors.js';
import type { JwksProvider } from '../jwks/jwks-provider.js';

/** Stands for `HANKO_JWKS` in an app with tenants: none of its keys would be the right ones. */
export const tenantsHaveKeys: JwksProvider = {
  getKey() {
    throw new HankoConfigurationError([
      {
        path: 'HANKO_JWKS',
        hint: 'has no keys in an app with the option tenants, as each tenant has its own. Use HankoAuthService.verifyToken(token, { tenant }).',
      },
    ]);
  },
};
