import { parseArgs } from 'node:util';
import { scenarios } from './scenarios/index.js';
import type { Scenario } from './bench.js';

export interface CommandLine {
  readonly isQuick: boolean;
  readonly isWritten: boolean;
  readonly scenarios: readonly Scenario[];
  /** Major version of the Node that runs the contenders; undefined = this one. */
  readonly node: string | undefined;
}

/** @throws Error that says what is wrong with the arguments. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      only: { type: 'string' },
      node: { type: 'string' },
    },
  });
  const { quick, write, only = '', node } = values;
  const chosen = scenarios.filter(({ name }) => name.startsWith(only));
  if (chosen.length === 0) {
    const names = scenarios.map(({ name }) => name).join(', ');
    throw new Error(`--only ${only}: the scenarios are ${names}`);
  }
  if (write && (quick || chosen.length < scenarios.length)) {
    throw new Error('--write needs a full run: leave --quick and --only out');
  }
  return { isQuick: quick, isWritten: write, scenarios: chosen, node };
}
