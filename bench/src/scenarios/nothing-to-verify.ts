import type { Bench, Scenario } from '../bench.js';
import type { Contender, Platform } from '../contenders/contender.js';
import { docsRecipe } from '../contenders/docs-recipe.js';
import { nestjsHanko } from '../contenders/nestjs-hanko.js';
import { none } from '../contenders/none.js';
import { yes } from '../contenders/yes.js';
import { alternate, sample } from '../load/rounds.js';
import { Figures, type Report } from '../report/figure.js';
import { addHttpFigures, ratios } from '../report/http-figures.js';

interface Row {
  readonly subject: string;
  readonly contender: Contender;
  readonly path: string;
  readonly sendsGarbage?: boolean;
  readonly status: number;
  /** What Nest takes to answer the same without looking at anything. */
  readonly base?: Row;
}

const open: Row = { subject: none.name, contender: none, path: '/me', status: 200 };
const saysYes: Row = { subject: yes.name, contender: yes, path: '/me', status: 200 };
const saysNo: Row = {
  subject: 'a guard that throws 401',
  contender: yes,
  path: '/refused',
  status: 401,
};
const ROWS: readonly Row[] = [
  open,
  saysYes,
  {
    subject: `${nestjsHanko.name}: \`@Public()\``,
    contender: nestjsHanko,
    path: '/ping',
    status: 200,
    base: saysYes,
  },
  saysNo,
  ...[nestjsHanko, docsRecipe].flatMap((contender): Row[] => [
    {
      subject: `${contender.name}: no credential`,
      contender,
      path: '/me',
      status: 401,
      base: saysNo,
    },
    {
      subject: `${contender.name}: garbage`,
      contender,
      path: '/me',
      sendsGarbage: true,
      status: 401,
      base: saysNo,
    },
  ]),
];

export const nothingToVerify: Scenario = {
  name: 'nothing-to-verify',
  async run(bench: Bench): Promise<Report> {
    const figures = new Figures(nothingToVerify.name);
    for (const platform of bench.settings.platforms) await compare(bench, figures, platform);
    return {
      scenario: nothingToVerify.name,
      what: 'Requests that no signature decides. The base is a guard that answers the same and looks at nothing.',
      figures: figures.all,
      notes: [],
    };
  },
};

async function compare(bench: Bench, figures: Figures, platform: Platform): Promise<void> {
  const { fleet, load, settings } = bench;
  const { durationMs } = settings.nothing;
  const servers = await fleet.on(platform);
  const results = await alternate(
    ROWS,
    settings.nothing,
    async ({ contender, path, sendsGarbage = false, status }) => {
      const server = servers.find((candidate) => candidate.contender === contender);
      if (server === undefined) throw new Error(`${contender.id} does not run on ${platform}`);
      const credential = sendsGarbage ? contender.credential : null;
      return sample(load, server, { path, credential, tokens: 'rotate', durationMs }, status);
    },
    () => load.setTokens(['garbage']),
  );
  const base = results.get(open) ?? [];
  for (const [row, samples] of results) {
    if (row.base !== undefined) {
      const own = results.get(row.base) ?? [];
      figures.add(row.subject, 'baseRatio', ratios(samples, own), { platform });
    }
    addHttpFigures(figures, row.subject, samples, base, { platform });
  }
}
