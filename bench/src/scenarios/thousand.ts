import type { Bench, Scenario } from '../bench.js';
import { Figures, type Report } from '../report/figure.js';
import { compareContenders } from './compare-contenders.js';

/** Those after them are `first-seen`. */
export const THOUSAND = 1_000;

export const thousand: Scenario = {
  name: 'thousand',
  tokens: () => THOUSAND,
  async run(bench: Bench): Promise<Report> {
    const { settings, tokens } = bench;
    const figures = new Figures(thousand.name);
    for (const platform of settings.platforms) {
      await compareContenders(bench, figures, {
        platform,
        rounds: settings.thousand,
        tokensOf: () => tokens.slice(0, THOUSAND),
        tokens: 'rotate',
      });
    }
    return {
      scenario: thousand.name,
      what: '1,000 tokens, sent in turn.',
      figures: figures.all,
      notes: [],
    };
  },
};
