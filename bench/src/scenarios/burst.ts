import { burstMicros } from '../bars.js';
import type { Bench, Scenario } from '../bench.js';
import type { HankoSettings } from '../contenders/contender.js';
import { docsRecipe } from '../contenders/docs-recipe.js';
import { fastJwt } from '../contenders/fast-jwt.js';
import { nestjsHanko } from '../contenders/nestjs-hanko.js';
import { Guard } from '../isolated/guard.js';
import { contextWith } from '../isolated/http-context.js';
import { measureApart } from '../isolated/isolated.js';
import { Figures, type Report } from '../report/figure.js';

const REQUESTS = 32;
/** Thrown away, for the compiler to warm up. */
const WARM_UP_ROUNDS = 20;

interface Input {
  readonly contender: string;
  readonly hanko: HankoSettings;
  /** One for each round. */
  readonly tokens: readonly string[];
}

/** @returns microseconds per request, one number for each round. */
export async function measure({ contender, hanko, tokens }: Input): Promise<number[]> {
  const guard = await Guard.start(contender, hanko);
  const micros: number[] = [];
  for (const [round, token] of tokens.entries()) {
    const contexts = Array.from({ length: REQUESTS }, () => contextWith('bearer', token));
    const perRequest = await guard.timeAtOnce(contexts);
    if (round >= WARM_UP_ROUNDS) micros.push(perRequest);
  }
  await guard.stop();
  return micros;
}

export const burst: Scenario = {
  name: 'burst',
  tokens: (settings) => WARM_UP_ROUNDS + settings.burst.rounds,
  async run({ settings, tokens, jwks, execPath }: Bench): Promise<Report> {
    const figures = new Figures(burst.name);
    for (const contender of [nestjsHanko, fastJwt, docsRecipe]) {
      if (!settings.guards.includes(contender)) continue;
      const { id, name } = contender;
      const input: Input = {
        contender: id,
        hanko: jwks.settingsFor(id),
        tokens: tokens.slice(0, WARM_UP_ROUNDS + settings.burst.rounds),
      };
      const micros = await measureApart<number[]>(import.meta.url, input, execPath);
      const bar = id === nestjsHanko.id ? burstMicros : undefined;
      figures.add(name, 'callMicros', micros, { bar });
    }
    return {
      scenario: burst.name,
      what: `${REQUESTS} requests at once with the same new token: time per request.`,
      figures: figures.all,
      notes: [],
    };
  },
};
