import type { FakeHankoSettings } from './options.js';

/** Set by Vitest, Jest, Node's own runner and Playwright for what they run. */
const TEST_RUNNERS = ['VITEST', 'JEST_WORKER_ID', 'NODE_TEST_CONTEXT', 'TEST_WORKER_INDEX'];

/** Says loudly what this is, where no test runner is at work: it could be taken for the real thing. */
export function warnAtStart({ banner, host }: FakeHankoSettings, url: string): void {
  const isTest = TEST_RUNNERS.some((name) => process.env[name] !== undefined);
  if (banner === 'off' || (banner === 'auto' && isTest)) return;
  // To whoever started it, and there is no Nest app whose logger could be used.
  // oxlint-disable-next-line no-console
  console.warn(
    `FakeHanko at ${url} (listening on ${host}) is NO LOGIN SERVER: made for tests and development, ` +
      'it stores nothing, and whoever reaches its Admin API can be any user. Never use it in production.',
  );
}
