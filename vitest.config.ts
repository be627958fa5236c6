import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** The tests import the package by its name, and run its source. */
export const source = [
  { find: /^nestjs-hanko$/, replacement: path('lib/index.ts') },
  { find: /^nestjs-hanko\/testing$/, replacement: path('lib/testing/index.ts') },
  { find: /^fake-hanko$/, replacement: path('fake-hanko/src/index.ts') },
  { find: /^nestjs-hanko\/webhooks$/, replacement: path('lib/webhooks/index.ts') },
  { find: /^nestjs-hanko\/swagger$/, replacement: path('lib/swagger/index.ts') },
  { find: /^nestjs-hanko\/admin$/, replacement: path('lib/admin/index.ts') },
  { find: /^nestjs-hanko\/terminus$/, replacement: path('lib/terminus/index.ts') },
  { find: /^nestjs-hanko\/opentelemetry$/, replacement: path('lib/opentelemetry/index.ts') },
];

/** Every Nest package of test/nest11, in place of the one of the same name above it. */
export const nest11 = readdirSync(path('test/nest11/node_modules/@nestjs')).map((name) => ({
  find: new RegExp(`^@nestjs/${name}$`),
  // A folder resolves to what its `main` names.
  replacement: createRequire(import.meta.url).resolve(
    path(`test/nest11/node_modules/@nestjs/${name}`),
  ),
}));

const shared = {
  // A worker loads Nest once, not once a file. leaves-nothing.ts fails a file that leaves something behind
  // for the next one, and `--sequence.shuffle` shows that none leans on another.
  isolate: false,
  setupFiles: ['test/support/setup.ts', 'test/support/leaves-nothing.ts'],
  // Bounds of a hang, generous: machines of CI are slow and shared.
  testTimeout: 30_000,
  hookTimeout: 30_000,
};

export default defineConfig({
  test: {
    reporters: ['default'],
    maxWorkers: 2,
    projects: [
      {
        resolve: { alias: source },
        test: {
          name: 'nest12',
          include: [
            'test/{unit,e2e,contract,surface,sample}/**/*.test.ts',
            'fake-hanko/test/**/*.test.ts',
          ],
          // It needs a real server: vitest.live.config.ts.
          exclude: [
            ...configDefaults.exclude,
            'test/contract/live.test.ts',
            // What TCP lacks on Nest 11 it has on 12: tcp.test.ts.
            'test/e2e/rpc/tcp-on-nest11.test.ts',
            // Nest 12 does not speak that protocol of GraphQL subscriptions any more.
            'test/e2e/graphql/legacy-protocol.test.ts',
          ],
          ...shared,
        },
      },
      {
        resolve: { alias: [...source, ...nest11] },
        test: {
          name: 'nest11',
          include: ['test/e2e/**/*.test.ts'],
          // @nestjs/throttler finds the Nest that is installed beside it, and that is 12.
          exclude: [
            ...configDefaults.exclude,
            'test/e2e/guards/rate-limits.test.ts',
            // Over TCP, Nest 11 carries no metadata.
            'test/e2e/testing/page-messages.test.ts',
            // What Nest cannot change: keys, signatures, when Hanko or a store is asked, and which deliveries are valid
            // or known. How a request, a refusal or a delivery gets through Nest is in the other files.
            'test/e2e/{jwks,revocation,session,verification}/**',
            // In which modules it is found is in import-orders.test.ts.
            'test/e2e/admin/ends-at-once.test.ts',
            'test/e2e/webhooks/{hostile-floods,hostile-tokens,once,replay,revocation}.test.ts',
            'test/e2e/cost/many-requests.test.ts',
          ],
          ...shared,
        },
      },
    ],
  },
});
