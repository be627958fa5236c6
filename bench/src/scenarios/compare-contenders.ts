import type { Bar } from '../bars.js';
import type { Bench } from '../bench.js';
import type { Contender, Platform } from '../contenders/contender.js';
import { none } from '../contenders/none.js';
import { alternate, sample, type Sample } from '../load/rounds.js';
import type { Volley } from '../load/volley.js';
import type { Figures } from '../report/figure.js';
import { addHttpFigures, ratios } from '../report/http-figures.js';
import { spreadOf } from '../report/statistics.js';
import type { Rounds } from '../settings.js';

interface Comparison {
  readonly platform: Platform;
  readonly rounds: Rounds;
  /** Good tokens for a round; those that are thrown away are counted too. */
  readonly tokensOf: (round: number) => readonly string[];
  readonly tokens: Volley['tokens'];
  /** @param ratioOf the ratio of another contender, by its id. */
  readonly barOf?: (contender: Contender, ratios: ReadonlyMap<string, number>) => Bar | undefined;
}

/** Loads `GET /me` of every contender with good tokens, in alternating rounds. @returns the samples of each. */
export async function compareContenders(
  { fleet, load }: Bench,
  figures: Figures,
  { platform, rounds, tokensOf, tokens, barOf }: Comparison,
): Promise<ReadonlyMap<Contender, readonly Sample[]>> {
  const results = await alternate(
    await fleet.on(platform),
    rounds,
    (server) => {
      const { credential } = server.contender;
      const { durationMs } = rounds;
      return sample(load, server, { path: '/me', credential, tokens, durationMs }, 200);
    },
    (round) => load.setTokens(tokensOf(round)),
  );
  const samplesOf = new Map([...results].map(([{ contender }, samples]) => [contender, samples]));
  const base = samplesOf.get(none) ?? [];
  const medians = new Map(
    [...samplesOf].map(([{ id }, samples]) => [id, spreadOf(ratios(samples, base)).median]),
  );
  for (const [contender, samples] of samplesOf) {
    const bar = barOf?.(contender, medians);
    addHttpFigures(figures, contender.name, samples, base, { platform, bar });
  }
  return samplesOf;
}
