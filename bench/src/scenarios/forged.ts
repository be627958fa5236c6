import { pingP99Ms } from '../bars.js';
import type { Bench, Scenario } from '../bench.js';
import type { Contender } from '../contenders/contender.js';
import { docsRecipe } from '../contenders/docs-recipe.js';
import { nestjsHanko, nestjsHankoCookie, nestjsHankoRequest } from '../contenders/nestjs-hanko.js';
import { none } from '../contenders/none.js';
import { forgedToken } from '../hanko/tokens.js';
import type { ProbeResult } from '../load/probe.js';
import { alternate, type Sample, sample } from '../load/rounds.js';
import { Figures, type Report } from '../report/figure.js';
import { addHttpFigures } from '../report/http-figures.js';
import { spreadOf } from '../report/statistics.js';
import type { Server } from '../server/server.js';

const PROBE_EVERY_MS = 5;
const WITH_BAR: readonly Contender[] = [nestjsHankoRequest, nestjsHanko, nestjsHankoCookie];

interface Flooded {
  readonly flood: Sample;
  readonly ping: ProbeResult;
}

export const forged: Scenario = {
  name: 'forged',
  async run(bench: Bench): Promise<Report> {
    const { settings, tokens, fleet, load } = bench;
    const { tokensPerRound } = settings.forged;
    const figures = new Figures(forged.name);
    for (const platform of settings.platforms) {
      const results = await alternate(
        await fleet.on(platform),
        settings.forged,
        (server) => floodAndPing(bench, server),
        () => load.setTokens(Array.from({ length: tokensPerRound }, () => forgedToken(tokens.key))),
      );
      const of = (wanted: Contender): readonly Flooded[] =>
        [...results].find(([{ contender }]) => contender === wanted)?.[1] ?? [];
      const base = of(none).map(({ flood }) => flood);
      const recipe = spreadOf(of(docsRecipe).map(({ ping }) => ping.p99Ms)).median;
      for (const [{ contender }, rounds] of results) {
        const pings = rounds.map(({ ping }) => ping);
        const bar = WITH_BAR.includes(contender) ? pingP99Ms(recipe) : undefined;
        const { name } = contender;
        figures.add(
          name,
          'pingP99Ms',
          pings.map(({ p99Ms }) => p99Ms),
          { platform, bar },
        );
        figures.add(
          name,
          'pingP50Ms',
          pings.map(({ p50Ms }) => p50Ms),
          { platform },
        );
        const floods = rounds.map(({ flood }) => flood);
        addHttpFigures(figures, name, floods, base, { platform });
      }
    }
    return {
      scenario: forged.name,
      what: 'A flood of forged tokens, all different, over 32 connections; meanwhile an open route is asked 200 times a second.',
      figures: figures.all,
      notes: [],
    };
  },
};

async function floodAndPing(bench: Bench, server: Server): Promise<Flooded> {
  const { load, prober, settings } = bench;
  const { durationMs } = settings.forged;
  const { contender, port } = server;
  const { credential, verifies } = contender;
  const [flood, ping] = await Promise.all([
    sample(
      load,
      server,
      // Who looks at no token would be through with them before the time is over.
      { path: '/me', credential, tokens: verifies ? 'once' : 'rotate', durationMs },
      verifies ? 401 : 200,
    ),
    prober.probe({ port, path: '/ping', everyMs: PROBE_EVERY_MS, durationMs }),
  ]);
  return { flood, ping };
}
