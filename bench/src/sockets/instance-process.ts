// One instance of the app, which counts what it holds.
import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { type OnGatewayConnection, WebSocketGateway } from '@nestjs/websockets';
import { HankoLiveSessions } from 'nestjs-hanko';
import { answerQuestions } from '../child.js';
import { redisStore, tellingStore } from './shared-stores.js';
import { createSocketApp, MeGateway, type SocketAppSettings } from './socket-app.js';

export interface InstanceSettings extends Omit<SocketAppSettings, 'store'> {
  /** Where revocations are shared; undefined if they are not. */
  readonly redisUrl: string | undefined;
  /** Whether the store tells at once what another instance wrote. */
  readonly isTelling?: boolean;
}

/** What it says once. */
export interface Listening {
  readonly port: number;
}

export interface Held {
  /** Sockets that came in. */
  readonly connected: number;
  /** Of these, the sockets that the garbage collector has not found. */
  readonly alive: number;
  /** Watched connections. */
  readonly watched: number;
  /** What all maps, sets and lists of the package's sessions hold. */
  readonly entries: number;
  readonly heapBytes: number;
}

let connected = 0;
let collected = 0;
const sockets = new FinalizationRegistry<null>(() => (collected += 1));

@WebSocketGateway()
class CountingGateway extends MeGateway implements OnGatewayConnection {
  handleConnection(client: object): void {
    connected += 1;
    sockets.register(client, null);
  }
}

const {
  redisUrl,
  isTelling = false,
  ...settings
} = JSON.parse(process.argv[2] ?? '') as InstanceSettings;
const newStore = isTelling ? tellingStore : redisStore;
const store = redisUrl === undefined ? {} : { store: newStore(redisUrl) };
const app = await createSocketApp({ ...settings, ...store }, CountingGateway);
await app.listen(0, '127.0.0.1');
const live = app.get(HankoLiveSessions);

answerQuestions(async (): Promise<Held> => {
  globalThis.gc?.();
  // Finalizers run later.
  await new Promise((resolve) => setImmediate(resolve));
  return {
    connected,
    alive: connected - collected,
    watched: live.size,
    entries: entriesIn(live),
    heapBytes: process.memoryUsage().heapUsed,
  };
});
process.send?.({ port: (app.getHttpServer().address() as AddressInfo).port } satisfies Listening);

/** Whatever the members are called. */
function entriesIn(owner: object): number {
  let count = 0;
  for (const value of Object.values(owner)) {
    if (value instanceof Map) count += value.size;
    // The schedule, which is no map but has a size.
    else if (value?.constructor?.name === 'Schedule') count += (value as { size: number }).size;
  }
  return count;
}
