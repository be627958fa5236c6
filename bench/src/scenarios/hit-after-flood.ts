import { hitAfterFloodMicros } from '../bars.js';
import type { Bench, Scenario } from '../bench.js';
import type { HankoSettings } from '../contenders/contender.js';
import { fastJwt } from '../contenders/fast-jwt.js';
import { nestjsHanko } from '../contenders/nestjs-hanko.js';
import { forgedToken } from '../hanko/tokens.js';
import { Guard } from '../isolated/guard.js';
import { contextWith } from '../isolated/http-context.js';
import { measureApart } from '../isolated/isolated.js';
import { Figures, type Report } from '../report/figure.js';

const FORGED = 3_000;
/** One call each: the mean of several, for a single call is as quick as the caches of the CPU are warm. */
const TOKENS = 50;

interface Input {
  readonly contender: string;
  readonly hanko: HankoSettings;
  readonly tokens: readonly string[];
  readonly forged: readonly string[];
  readonly rounds: number;
}

interface Output {
  readonly before: number[];
  readonly after: number[];
}

export async function measure(input: Input): Promise<Output> {
  const { contender, hanko, tokens, forged, rounds } = input;
  const guard = await Guard.start(contender, hanko);
  const send = (texts: readonly string[], isGood: boolean): Promise<number> =>
    guard.time(
      texts.map((text) => contextWith('bearer', text)),
      isGood,
    );
  const [first = null] = tokens;
  await guard.warmUp(() => contextWith('bearer', first), true);
  const before: number[] = [];
  const after: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await send(tokens, true);
    before.push(await send(tokens, true));
    await send(forged, false);
    after.push(await send(tokens, true));
  }
  await guard.stop();
  return { before, after };
}

export const hitAfterFlood: Scenario = {
  name: 'hit-after-flood',
  tokens: () => TOKENS,
  async run({ settings, tokens, jwks, execPath }: Bench): Promise<Report> {
    const figures = new Figures(hitAfterFlood.name);
    const forged = Array.from({ length: FORGED }, () => forgedToken(tokens.key));
    for (const contender of [nestjsHanko, fastJwt]) {
      if (!settings.guards.includes(contender)) continue;
      const { id, name } = contender;
      const input: Input = {
        contender: id,
        hanko: jwks.settingsFor(id),
        tokens: tokens.slice(0, TOKENS),
        forged,
        rounds: settings.hitAfterFlood.rounds,
      };
      const { before, after } = await measureApart<Output>(import.meta.url, input, execPath);
      const bar = id === nestjsHanko.id ? hitAfterFloodMicros : undefined;
      figures.add(name, 'beforeMicros', before);
      figures.add(name, 'afterMicros', after, { bar });
    }
    return {
      scenario: hitAfterFlood.name,
      what: `${TOKENS} tokens that were verified a moment ago: one call each, then ${FORGED.toLocaleString('en-US')} forged tokens, then one call each again.`,
      figures: figures.all,
      notes: [],
    };
  },
};
