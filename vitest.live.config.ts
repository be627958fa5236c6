import { defineConfig } from 'vitest/config';
import { source } from './vitest.config.js';

/** The contract suite on a real Hanko: `npm run test:live`. */
export default defineConfig({
  resolve: { alias: source },
  test: {
    name: 'live',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    include: ['test/contract/live.test.ts'],
    setupFiles: ['test/support/setup.ts'],
  },
});
