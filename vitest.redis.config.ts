import { defineConfig } from 'vitest/config';
import { source } from './vitest.config.js';

/** Several processes that share a Redis: `npm run test:redis`. */
export default defineConfig({
  resolve: { alias: source },
  test: {
    name: 'redis',
    testTimeout: 120_000,
    hookTimeout: 60_000,
    include: ['test/redis/**/*.test.ts'],
    globalSetup: ['test/redis/global-setup.ts'],
    setupFiles: ['test/support/setup.ts'],
  },
});
