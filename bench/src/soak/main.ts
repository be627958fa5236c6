import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { JwksServer } from '../hanko/jwks-server.js';
import { SigningKey } from '../hanko/signing-key.js';
import { circumstances, circumstancesText } from '../report/machine.js';
import { Instance } from '../sockets/instance.js';
import type { Held } from '../sockets/instance-process.js';
import { Redis } from '../sockets/redis.js';
import { LIBRARIES } from '../sockets/socket-app.js';
import { Tally } from './tally.js';
import { MEAN_SOCKETS, OPTIONS, visit } from './visit.js';

/** The visits do not all begin at one moment. */
const ARRIVE_MS = 40_000;
/** How long all may take to leave, at most: the longest life, and whatever is waited for. */
const LEAVE_MS = 300_000;
const REPORT_EVERY_MS = 30_000;

/** How long the instances get to let go at the end, and how many sockets each may still hold. */
const LET_GO_MS = 30_000;
/** Nest itself keeps the client that connected last, and the one that left last, of each gateway. */
const KEPT_BY_NEST = 4;

/** @returns the code with which the process exits. */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '10' },
      sockets: { type: 'string', default: '2000' },
    },
  });
  const sockets = Number(values.sockets);
  const minutes = Number(values.minutes);
  const where = circumstances(['node bench/soak.mjs', ...args].join(' '), process.execPath);
  console.log(`# Soak\n\n${circumstancesText(where)}\n`);

  // The clients, and Hanko, share a process, which signs all that these sign in with.
  const key = await SigningKey.generate(2048);
  await using hanko = await JwksServer.start(key);
  await using redis = await Redis.start();
  const started = await Promise.all(
    LIBRARIES.map((library) =>
      Instance.start({
        library,
        hanko: hanko.settingsFor(library),
        isClosed: true,
        options: OPTIONS,
        redisUrl: redis?.url,
      }),
    ),
  );
  const [a, b] = started as [Instance, Instance];
  await using first = a;
  await using second = b;
  const instances = [first, second];
  if (redis === undefined)
    console.log('No `redis-server`: each instance is told of all that ends.');

  const tally = new Tally();
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const ground = { hanko, key, instances, isShared: redis !== undefined, tally };
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  let pending = Math.round(sockets / MEAN_SOCKETS);
  const visits = Array.from({ length: pending }, async () => {
    await wait(Math.random() * ARRIVE_MS);
    while (!closing.signal.aborted) {
      try {
        await visit({ ...ground, closing: closing.signal });
      } catch (error) {
        tally.fault(String(error));
      }
    }
    pending -= 1;
  });
  const over = Promise.all(visits);
  over.catch(() => undefined);
  const endsAt = performance.now() + minutes * 60_000;
  while (performance.now() < endsAt) {
    const pause = Math.min(REPORT_EVERY_MS, endsAt - performance.now());
    await Promise.race([wait(pause), over]);
    await reportHeld(instances, tally);
  }
  closing.abort();
  await Promise.race([over, wait(LEAVE_MS, undefined, { ref: false })]);
  if (pending > 0) tally.fault(`${pending} visits did not come to an end`);

  console.log(`\n${tally.text()}\n`);
  const lag = [delay.percentile(50), delay.percentile(99)].map((ns) => (ns / 1e6).toFixed(0));
  console.log(`Event loop of the clients: median ${lag[0]} ms, p99 ${lag[1]} ms (10 are its own).`);
  let isHeld = false;
  for (const instance of instances) {
    const held = await untilLetGo(instance);
    console.log(`${instance.library}: ${heldText(held)}`);
    isHeld ||= !isLetGo(held);
  }
  const isGood = !isHeld && tally.faultCount === 0;
  console.log(isGood ? 'Nothing is held, and no socket was alive that should not be.' : 'FAILED');
  return isGood ? 0 : 1;
}

async function reportHeld(instances: readonly Instance[], tally: Tally): Promise<void> {
  const held = await Promise.all(instances.map((instance) => instance.held()));
  const texts = held.map((each, i) => `${instances[i]?.library}: ${heldText(each)}`);
  console.error(`${texts.join(' | ')} | faults: ${tally.faultCount}`);
}

async function untilLetGo(instance: Instance): Promise<Held> {
  const endsAt = performance.now() + LET_GO_MS;
  for (;;) {
    const held = await instance.held();
    if (isLetGo(held) || performance.now() > endsAt) return held;
    await wait(500);
  }
}

const isLetGo = ({ alive, watched, entries }: Held): boolean =>
  alive <= KEPT_BY_NEST && watched === 0 && entries === 0;

const heldText = ({ connected, alive, watched, entries, heapBytes }: Held): string =>
  `${connected} connected, ${alive} in memory, ${watched} watched, ${entries} entries, heap ${(heapBytes / 1e6).toFixed(1)} MB`;
