import { HankoConfigurationError } from '../errors/hanko.errors.js';

/** @throws HankoConfigurationError if HankoModule cannot be seen from HankoWebhooksModule. */
export function requiredByWebhooks<T>(provider: T | undefined | null): T {
  if (provider !== undefined && provider !== null) return provider;
  throw new HankoConfigurationError([
    {
      path: 'HankoWebhooksModule',
      hint:
        'needs HankoModule, whose keys verify webhooks: import HankoModule.forRoot() in the root module, ' +
        'or, with isGlobal: false, name it in the imports of forRootAsync().',
    },
  ]);
}
