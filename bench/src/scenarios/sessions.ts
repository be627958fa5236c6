import { onlineAddedMicros, refreshRatio } from '../bars.js';
import type { Bench, Scenario } from '../bench.js';
import type { Contender, Platform } from '../contenders/contender.js';
import { sessionContenders } from '../contenders/index.js';
import {
  nestjsHankoOnline,
  nestjsHankoRefresh,
  nestjsHankoRefreshRequest,
} from '../contenders/nestjs-hanko.js';
import { none } from '../contenders/none.js';
import { validateRecipe } from '../contenders/validate-recipe.js';
import { sample, type Sample } from '../load/rounds.js';
import { Figures, type Report } from '../report/figure.js';
import { spreadOf } from '../report/statistics.js';
import { Fleet } from '../server/fleet.js';
import { compareContenders } from './compare-contenders.js';
import { THOUSAND } from './thousand.js';

const WITH_BAR: readonly Contender[] = [nestjsHankoRefresh, nestjsHankoRefreshRequest];

/** Only an end for a server that hangs. */
const TIME_LIMIT_MS = 60_000;

export const sessions: Scenario = {
  name: 'sessions',
  tokens: () => THOUSAND,
  async run(bench: Bench): Promise<Report> {
    const { settings, tokens, jwks, execPath } = bench;
    const sent = tokens.slice(0, THOUSAND);
    jwks.setSessions(sent);
    await using fleet = new Fleet(sessionContenders, jwks, tokens, execPath);
    const figures = new Figures(sessions.name);
    for (const platform of settings.platforms) {
      await sendOnce({ ...bench, fleet }, sent, platform);
      const results = await compareContenders({ ...bench, fleet }, figures, {
        platform,
        rounds: settings.sessions,
        tokensOf: () => sent,
        tokens: 'rotate',
        barOf: (contender) => (WITH_BAR.includes(contender) ? refreshRatio[platform] : undefined),
      });
      addAddedCpu(figures, results, platform);
    }
    return {
      scenario: sessions.name,
      what: '1,000 sessions, their tokens sent in turn, and a Hanko on the same machine that says at once that they are alive.',
      figures: figures.all,
      notes: [
        'Hanko has a process of its own, but no cores: ratios of throughput have its CPU in them, CPU per request has not.',
        'Each token was sent once before the rounds begin. With `refreshSeconds: 60` Hanko is asked then, and not again in the rounds: in a minute it would be 1,000 calls more.',
      ],
    };
  },
};

/** Whoever remembers something does so from here on. */
async function sendOnce(
  { fleet, load }: Bench,
  sent: readonly string[],
  platform: Platform,
): Promise<void> {
  await load.setTokens(sent);
  for (const server of await fleet.on(platform)) {
    const { credential } = server.contender;
    const volley = { path: '/me', credential, tokens: 'once', durationMs: TIME_LIMIT_MS } as const;
    await sample(load, server, volley, 200);
  }
}

/** What each adds to the CPU time of a request without a guard in the same round. */
function addAddedCpu(
  figures: Figures,
  results: ReadonlyMap<Contender, readonly Sample[]>,
  platform: Platform,
): void {
  const base = results.get(none) ?? [];
  const addedBy = (contender: Contender): number[] =>
    (results.get(contender) ?? []).map(
      ({ cpuMicros }, round) => cpuMicros - (base[round]?.cpuMicros ?? NaN),
    );
  const bar = onlineAddedMicros(spreadOf(addedBy(validateRecipe)).median);
  for (const contender of results.keys()) {
    if (contender === none) continue;
    figures.add(contender.name, 'addedCpuMicros', addedBy(contender), {
      platform,
      bar: contender === nestjsHankoOnline ? bar : undefined,
    });
  }
}
