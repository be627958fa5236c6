import { warmRatio } from '../bars.js';
import type { Bench, Scenario } from '../bench.js';
import { nestjsHanko, nestjsHankoCookie, nestjsHankoRequest } from '../contenders/nestjs-hanko.js';
import { none } from '../contenders/none.js';
import { Figures, type Report } from '../report/figure.js';
import { spreadOf } from '../report/statistics.js';
import { compareContenders } from './compare-contenders.js';

const WITH_BAR = [nestjsHankoRequest, nestjsHanko, nestjsHankoCookie];

export const warm: Scenario = {
  name: 'warm',
  async run(bench: Bench): Promise<Report> {
    const { settings, tokens } = bench;
    const figures = new Figures(warm.name);
    const notes = [
      'Requests that arrive together may share one verification, also without a cache: `thousand` shows what it costs alone.',
    ];
    for (const platform of settings.platforms) {
      const results = await compareContenders(bench, figures, {
        platform,
        rounds: settings.warm,
        tokensOf: () => tokens.slice(0, 1),
        tokens: 'rotate',
        barOf: (contender) => (WITH_BAR.includes(contender) ? warmRatio[platform] : undefined),
      });
      const busy = spreadOf(
        (results.get(none) ?? []).map(
          ({ cpuMicros, requestsPerSecond }) => (cpuMicros * requestsPerSecond) / 1e6,
        ),
      );
      notes.push(
        `On ${platform} the server without a guard used ${(busy.median * 100).toFixed(0)} % of a core: ` +
          'where that is far below 100, the client or neighbours hold it back, and ratios of throughput look better than they are.',
      );
    }
    return {
      scenario: warm.name,
      what: 'One token, sent again and again over 32 connections.',
      figures: figures.all,
      notes,
    };
  },
};
