import { randomUUID } from 'node:crypto';
import { NestFactory } from '@nestjs/core';
import {
  HankoLiveSessions,
  HankoModule,
  HankoRevocation,
  type HankoUser,
  type LiveConnection,
} from 'nestjs-hanko';
import { hankoUser } from 'nestjs-hanko/testing';
import type { Bench, Scenario } from '../bench.js';
import type { HankoSettings } from '../contenders/contender.js';
import { measureApart } from '../isolated/isolated.js';
import { usedBytes } from '../isolated/used-bytes.js';
import { Figures, type Report } from '../report/figure.js';
import type { Settings } from '../settings.js';

interface Input {
  readonly hanko: HankoSettings;
  readonly size: Settings['watching'];
}

interface Output {
  /** Per connection. */
  readonly watchBytes: number;
  readonly secondTabBytes: number;
  readonly leftBytes: number;
  /** One number of each round. */
  readonly againMicros: readonly number[];
  /** One number of each. */
  readonly sessionMicros: readonly number[];
  readonly userMicros: readonly number[];
}

/** As a client of a gateway, but without what those hold anyway. */
class Connection {
  endedAt = NaN;
  onClose: (() => void) | undefined;

  leave(): void {
    this.onClose?.();
    this.onClose = undefined;
  }
}

const liveConnection = (connection: Connection): LiveConnection => ({
  key: connection,
  end() {
    connection.endedAt = performance.now();
  },
  onClose(listener) {
    connection.onClose = listener;
  },
});

export async function measure({ hanko, size }: Input): Promise<Output> {
  const { apiUrl, issuer, audience } = hanko;
  const app = await NestFactory.createApplicationContext(
    HankoModule.forRoot({ apiUrl, issuer, audience }),
    { logger: ['error', 'warn'] },
  );
  const live = app.get(HankoLiveSessions);
  const revocation = app.get(HankoRevocation);
  const users = Array.from({ length: size.connections }, () =>
    hankoUser({ id: randomUUID(), sessionId: randomUUID() }),
  );
  const [tabs, others] = [0, 1].map(() => users.map(() => new Connection())) as [
    Connection[],
    Connection[],
  ];
  const watchAll = (connections: readonly Connection[]): void => {
    for (const [i, user] of users.entries())
      live.watch(user, liveConnection(connections[i] as Connection));
  };
  const leaveAll = (connections: readonly Connection[]): void => {
    for (const connection of connections) connection.leave();
  };

  // Once for the compiler, and for what it keeps.
  watchAll(tabs);
  leaveAll(tabs);
  const before = usedBytes();
  watchAll(tabs);
  const withTabs = usedBytes();
  watchAll(others);
  const withOthers = usedBytes();
  leaveAll(others);

  const again = tabs.map(liveConnection);
  const againMicros = Array.from({ length: size.rounds }, () => {
    const startedAt = performance.now();
    for (const [i, user] of users.entries()) live.watch(user, again[i] as LiveConnection);
    return ((performance.now() - startedAt) * 1_000) / users.length;
  });

  const time = async (i: number, revoke: (user: HankoUser) => unknown): Promise<number> => {
    const startedAt = performance.now();
    await revoke(users[i] as HankoUser);
    return ((tabs[i] as Connection).endedAt - startedAt) * 1_000;
  };
  const sessionMicros: number[] = [];
  const userMicros: number[] = [];
  for (let i = 0; i < size.revoked * 2; i += 2) {
    sessionMicros.push(await time(i, ({ sessionId }) => revocation.revoke(sessionId)));
    userMicros.push(await time(i + 1, ({ id }) => revocation.revokeUser(id)));
  }
  leaveAll(tabs);
  if (live.size > 0) throw new Error(`${live.size} connections are still watched`);
  again.length = 0;
  const count = users.length;
  const output: Output = {
    watchBytes: (withTabs - before) / count,
    secondTabBytes: (withOthers - withTabs) / count,
    leftBytes: (usedBytes() - before) / count,
    againMicros,
    sessionMicros,
    userMicros,
  };
  await app.close();
  return output;
}

export const watching: Scenario = {
  name: 'watching',
  async run({ settings, jwks, execPath }: Bench): Promise<Report> {
    const { connections, revoked } = settings.watching;
    const input: Input = {
      hanko: jwks.settingsFor(watching.name),
      size: settings.watching,
    };
    const output = await measureApart<Output>(import.meta.url, input, execPath);
    const figures = new Figures(watching.name);
    figures.add('a connection, of a session of its own', 'connectionBytes', output.watchBytes);
    figures.add('one more of the same session', 'connectionBytes', output.secondTabBytes);
    figures.add('after all have closed', 'connectionBytes', output.leftBytes);
    figures.add('what a later message adds', 'callMicros', output.againMicros);
    figures.add('a revoked session, until its connection ends', 'callMicros', output.sessionMicros);
    figures.add('a revoked user, until the connection ends', 'callMicros', output.userMicros);
    return {
      scenario: watching.name,
      what: `\`HankoLiveSessions\` alone: ${connections.toLocaleString('en-US')} watched connections, each of another session; then ${(revoked * 2).toLocaleString('en-US')} are revoked, one after the other. Users and connections are not counted.`,
      figures: figures.all,
      notes: [],
    };
  },
};
