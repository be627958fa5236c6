import { quantile } from '../report/statistics.js';
import { Connection, requestBytes } from './connection.js';

/** A slow, even stream of requests to an open route, on one connection. */
export interface Probe {
  readonly port: number;
  readonly path: string;
  readonly everyMs: number;
  readonly durationMs: number;
}

export interface ProbeResult {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Where an answer takes longer than `everyMs`, the requests that were due meanwhile are left out. */
export async function probe({ port, path, everyMs, durationMs }: Probe): Promise<ProbeResult> {
  const request = requestBytes(path, null);
  const connection = await Connection.open(port);
  const latencies: number[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const startedAt = performance.now();
      let sentAt = startedAt;
      const send = (): void => {
        sentAt = performance.now();
        connection.send(request);
      };
      connection.onFailure(reject);
      connection.onAnswer = (status) => {
        if (status !== 200) return reject(new Error(`${path} is answered ${status}`));
        const now = performance.now();
        latencies.push(now - sentAt);
        if (now - startedAt >= durationMs) return resolve();
        setTimeout(send, everyMs - ((now - startedAt) % everyMs));
      };
      send();
    });
  } finally {
    connection.close();
  }
  latencies.sort((a, b) => a - b);
  return { p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99) };
}
