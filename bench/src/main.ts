import { parseCommandLine } from './command-line.js';
import { JwksServer } from './hanko/jwks-server.js';
import { TokenStore } from './hanko/token-store.js';
import { Load } from './load/load.js';
import type { Figure } from './report/figure.js';
import { circumstances, circumstancesText } from './report/machine.js';
import { reportText } from './report/markdown.js';
import { barsText } from './report/summary.js';
import { writeResults } from './report/write-results.js';
import { Fleet } from './server/fleet.js';
import { FULL, QUICK } from './settings.js';

/** Tokens that any run takes, for the check that all contenders are correct. */
const A_FEW = 2;

/**
 * @param args what follows the script on the command line.
 * @param findNode finds the `node` of a major version.
 */
export async function main(
  args: readonly string[],
  findNode: (major: string) => Promise<string>,
): Promise<void> {
  const { isQuick, isWritten, scenarios, node } = parseCommandLine(args);
  const settings = isQuick ? QUICK : FULL;
  const execPath = node === undefined ? process.execPath : await findNode(node);
  const where = circumstances(['node bench/run.mjs', ...args].join(' '), execPath);
  console.log(`# Benchmark\n\n${circumstancesText(where)}`);

  const count = Math.max(A_FEW, ...scenarios.map(({ tokens: needed }) => needed?.(settings) ?? 0));
  const tokens = await TokenStore.open(count, (made) =>
    console.error(`signing tokens: ${made} of ${count}`),
  );
  await using jwks = await JwksServer.start(tokens.key);
  await using fleet = new Fleet(settings.contenders, jwks, tokens, execPath);
  await using load = new Load();
  await using prober = new Load();
  const bench = {
    settings,
    tokens,
    jwks,
    fleet,
    load,
    prober,
    execPath,
  };

  const figures: Figure[] = [];
  for (const scenario of scenarios) {
    const startedAt = performance.now();
    const report = await scenario.run(bench);
    const seconds = (performance.now() - startedAt) / 1_000;
    console.error(`${scenario.name}: ${seconds.toFixed(1)} s`);
    console.log(`\n${reportText(report)}`);
    figures.push(...report.figures);
  }
  console.log(`\n${barsText(figures)}`);
  if (isWritten) await writeResults(where, figures);
}
