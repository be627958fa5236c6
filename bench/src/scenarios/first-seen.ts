import { firstSeenRatio } from '../bars.js';
import type { Bench, Scenario } from '../bench.js';
import type { Contender } from '../contenders/contender.js';
import { httpContenders } from '../contenders/index.js';
import {
  nestjsHanko,
  nestjsHankoCookie,
  nestjsHankoNoCache,
  nestjsHankoRequest,
} from '../contenders/nestjs-hanko.js';
import { Figures, type Report } from '../report/figure.js';
import type { Settings } from '../settings.js';
import { compareContenders } from './compare-contenders.js';
import { THOUSAND } from './thousand.js';

const WITH_BAR = [nestjsHankoRequest, nestjsHanko, nestjsHankoCookie];
const OWN = [...WITH_BAR, nestjsHankoNoCache];
const PEERS = httpContenders.filter(({ verifies }) => verifies).filter((c) => !OWN.includes(c));

export const firstSeen: Scenario = {
  name: 'first-seen',
  tokens: (settings) => THOUSAND + tokensSent(settings),
  async run(bench: Bench): Promise<Report> {
    const { settings, tokens } = bench;
    const { tokensPerRound } = settings.firstSeen;
    const figures = new Figures(firstSeen.name);
    for (const platform of settings.platforms) {
      await compareContenders(bench, figures, {
        platform,
        rounds: settings.firstSeen,
        tokensOf: (round) => tokens.slice(THOUSAND + round * tokensPerRound, tokensPerRound),
        tokens: 'once',
        barOf: (contender, ratios) => (WITH_BAR.includes(contender) ? bestPeer(ratios) : undefined),
      });
    }
    return {
      scenario: firstSeen.name,
      what: `Tokens that the server has never seen: up to ${tokensSent(settings).toLocaleString('en-US')}, each sent once.`,
      figures: figures.all,
      notes: [],
    };
  },
};

function tokensSent({ firstSeen: { warmUp, count, tokensPerRound } }: Settings): number {
  return (warmUp + count) * tokensPerRound;
}

function bestPeer(ratios: ReadonlyMap<string, number>) {
  const ratioOf = ({ id }: Contender): number => ratios.get(id) ?? 0;
  return firstSeenRatio(Math.max(...PEERS.map(ratioOf)));
}
