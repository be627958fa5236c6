import { type Bar, expiredMicros, hitMicros, refusalRatio } from '../bars.js';
import type { Bench, Scenario } from '../bench.js';
import type { Contender, Credential, HankoSettings } from '../contenders/contender.js';
import { docsRecipe } from '../contenders/docs-recipe.js';
import { fastJwt } from '../contenders/fast-jwt.js';
import { looks } from '../contenders/looks.js';
import { nestjsHanko } from '../contenders/nestjs-hanko.js';
import { yes } from '../contenders/yes.js';
import { expiredToken } from '../hanko/tokens.js';
import { Guard } from '../isolated/guard.js';
import { contextWith } from '../isolated/http-context.js';
import { measureApart } from '../isolated/isolated.js';
import { Figures, type Report } from '../report/figure.js';
import type { Settings } from '../settings.js';

/** Requests that are all alike. */
interface Requests {
  readonly what: string;
  readonly credential: Credential;
  readonly token: string | null;
  readonly isGood: boolean;
  readonly bar?: Bar;
}

interface Input {
  readonly contender: string;
  readonly hanko: HankoSettings;
  readonly rows: readonly Requests[];
  readonly size: Settings['guardAlone'];
}

/** @returns microseconds per call: for each row, one number for each round. */
export async function measure({ contender, hanko, rows, size }: Input): Promise<number[][]> {
  const guard = await Guard.start(contender, hanko);
  const results: number[][] = [];
  for (const { credential, token, isGood } of rows) {
    const newContext = () => contextWith(credential, token);
    await guard.warmUp(newContext, isGood);
    const micros: number[] = [];
    for (let round = 0; round < size.rounds; round += 1) {
      const contexts = Array.from({ length: size.callsPerRound }, newContext);
      micros.push(await guard.time(contexts, isGood));
    }
    results.push(micros);
  }
  await guard.stop();
  return results;
}

export const guardAlone: Scenario = {
  name: 'guard-alone',
  async run({ settings, tokens, jwks, execPath }: Bench): Promise<Report> {
    const good: Requests = {
      what: 'good bearer',
      credential: 'bearer',
      token: tokens.at(0),
      isGood: true,
    };
    const expired: Requests = {
      what: 'expired bearer',
      credential: 'bearer',
      token: await expiredToken(tokens.key),
      isGood: false,
    };
    const garbage: Requests = { ...expired, what: 'garbage', token: 'garbage' };
    const nothing: Requests = { ...expired, what: 'no credential', token: null };
    const rowsOf: readonly (readonly [Contender, readonly Requests[]])[] = [
      [yes, [good]],
      [looks, [expired, garbage, nothing]],
      [
        nestjsHanko,
        [
          { ...good, bar: hitMicros },
          { ...good, what: 'good cookie', credential: 'cookie', bar: hitMicros },
          { ...expired, bar: expiredMicros },
          garbage,
          nothing,
        ],
      ],
      [fastJwt, [good]],
      [docsRecipe, [good, expired, garbage, nothing]],
    ];
    /** Microseconds per call of the guard that looks and throws, by what it was sent. */
    const leastOf = new Map<string, readonly number[]>();
    const figures = new Figures(guardAlone.name);
    for (const [contender, rows] of rowsOf) {
      if (contender !== looks && !settings.guards.includes(contender)) continue;
      const { id, name } = contender;
      const input: Input = {
        contender: id,
        hanko: jwks.settingsFor(id),
        rows,
        size: settings.guardAlone,
      };
      const results = await measureApart<number[][]>(import.meta.url, input, execPath);
      for (const [i, { what, bar }] of rows.entries()) {
        const micros = results[i] ?? [];
        figures.add(`${name}: ${what}`, 'callMicros', micros, { bar });
        const least = leastOf.get(what);
        if (contender === looks) leastOf.set(what, micros);
        else if (least !== undefined) {
          figures.add(`${name}: ${what}`, 'baseRatio', ratio(micros, least), {
            bar: contender === nestjsHanko ? refusalRatio : undefined,
          });
        }
      }
    }
    return {
      scenario: guardAlone.name,
      what: '`canActivate()` alone, no HTTP: each call gets a new request; errors are made and caught.',
      figures: figures.all,
      notes: [],
    };
  },
};

/**
 * The fastest round by the fastest one of the base, the next by the next: they are of two processes, one after the other, so
 * that what disturbs a round has nothing to do with the round of the same number.
 */
function ratio(micros: readonly number[], base: readonly number[]): number[] {
  const [values, bases] = [micros, base].map((rounds) => rounds.toSorted((a, b) => a - b));
  return (values ?? []).map((value, rank) => value / (bases?.[rank] ?? Number.NaN));
}
