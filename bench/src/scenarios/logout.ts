import type { Bench, Scenario } from '../bench.js';
import { postWebhook, webhookBody } from '../hanko/webhooks.js';
import type { SigningKey } from '../hanko/signing-key.js';
import { claimsOf } from '../hanko/tokens.js';
import { Figures, type Report } from '../report/figure.js';
import { quantile } from '../report/statistics.js';
import { Instance } from '../sockets/instance.js';
import { Redis } from '../sockets/redis.js';
import { LIBRARIES, type Library } from '../sockets/socket-app.js';
import { connect } from '../sockets/socket-client.js';

/** Where its webhook goes, and where the socket is. */
interface Way {
  readonly told: Instance;
  readonly connected: Instance;
}

/** How many of them are measured: each session is over only once. */
const WAYS = 6;

export const logout: Scenario = {
  name: 'logout',
  tokens: (settings) => settings.logout.logouts * WAYS,
  async run(bench: Bench): Promise<Report> {
    const figures = new Figures(logout.name);
    const { logouts } = bench.settings.logout;
    let first = 0;
    const add = async (subject: string, way: Way): Promise<void> => {
      const tokens = bench.tokens.slice(first, logouts);
      first += logouts;
      const sorted = (await millisOf(tokens, bench.tokens.key, way)).toSorted((a, b) => a - b);
      figures.add(subject, 'p50Ms', quantile(sorted, 0.5));
      figures.add(subject, 'p99Ms', quantile(sorted, 0.99));
    };
    const start = (library: Library, redisUrl?: string, isTelling = false): Promise<Instance> => {
      const hanko = bench.jwks.settingsFor(logout.name);
      return Instance.start({ library, hanko, isClosed: true, redisUrl, isTelling });
    };

    for (const library of LIBRARIES) {
      await using alone = await start(library);
      await add(`${library}, one instance`, { told: alone, connected: alone });
    }
    await using redis = await Redis.start();
    const notes: string[] = [];
    if (redis === undefined) notes.push('Two instances need a `redis-server`: not measured.');
    else {
      for (const isTelling of [false, true]) {
        await using told = await start('ws', redis.url, isTelling);
        await using other = await start('ws', redis.url, isTelling);
        const how = `ws, two instances, Redis${isTelling ? ' with `subscribe`' : ''}`;
        await add(`${how}: told here`, { told, connected: told });
        await add(`${how}: the other was told`, { told, connected: other });
      }
    }
    return {
      scenario: logout.name,
      what: 'A session is over: from the moment when Hanko posts its webhook until the client sees its socket closed.',
      figures: figures.all,
      notes,
    };
  },
};

/** One after the other. @returns milliseconds of each. */
async function millisOf(
  tokens: readonly string[],
  key: SigningKey,
  { told, connected }: Way,
): Promise<number[]> {
  const millis: number[] = [];
  for (const token of tokens) {
    const client = await connect(connected.library, connected.port, token);
    const { session_id: id } = claimsOf(token);
    const body = await webhookBody(key, 'session.delete.explicit.logout', id);
    const startedAt = performance.now();
    const posted = postWebhook(told.webhookUrl, body);
    millis.push((await client.ended).at - startedAt);
    await posted;
  }
  return millis;
}
