import type { Credential } from '../contenders/contender.js';
import { quantile } from '../report/statistics.js';
import { Connection, requestBytes } from './connection.js';

const CONNECTIONS = 32;

/** As many requests as are answered. */
export interface Volley {
  readonly port: number;
  readonly path: string;
  /** How the tokens are sent; null sends none. */
  readonly credential: Credential | null;
  /** `rotate` sends the tokens round and round; `once` ends when each of them was sent. */
  readonly tokens: 'rotate' | 'once';
  readonly durationMs: number;
}

export interface VolleyResult {
  readonly requests: number;
  /** From the first request to the last answer. */
  readonly elapsedMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** How many answers had which status. */
  readonly statuses: Readonly<Record<number, number>>;
}

/** Sends no more when the time is over, and waits for the answers that are still due. */
export async function fire(volley: Volley, tokens: readonly string[]): Promise<VolleyResult> {
  const { path, credential, durationMs } = volley;
  const requests =
    credential === null
      ? [requestBytes(path, null)]
      : tokens.map((token) => requestBytes(path, headerLine(credential, token)));
  const connections = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => Connection.open(volley.port)),
  );

  const latencies: number[] = [];
  const statuses: Record<number, number> = {};
  const startedAt = performance.now();
  let endedAt = startedAt;
  let sent = 0;

  /** Sends one request after the other. */
  const drive = (connection: Connection): Promise<void> =>
    new Promise((resolve, reject) => {
      let sentAt = 0;
      const sendNext = (now: number): void => {
        const isOver = now - startedAt >= durationMs;
        const request =
          volley.tokens === 'once' ? requests[sent] : requests[sent % requests.length];
        if (isOver || request === undefined) return resolve();
        sent += 1;
        sentAt = now;
        connection.send(request);
      };
      connection.onFailure(reject);
      connection.onAnswer = (status) => {
        endedAt = performance.now();
        latencies.push(endedAt - sentAt);
        statuses[status] = (statuses[status] ?? 0) + 1;
        sendNext(endedAt);
      };
      sendNext(performance.now());
    });

  try {
    await Promise.all(connections.map(drive));
  } finally {
    for (const connection of connections) connection.close();
  }
  latencies.sort((a, b) => a - b);
  return {
    requests: latencies.length,
    elapsedMs: endedAt - startedAt,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    statuses,
  };
}

const headerLine = (credential: Credential, token: string): string =>
  credential === 'bearer' ? `Authorization: Bearer ${token}` : `Cookie: hanko=${token}`;
