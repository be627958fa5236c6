// Runs the benchmark.
import { join } from 'node:path';
import { provideNode } from '../test/package/lib/registry.mjs';
import { prepare } from './prepare.mjs';

/** For `--node <major>`. */
const NODE_VERSIONS = { 22: '22.23.3', 24: '24.21.0' };

async function findNode(major) {
  const version = NODE_VERSIONS[major];
  if (version === undefined) {
    throw new Error(`--node takes one of ${Object.keys(NODE_VERSIONS).join(', ')}`);
  }
  return join(await provideNode(version), 'node');
}

await prepare();
const { main } = await import('./dist/main.js');
await main(process.argv.slice(2), findNode);
