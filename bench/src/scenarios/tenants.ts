import { Logger } from '@nestjs/common';
import { heldMegabytes, tenantAddedMicros, tenantsAddedMicros } from '../bars.js';
import type { Bench, Scenario } from '../bench.js';
import type { HankoSettings } from '../contenders/contender.js';
import {
  nestjsHanko,
  nestjsHankoTenants,
  nestjsHankoTenantsRefresh,
} from '../contenders/nestjs-hanko.js';
import { TokenLines } from '../hanko/token-lines.js';
import { Guard } from '../isolated/guard.js';
import { contextWith } from '../isolated/http-context.js';
import { measureApart } from '../isolated/isolated.js';
import { usedBytes } from '../isolated/used-bytes.js';
import { Figures, type Report } from '../report/figure.js';
import type { Settings } from '../settings.js';

/** Calls with each token in a round: one alone takes milliseconds, and measures whatever happens meanwhile. */
const PASSES = 20;

type Input =
  | {
      readonly what: 'hit';
      readonly hanko: HankoSettings;
      readonly tokens: readonly string[];
      readonly rounds: number;
    }
  | {
      readonly what: 'memory';
      readonly hanko: HankoSettings;
      readonly contender: string;
      readonly tokensFile: string;
      readonly size: Settings['tenants'];
    };

/** Microseconds per call, one number for each round. */
interface Hits {
  readonly none: number[];
  readonly one: number[];
  readonly many: number[];
  /** One number for each tenant: the keys are fetched. */
  readonly first: number[];
}

export const measure = (input: Input): Promise<Hits | number> =>
  input.what === 'hit' ? measureHits(input) : measureMemory(input);

/** All tenants have one key here, which is quicker to sign with, and is warned of. */
async function startWith(contender: string, hanko: HankoSettings): Promise<Guard> {
  const guard = await Guard.start(contender, hanko);
  Logger.overrideLogger(['error']);
  return guard;
}

/** All apps in one process, for what the compiler makes of the code depends on what it has seen. */
async function measureHits({ hanko, tokens, rounds }: Input & { what: 'hit' }): Promise<Hits> {
  const none = await Guard.start(nestjsHanko.id, hanko);
  const one = await startWith(nestjsHankoTenants.id, hanko);
  const many = await startWith(nestjsHankoTenants.id, hanko);
  const context = (token: string, i: number) => contextWith('bearer', token, tenantId(i));
  const toOne = (token: string) => context(token, 0);

  const output: Hits = { none: [], one: [], many: [], first: [] };
  for (const [i, token] of tokens.entries()) {
    output.first.push(await many.time([context(token, i)], true));
  }
  const send = async (guard: Guard, toContext: typeof context): Promise<number> => {
    let micros = 0;
    for (let pass = 0; pass < PASSES; pass += 1) {
      micros += await guard.time(tokens.map(toContext), true);
    }
    return micros / PASSES;
  };
  const turns = [
    [none, toOne, output.none],
    [one, toOne, output.one],
    [many, context, output.many],
  ] as const;
  for (const [guard, toContext] of turns) {
    await guard.warmUp(() => toContext(String(tokens[0]), 0), true);
    await send(guard, toContext);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const [guard, toContext, micros] of round % 2 === 0 ? turns : turns.toReversed()) {
      micros.push(await send(guard, toContext));
    }
  }
  await Promise.all([none.stop(), one.stop(), many.stop()]);
  return output;
}

/** @returns what is held, in bytes. */
async function measureMemory({
  contender,
  hanko,
  tokensFile,
  size: { tenants: count, sessionsOfEach },
}: Input & { what: 'memory' }): Promise<number> {
  // A buffer, from which each request cuts its own text: what is held is held by the contender alone.
  const tokens = await TokenLines.read(tokensFile);
  const guard = await startWith(contender, hanko);
  // What is compiled meanwhile does not count as held.
  await guard.warmUp(() => contextWith('bearer', tokens.at(0), tenantId(count)), true);
  const before = usedBytes();
  for (let session = 0; session < sessionsOfEach; session += 1) {
    const contexts = Array.from({ length: count }, (_, i) =>
      contextWith('bearer', tokens.at(i * sessionsOfEach + session), tenantId(i)),
    );
    await guard.time(contexts, true);
  }
  const held = usedBytes() - before;
  await guard.stop();
  return held;
}

const tenantId = (i: number): string =>
  `00000000-0000-4000-8000-${i.toString(16).padStart(12, '0')}`;

export const tenants: Scenario = {
  name: 'tenants',
  tokens: ({ tenants: size }) => size.tenants * size.sessionsOfEach,
  async run({ settings, tokens, jwks, execPath }: Bench): Promise<Report> {
    const { tenants: size } = settings;
    const count = size.tenants.toLocaleString('en-US');
    const run = <Output>(input: Input): Promise<Output> =>
      measureApart<Output>(import.meta.url, input, execPath);
    const hits = await run<Hits>({
      what: 'hit',
      hanko: jwks.settingsFor('tenants'),
      tokens: tokens.slice(0, size.tenants),
      rounds: size.rounds,
    });
    const added = (micros: readonly number[]): number[] =>
      micros.map((value, round) => value - (hits.none[round] ?? NaN));
    const figures = new Figures(tenants.name);
    const { name } = nestjsHanko;
    figures.add(`${name}: one Hanko`, 'callMicros', hits.none);
    for (const [subject, micros, bar] of [
      [`${name}: 1 tenant`, hits.one, tenantAddedMicros],
      [`${name}: ${count} tenants in turn`, hits.many, tenantsAddedMicros],
    ] as const) {
      figures.add(subject, 'callMicros', micros);
      figures.add(subject, 'addedMicros', added(micros), { bar });
    }
    figures.add(`${name}: first request of a tenant`, 'callMicros', hits.first);

    jwks.setSessions(tokens.slice(0, size.tenants * size.sessionsOfEach));
    for (const contender of [nestjsHankoTenants, nestjsHankoTenantsRefresh]) {
      const held = await run<number>({
        what: 'memory',
        hanko: jwks.settingsFor(contender.id),
        contender: contender.id,
        tokensFile: tokens.file,
        size,
      });
      figures.add(contender.name, 'heldMegabytes', held / 1e6, { bar: heldMegabytes });
    }
    return {
      scenario: tenants.name,
      what: `\`canActivate()\` alone, no HTTP: ${count} known tokens in turn, of one Hanko, of one tenant, and each of another one; then ${size.sessionsOfEach} sessions of each of ${count} tenants, and what is held.`,
      figures: figures.all,
      notes: [],
    };
  },
};
