import type { Bar } from '../bars.js';
import type { Platform } from '../contenders/contender.js';
import type { Sample } from '../load/rounds.js';
import type { Figures } from './figure.js';

/** The throughput of each round as a share of the base's in the same round. */
export function ratios(samples: readonly Sample[], base: readonly Sample[]): number[] {
  return samples.map(
    (own, round) => own.requestsPerSecond / (base[round]?.requestsPerSecond ?? NaN),
  );
}

/** Adds what every table about requests says. */
export function addHttpFigures(
  figures: Figures,
  subject: string,
  samples: readonly Sample[],
  base: readonly Sample[],
  { platform, bar }: { readonly platform: Platform; readonly bar?: Bar | undefined },
): void {
  figures.add(subject, 'ratio', ratios(samples, base), { platform, bar });
  for (const metric of [
    'requestsPerSecond',
    'cpuMicros',
    'userMicros',
    'p50Ms',
    'p99Ms',
  ] as const) {
    figures.add(
      subject,
      metric,
      samples.map((own) => own[metric]),
      { platform },
    );
  }
}
