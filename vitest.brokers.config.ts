import { defineConfig } from 'vitest/config';
import { nest11, source } from './vitest.config.js';

const shared = {
  include: ['test/brokers/**/*.test.ts'],
  setupFiles: ['test/support/setup.ts'],
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

/** Message handlers behind Redis, NATS, Mosquitto and RabbitMQ: `npm run test:brokers`. */
export default defineConfig({
  test: {
    globalSetup: ['test/brokers/global-setup.ts'],
    // One file after the other: services of both projects listen to the same patterns of the same servers.
    maxWorkers: 1,
    fileParallelism: false,
    projects: [
      { resolve: { alias: source }, test: { name: 'brokers, nest12', ...shared } },
      { resolve: { alias: [...source, ...nest11] }, test: { name: 'brokers, nest11', ...shared } },
    ],
  },
});
