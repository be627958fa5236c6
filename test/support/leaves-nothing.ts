import { channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import { afterAll } from 'vitest';
import { HANKO_CHANNELS } from '../../lib/diagnostics/channels.js';

/** Objects that all files of a worker share, each member of which a test could replace. */
const OBJECTS: Readonly<Record<string, object>> = {
  'process.env': process.env,
  console,
  Error,
  JSON,
  Math,
  Date,
  EventEmitter,
  'Object.prototype': Object.prototype,
  'Array.prototype': Array.prototype,
  'Function.prototype': Function.prototype,
  'Promise.prototype': Promise.prototype,
};

/** Others are made when they are first used. */
const GLOBALS =
  'setTimeout clearTimeout setInterval clearInterval setImmediate queueMicrotask fetch Date Promise Error performance console'.split(
    ' ',
  );

const PROCESS_EVENTS = ['uncaughtException', 'unhandledRejection', 'SIGINT', 'SIGTERM', 'exit'];

/** What Node still works at, by the name that it has there. */
const AT_WORK: Readonly<Record<string, string>> = {
  TCPServerWrap: 'servers that listen',
  TCPSocketWrap: 'connections that are open',
};

const COUNTED: ReadonlySet<string> = new Set(Object.values(AT_WORK));

/** How many there are of each. */
function atWork(): ReadonlyMap<string, number> {
  const counts = new Map(Object.keys(AT_WORK).map((kind) => [kind, 0]));
  for (const kind of process.getActiveResourcesInfo()) {
    const count = counts.get(kind);
    if (count !== undefined) counts.set(kind, count + 1);
  }
  return counts;
}

const realSetTimeout = globalThis.setTimeout;

/** All that a file of tests could leave to the next one of its worker, by name. */
function globalState(): ReadonlyMap<string, unknown> {
  const state = new Map<string, unknown>([
    ['process.cwd()', process.cwd()],
    ['process.exitCode', process.exitCode],
  ]);
  for (const [name, object] of Object.entries(OBJECTS)) {
    for (const key of Object.getOwnPropertyNames(object)) {
      state.set(`${name}.${key}`, Object.getOwnPropertyDescriptor(object, key)?.value);
    }
  }
  for (const name of GLOBALS) state.set(name, Reflect.get(globalThis, name));
  for (const event of PROCESS_EVENTS) {
    state.set(`listeners of process to ${event}`, process.listenerCount(event));
  }
  for (const name of Object.values(HANKO_CHANNELS)) {
    state.set(`subscribers of ${name}`, channel(name).hasSubscribers);
  }
  for (const [kind, count] of atWork()) state.set(AT_WORK[kind] ?? kind, count);
  return state;
}

/** The names of what is not as it was. */
async function changesSince(before: ReadonlyMap<string, unknown>): Promise<string[]> {
  // Node counts what was closed for some turns more, and the other end of a connection hears of it later.
  for (let n = 0; n < 100 && hasMoreThan(before); n += 1) await turn();
  const after = globalState();
  return [...new Set([...before.keys(), ...after.keys()])].filter((name) =>
    COUNTED.has(name)
      ? Number(after.get(name)) > Number(before.get(name))
      : !Object.is(before.get(name), after.get(name)),
  );
}

const hasMoreThan = (before: ReadonlyMap<string, unknown>): boolean =>
  [...atWork()].some(([kind, count]) => count > Number(before.get(AT_WORK[kind] ?? kind)));

/** Where Node keeps what the connections of `fetch` belong to. */
const DISPATCHER = Symbol.for('undici.globalDispatcher.1');

interface Dispatcher {
  destroy(): Promise<void>;
}

/**
 * Each file has connections of its own. One of a reply whose body nobody reads would stay; and once a body is there, `fetch`
 * sets a timer, be it one of the next file's fake ones, which that file counts.
 */
async function endConnectionsOfFetch(): Promise<void> {
  const shared = globalThis as { [DISPATCHER]?: Dispatcher };
  const dispatcher = shared[DISPATCHER];
  if (dispatcher === undefined) return;
  shared[DISPATCHER] = new (dispatcher.constructor as new () => Dispatcher)();
  await dispatcher.destroy();
}

const turn = (): Promise<void> => new Promise((resolve) => void realSetTimeout(resolve, 5));

// After each file, after all of its own: whatever else it has changed, it has to put back.
const before = globalState();
afterAll(async () => {
  await endConnectionsOfFetch();
  const left = await changesSince(before);
  if (left.length === 0) return;
  throw new Error(
    `This file leaves behind what the next one of its worker finds: ${left.join(', ')}. Undo it in afterEach or afterAll.`,
  );
});
