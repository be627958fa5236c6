import type { Load } from './load.js';
import type { Volley, VolleyResult } from './volley.js';
import type { Server } from '../server/server.js';
import type { Rounds } from '../settings.js';

/** A volley, and what it cost the server. */
export interface Sample extends VolleyResult {
  readonly requestsPerSecond: number;
  /** CPU time of all the server's threads for each request. */
  readonly cpuMicros: number;
  /** The part of it that is not the kernel's: what the code of app and libraries takes. */
  readonly userMicros: number;
}

/**
 * Plays round after round; in each one every subject gets its turn, and another one is first, so that
 * a machine that is slow for a while is slow for all.
 */
export async function alternate<Subject, Result>(
  subjects: readonly Subject[],
  { warmUp, count }: Rounds,
  play: (subject: Subject) => Promise<Result>,
  prepare: (round: number) => Promise<void>,
): Promise<Map<Subject, readonly Result[]>> {
  const results = new Map(subjects.map((subject): [Subject, Result[]] => [subject, []]));
  for (let round = 0; round < warmUp + count; round += 1) {
    await prepare(round);
    const first = round % subjects.length;
    for (const subject of [...subjects.slice(first), ...subjects.slice(0, first)]) {
      const result = await play(subject);
      if (round >= warmUp) results.get(subject)?.push(result);
    }
  }
  return results;
}

/** @throws Error if an answer has another status: an app that fails is quick. */
export async function sample(
  load: Load,
  server: Server,
  volley: Omit<Volley, 'port'>,
  expectedStatus: number,
): Promise<Sample> {
  const before = await server.usage();
  const result = await load.fire({ ...volley, port: server.port });
  const after = await server.usage();
  const user = after.userMicros - before.userMicros;
  const system = after.systemMicros - before.systemMicros;
  const { requests, elapsedMs, statuses } = result;
  if (statuses[expectedStatus] !== requests) {
    throw new Error(
      `${server.caller}: ${volley.path} is answered ${JSON.stringify(statuses)}, not ${expectedStatus}`,
    );
  }
  return {
    ...result,
    requestsPerSecond: (requests / elapsedMs) * 1_000,
    cpuMicros: (user + system) / requests,
    userMicros: user / requests,
  };
}
