import { heldMegabytes, secondRoundMicros } from '../bars.js';
import type { Bench, Scenario } from '../bench.js';
import type { HankoSettings } from '../contenders/contender.js';
import { docsRecipe } from '../contenders/docs-recipe.js';
import { nestjsHanko } from '../contenders/nestjs-hanko.js';
import { TokenLines } from '../hanko/token-lines.js';
import { Guard } from '../isolated/guard.js';
import { contextWith } from '../isolated/http-context.js';
import { measureApart } from '../isolated/isolated.js';
import { usedBytes } from '../isolated/used-bytes.js';
import { Figures, type Report } from '../report/figure.js';

const BATCH = 500;
/** It remembers nothing, so fewer tokens say as much. */
const RECIPE_TOKENS = 10_000;

interface Input {
  readonly contender: string;
  readonly hanko: HankoSettings;
  readonly tokensFile: string;
  readonly count: number;
}

interface Output {
  readonly heldBytes: number;
  /** Per token, of the first time and the second time that all are sent. */
  readonly firstRoundMicros: number;
  readonly secondRoundMicros: number;
}

export async function measure({ contender, hanko, tokensFile, count }: Input): Promise<Output> {
  // A buffer, from which each request cuts its own text: what is held is held by the contender alone.
  const tokens = await TokenLines.read(tokensFile);
  const guard = await Guard.start(contender, hanko);
  const goRound = async (): Promise<number> => {
    let micros = 0;
    for (let first = 0; first < count; first += BATCH) {
      const batch = tokens.slice(first, Math.min(BATCH, count - first));
      const contexts = batch.map((token) => contextWith('bearer', token));
      micros += (await guard.time(contexts, true)) * batch.length;
    }
    return micros / count;
  };

  // What is compiled meanwhile does not count as held.
  await guard.warmUp(() => contextWith('bearer', tokens.at(0)), true);
  const before = usedBytes();
  const firstRoundMicros = await goRound();
  const heldBytes = usedBytes() - before;
  const output = { heldBytes, firstRoundMicros, secondRoundMicros: await goRound() };
  await guard.stop();
  return output;
}

export const memory: Scenario = {
  name: 'memory',
  tokens: (settings) => settings.memory.tokens,
  async run({ settings, tokens, jwks, execPath }: Bench): Promise<Report> {
    const { tokens: count, contenders } = settings.memory;
    const figures = new Figures(memory.name);
    const play = (id: string, tokenCount: number): Promise<Output> => {
      const input = { contender: id, hanko: jwks.settingsFor(id), tokensFile: tokens.file };
      return measureApart<Output>(import.meta.url, { ...input, count: tokenCount }, execPath);
    };

    const recipe = await play(docsRecipe.id, Math.min(count, RECIPE_TOKENS));
    for (const { id, name } of contenders) {
      const { heldBytes, ...rounds } = await play(id, count);
      const bar = id === nestjsHanko.id ? heldMegabytes : undefined;
      figures.add(name, 'heldMegabytes', heldBytes / 1e6, { bar });
      figures.add(name, 'bytesPerEntry', heldBytes / count);
      figures.add(name, 'firstRoundMicros', rounds.firstRoundMicros);
      figures.add(name, 'secondRoundMicros', rounds.secondRoundMicros, {
        bar: secondRoundMicros(recipe.secondRoundMicros),
      });
    }
    figures.add(docsRecipe.name, 'firstRoundMicros', recipe.firstRoundMicros);
    figures.add(docsRecipe.name, 'secondRoundMicros', recipe.secondRoundMicros);
    return {
      scenario: memory.name,
      what: `${count.toLocaleString('en-US')} live tokens, one after the other, then all of them again; what the heap and buffers hold in between.`,
      figures: figures.all,
      notes: [],
    };
  },
};
