import type { AddressInfo } from 'node:net';
import type { Bench, Scenario } from '../bench.js';
import type { HankoSettings } from '../contenders/contender.js';
import { measureApart } from '../isolated/isolated.js';
import { Figures, type Report } from '../report/figure.js';
import type { Settings } from '../settings.js';
import { createSocketApp, LIBRARIES, type Library } from '../sockets/socket-app.js';
import { connect as connectClient, Refusal } from '../sockets/socket-client.js';

interface Input {
  readonly library: Library;
  readonly hanko: HankoSettings;
  readonly token: string;
  readonly size: Settings['connect'];
}

/** Microseconds per connection, one number for each round. */
interface Output {
  readonly open: readonly number[];
  readonly closed: readonly number[];
}

/** Connections under way at a time. */
const AT_ONCE = 8;

/** Both apps and their clients share the process: the clients' part is the same for both. */
export async function measure({ library, hanko, token, size }: Input): Promise<Output> {
  const start = async (isClosed: boolean) => {
    const app = await createSocketApp({ library, hanko, isClosed });
    await app.listen(0, '127.0.0.1');
    return { app, port: (app.getHttpServer().address() as AddressInfo).port };
  };
  const [open, closed] = [await start(false), await start(true)];
  await expectClosed(library, closed.port);
  const output = { open: [] as number[], closed: [] as number[] };
  const turns = [
    [open.port, output.open],
    [closed.port, output.closed],
  ] as const;
  for (let round = 0; round < size.warmUp + size.rounds; round += 1) {
    for (const [port, results] of round % 2 === 0 ? turns : turns.toReversed()) {
      const micros = await timeConnections(library, port, token, size.connections);
      if (round >= size.warmUp) results.push(micros);
    }
  }
  await Promise.all([open.app.close(), closed.app.close()]);
  return output;
}

/** @returns microseconds per connection, without its end. */
async function timeConnections(
  library: Library,
  port: number,
  token: string,
  count: number,
): Promise<number> {
  let micros = 0;
  for (let done = 0; done < count; done += AT_ONCE) {
    const startedAt = performance.now();
    const clients = await Promise.all(
      Array.from({ length: AT_ONCE }, () => connectClient(library, port, token)),
    );
    micros += (performance.now() - startedAt) * 1_000;
    for (const client of clients) client.leave();
    await Promise.all(clients.map(({ ended }) => ended));
  }
  return micros / count;
}

/** What refuses nobody is quick. */
async function expectClosed(library: Library, port: number): Promise<void> {
  const outcome: unknown = await connectClient(library, port, 'no.token.atall').catch(
    (error: unknown) => error,
  );
  if (!(outcome instanceof Refusal)) throw new Error(`${library} lets anybody connect`);
}

export const connect: Scenario = {
  name: 'connect',
  async run({ settings, tokens, jwks, execPath }: Bench): Promise<Report> {
    const figures = new Figures(connect.name);
    for (const library of LIBRARIES) {
      const input: Input = {
        library,
        hanko: jwks.settingsFor(`connect-${library}`),
        token: tokens.at(0),
        size: settings.connect,
      };
      const { open, closed } = await measureApart<Output>(import.meta.url, input, execPath);
      const subject = `${library}, \`hankoSockets()\``;
      figures.add(`${library}, anybody connects`, 'connectMicros', open);
      figures.add(subject, 'connectMicros', closed);
      const added = closed.map((micros, round) => micros - (open[round] ?? NaN));
      figures.add(subject, 'addedMicros', added);
    }
    return {
      scenario: connect.name,
      what: `Connections to a gateway with a known token, ${AT_ONCE} at a time; app and clients in one process.`,
      figures: figures.all,
      notes: [],
    };
  },
};
