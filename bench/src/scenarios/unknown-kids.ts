import { jwksFetchesPerCooldown } from '../bars.js';
import type { Bench, Scenario } from '../bench.js';
import { nestjsHanko, nestjsHankoCookie, nestjsHankoRequest } from '../contenders/nestjs-hanko.js';
import { unknownKidToken } from '../hanko/tokens.js';
import { sample } from '../load/rounds.js';
import { Figures, type Report } from '../report/figure.js';

/** The default of `jwksCooldownSeconds`. */
const COOLDOWN_MS = 30_000;
/** Only an end for a server that hangs. */
const TIME_LIMIT_MS = 120_000;
const WITH_BAR = [nestjsHankoRequest, nestjsHanko, nestjsHankoCookie];

export const unknownKids: Scenario = {
  name: 'unknown-kids',
  async run({ settings, fleet, load, jwks }: Bench): Promise<Report> {
    const { tokens } = settings.unknownKids;
    const figures = new Figures(unknownKids.name);
    for (const platform of settings.platforms) {
      for (const server of await fleet.on(platform)) {
        const { name, credential, verifies } = server.contender;
        if (!verifies) continue;
        await load.setTokens(Array.from({ length: tokens }, unknownKidToken));
        const before = jwks.fetchesOf(server.caller);
        const volley = {
          path: '/me',
          credential,
          tokens: 'once',
          durationMs: TIME_LIMIT_MS,
        } as const;
        const { elapsedMs, requestsPerSecond } = await sample(load, server, volley, 401);
        const fetches = jwks.fetchesOf(server.caller) - before;
        const bar = WITH_BAR.includes(server.contender) ? jwksFetchesPerCooldown : undefined;
        const perCooldown = fetches / Math.ceil(elapsedMs / COOLDOWN_MS);
        figures.add(name, 'jwksFetches', fetches, { platform });
        figures.add(name, 'jwksFetchesPerCooldown', perCooldown, { platform, bar });
        figures.add(name, 'requestsPerSecond', requestsPerSecond, { platform });
      }
    }
    return {
      scenario: unknownKids.name,
      what: `${tokens.toLocaleString('en-US')} tokens, each with a kid of its own that no key has; a cooldown is 30 s.`,
      figures: figures.all,
      notes: ['fast-jwt is given the keys once, when its app starts: it fetches none.'],
    };
  },
};
