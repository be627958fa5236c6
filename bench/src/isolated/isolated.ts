import { Child } from '../child.js';

const TIMEOUT_MS = 10 * 60_000;

/** Calls the export `measure` of a module in a new process, one that can collect garbage at will. */
export async function measureApart<Result>(
  moduleUrl: string,
  input: object,
  execPath: string,
): Promise<Result> {
  await using child = Child.start({
    script: 'isolated/isolated-process.js',
    args: [moduleUrl],
    execArgv: ['--expose-gc'],
    execPath,
  });
  return await child.ask<Result>(input, TIMEOUT_MS);
}
