import { downRequestsPerSecond } from '../bars.js';
import type { Bench, Scenario } from '../bench.js';
import type { Platform } from '../contenders/contender.js';
import { nestjsHankoOnline, nestjsHankoOnlineAccept } from '../contenders/nestjs-hanko.js';
import { validateRecipe } from '../contenders/validate-recipe.js';
import { JwksServer, type Outage } from '../hanko/jwks-server.js';
import { alternate, sample, type Sample } from '../load/rounds.js';
import { Figures, type Report } from '../report/figure.js';
import { spreadOf } from '../report/statistics.js';
import { Fleet } from '../server/fleet.js';
import type { Server } from '../server/server.js';
import { THOUSAND } from './thousand.js';

/** An app, and how its Hanko is. */
interface Subject {
  readonly server: Server;
  readonly hanko: 'answers' | Outage;
}

const OWN = [nestjsHankoOnline, nestjsHankoOnlineAccept];

export const hankoDown: Scenario = {
  name: 'hanko-down',
  tokens: () => THOUSAND,
  async run(bench: Bench): Promise<Report> {
    const figures = new Figures(hankoDown.name);
    for (const platform of bench.settings.platforms) await compare(bench, figures, platform);
    return {
      scenario: hankoDown.name,
      what: "1,000 sessions, their tokens sent in turn, and a Hanko that refuses connections, or accepts them and says nothing: 503, or 200 with `onUnavailable: 'accept'`. Beside them the recipe, whose Hanko answers.",
      figures: figures.all,
      notes: [
        'The time-outs before the circuit opens are in the rounds that are thrown away. One request tries for all now and then: it is the only one that waits.',
      ],
    };
  },
};

async function compare(bench: Bench, figures: Figures, platform: Platform): Promise<void> {
  const { settings, tokens, jwks, load, execPath } = bench;
  const sent = tokens.slice(0, THOUSAND);
  // They are up until their apps have fetched the keys.
  await using refusing = await JwksServer.start(tokens.key);
  await using hanging = await JwksServer.start(tokens.key);
  for (const hanko of [jwks, refusing, hanging]) hanko.setSessions(sent);
  await using answered = new Fleet([validateRecipe], jwks, tokens, execPath);
  await using refused = new Fleet(OWN, refusing, tokens, execPath);
  await using hung = new Fleet(OWN, hanging, tokens, execPath);
  const subjects = [
    ...subjectsOf(await answered.on(platform), 'answers'),
    ...subjectsOf(await refused.on(platform), 'refuses'),
    ...subjectsOf(await hung.on(platform), 'hangs'),
  ];
  await refusing.goDown('refuses');
  await hanging.goDown('hangs');

  const { durationMs } = settings.hankoDown;
  const results = await alternate(
    subjects,
    settings.hankoDown,
    (subject) => {
      const { credential } = subject.server.contender;
      const volley = { path: '/me', credential, tokens: 'rotate', durationMs } as const;
      return sample(load, subject.server, volley, statusOf(subject));
    },
    () => load.setTokens(sent),
  );
  const throughputs = (samples: readonly Sample[]): number[] =>
    // Not by the time until the last answer: one request that waits for its time-out would stretch it.
    samples.map(({ requests }) => (requests / durationMs) * 1_000);
  const recipe = [...results].find(([{ hanko }]) => hanko === 'answers')?.[1] ?? [];
  const bar = downRequestsPerSecond(spreadOf(throughputs(recipe)).median);
  for (const [{ server, hanko }, samples] of results) {
    const row = `${server.contender.name}: Hanko ${hanko}`;
    figures.add(row, 'requestsPerSecond', throughputs(samples), {
      platform,
      bar: hanko === 'answers' ? undefined : bar,
    });
    for (const metric of ['cpuMicros', 'p50Ms', 'p99Ms'] as const) {
      const values = samples.map((one) => one[metric]);
      figures.add(row, metric, values, { platform });
    }
  }
}

const subjectsOf = (servers: readonly Server[], hanko: Subject['hanko']): Subject[] =>
  servers.map((server) => ({ server, hanko }));

const statusOf = ({ server, hanko }: Subject): number =>
  hanko === 'answers' || server.contender === nestjsHankoOnlineAccept ? 200 : 503;
