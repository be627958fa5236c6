import type { TestProject } from 'vitest/node';
import { type BrokerPorts, requirePrograms, startBrokers } from './brokers.js';

declare module 'vitest' {
  export interface ProvidedContext {
    brokerPorts: BrokerPorts;
  }
}

/** Once, before all files of both projects. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  requirePrograms();
  const brokers = await startBrokers();
  project.provide('brokerPorts', brokers.ports);
  return async () => {
    await brokers[Symbol.asyncDispose]();
  };
}
