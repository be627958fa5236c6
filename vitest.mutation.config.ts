import { configDefaults, defineConfig } from 'vitest/config';
import { source } from './vitest.config.js';

/** What Stryker runs for each mutant (stryker.config.json): the unit tests of what it mutates. */
export default defineConfig({
  resolve: { alias: source },
  test: {
    name: 'mutation',
    include: ['test/unit/**/*.test.ts'],
    exclude: [
      ...configDefaults.exclude,
      'test/unit/{jwks/remote-jwks*,options/*,errors/*}.test.ts',
    ],
    setupFiles: ['test/support/setup.ts'],
  },
});
