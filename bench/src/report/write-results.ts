import { writeFile } from 'node:fs/promises';
import { chart } from './chart.js';
import type { Figure } from './figure.js';
import { type Circumstances, circumstancesText } from './machine.js';
import { shortTable } from './summary.js';

const FOLDER = new URL('../../', import.meta.url);

/** Writes results.json, results.md, which the README shows, and chart.svg. */
export async function writeResults(
  where: Circumstances,
  figures: readonly Figure[],
): Promise<void> {
  const footer = circumstancesText(where);
  const files = {
    'results.json': `${JSON.stringify({ ...where, figures }, null, 2)}\n`,
    'results.md': `${shortTable(figures)}\n\n${footer}\n`,
    'chart.svg': chart(figures, footer.replaceAll('`', '')),
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(new URL(name, FOLDER), content);
  }
}
