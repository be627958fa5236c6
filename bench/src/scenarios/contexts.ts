import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { Bench, Scenario } from '../bench.js';
import type { HankoSettings } from '../contenders/contender.js';
import { CONTEXT_APPS, type ContextAppId } from '../contexts/apps.js';
import { type Client, gatewayClient, graphqlClient } from '../contexts/clients.js';
import { measureApart } from '../isolated/isolated.js';
import { Figures, type Report } from '../report/figure.js';
import type { Settings } from '../settings.js';

interface Input {
  readonly contender: ContextAppId;
  readonly hanko: HankoSettings;
  readonly token: string;
  readonly size: Settings['contexts'];
}

/** Microseconds per call, one number for each round. */
interface Output {
  readonly query: readonly number[];
  readonly message: readonly number[];
}

/** The app and its only client share the process: the client's part is the same for all. */
export async function measure({ contender, hanko, token, size }: Input): Promise<Output> {
  const found = await CONTEXT_APPS[contender](hanko, token);
  const app: INestApplication = await NestFactory.create(found.module, new ExpressAdapter(), {
    logger: ['error', 'warn'],
    abortOnError: false,
    // It brings parsers of its own, and demands that Nest has none.
    bodyParser: contender !== 'nestjs-better-auth',
  });
  app.useWebSocketAdapter(new IoAdapter(app));
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  if (contender !== 'none') await expectClosed(port);
  const clients = [graphqlClient(port, found), await gatewayClient(port, found)] as const;
  const [query = [], message = []] = await timeInTurn(clients, size);
  for (const client of clients) client.close();
  await app.close();
  return { query, message };
}

/** What refuses nobody is quick. */
async function expectClosed(port: number): Promise<void> {
  const anonymous = { headers: {} };
  for (const client of [graphqlClient(port, anonymous), await gatewayClient(port, anonymous)]) {
    await client.expectRefused();
    client.close();
  }
}

async function timeInTurn(
  clients: readonly Client[],
  { warmUp, rounds, callsPerRound }: Settings['contexts'],
): Promise<number[][]> {
  const results: number[][] = clients.map(() => []);
  for (let round = 0; round < warmUp + rounds; round += 1) {
    for (const [index, client] of clients.entries()) {
      const startedAt = performance.now();
      for (let call = 0; call < callsPerRound; call += 1) await client.call();
      const micros = ((performance.now() - startedAt) * 1_000) / callsPerRound;
      if (round >= warmUp) results[index]?.push(micros);
    }
  }
  return results;
}

const NAMES: Readonly<Record<ContextAppId, string>> = {
  none: 'no guard',
  'nestjs-hanko': '**nestjs-hanko**',
  'nestjs-better-auth': 'nestjs-better-auth, sessions in memory',
};

export const contexts: Scenario = {
  name: 'contexts',
  async run({ settings, tokens, jwks, execPath }: Bench): Promise<Report> {
    const figures = new Figures(contexts.name);
    let base: Output | undefined;
    for (const contender of settings.contexts.apps) {
      const input: Input = {
        contender,
        hanko: jwks.settingsFor(contender),
        token: tokens.at(0),
        size: settings.contexts,
      };
      const output = await measureApart<Output>(import.meta.url, input, execPath);
      base ??= output;
      for (const what of ['query', 'message'] as const) {
        const subject = `${NAMES[contender]}: ${what === 'query' ? 'GraphQL query' : 'gateway message'}`;
        figures.add(subject, 'callMicros', output[what]);
        if (output === base) continue;
        const least = base[what];
        figures.add(
          subject,
          'addedMicros',
          output[what].map((micros, round) => micros - (least[round] ?? NaN)),
        );
      }
    }
    return {
      scenario: contexts.name,
      what: 'A GraphQL query (Apollo on Express) and a message to a gateway (socket.io), one at a time over one connection; app and client in one process.',
      figures: figures.all,
      notes: [],
    };
  },
};
