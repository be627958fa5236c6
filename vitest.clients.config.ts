import { defineConfig } from 'vitest/config';
import { source } from './vitest.config.js';

/** fake-hanko and clients in Python and Go: `npm run test:clients`. */
export default defineConfig({
  resolve: { alias: source },
  test: {
    name: 'clients',
    // Go compiles its client first.
    testTimeout: 120_000,
    include: ['test/clients/**/*.test.ts'],
    setupFiles: ['test/support/setup.ts'],
  },
});
