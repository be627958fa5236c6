import { randomUUID } from 'node:crypto';
import { HankoRevocation } from 'nestjs-hanko';
import { revokedAddedMicros } from '../bars.js';
import type { Bench, Scenario } from '../bench.js';
import type { HankoSettings } from '../contenders/contender.js';
import { nestjsHanko } from '../contenders/nestjs-hanko.js';
import { Guard } from '../isolated/guard.js';
import { contextWith } from '../isolated/http-context.js';
import { measureApart } from '../isolated/isolated.js';
import { Figures, type Report } from '../report/figure.js';

const REVOKED = 100_000;

/** Calls with each token in a round: one alone takes milliseconds, and measures whatever happens meanwhile. */
const PASSES = 20;

interface Input {
  readonly hanko: HankoSettings;
  readonly tokens: readonly string[];
  readonly rounds: number;
}

/** Microseconds per call, one number for each round. */
interface Output {
  readonly empty: number[];
  readonly full: number[];
}

/** Both apps in one process, for what the compiler makes of the code depends on what it has seen. */
export async function measure({ hanko, tokens, rounds }: Input): Promise<Output> {
  const empty = await Guard.start(nestjsHanko.id, hanko);
  const full = await Guard.start(nestjsHanko.id, hanko);
  const revocation = full.provider(HankoRevocation);
  for (let i = 0; i < REVOKED; i += 1) await revocation.revoke(randomUUID());

  const send = async (guard: Guard): Promise<number> => {
    let micros = 0;
    for (let pass = 0; pass < PASSES; pass += 1) {
      const contexts = tokens.map((token) => contextWith('bearer', token));
      micros += await guard.time(contexts, true);
    }
    return micros / PASSES;
  };
  const [first = null] = tokens;
  const output: Output = { empty: [], full: [] };
  for (const guard of [empty, full]) {
    await guard.warmUp(() => contextWith('bearer', first), true);
    await send(guard);
  }
  for (let round = 0; round < rounds; round += 1) {
    const turns = [
      [empty, output.empty],
      [full, output.full],
    ] as const;
    for (const [guard, micros] of round % 2 === 0 ? turns : turns.toReversed()) {
      micros.push(await send(guard));
    }
  }
  await Promise.all([empty.stop(), full.stop()]);
  return output;
}

export const revocations: Scenario = {
  name: 'revocations',
  tokens: (settings) => settings.revocations.calls,
  async run({ settings, tokens, jwks, execPath }: Bench): Promise<Report> {
    const { rounds, calls } = settings.revocations;
    const input: Input = {
      hanko: jwks.settingsFor(nestjsHanko.id),
      tokens: tokens.slice(0, calls),
      rounds,
    };
    const { empty, full } = await measureApart<Output>(import.meta.url, input, execPath);
    const figures = new Figures(revocations.name);
    const name = `${nestjsHanko.name}: ${REVOKED.toLocaleString('en-US')} revoked`;
    const added = full.map((micros, round) => micros - (empty[round] ?? NaN));
    figures.add(`${nestjsHanko.name}: nothing revoked`, 'callMicros', empty);
    figures.add(name, 'callMicros', full);
    figures.add(name, 'addedMicros', added, { bar: revokedAddedMicros });
    return {
      scenario: revocations.name,
      what: `\`canActivate()\` alone, no HTTP: ${calls.toLocaleString('en-US')} known tokens in turn, with an empty list of revocations and with one of ${REVOKED.toLocaleString('en-US')} other sessions.`,
      figures: figures.all,
      notes: [],
    };
  },
};
