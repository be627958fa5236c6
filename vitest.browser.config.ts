import { defineConfig } from 'vitest/config';
import { source } from './vitest.config.js';

/** The front ends of `sample` in Chromium: `npm run test:browser`. */
export default defineConfig({
  resolve: { alias: source },
  test: {
    name: 'browser',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    include: ['test/browser/**/*.test.ts'],
    globalSetup: ['test/browser/global-setup.ts'],
    setupFiles: ['test/support/setup.ts'],
  },
});
