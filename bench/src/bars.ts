// What we want to hold, as same-run figures. Missing one is shown and fails nothing: a timed
// assertion would fail on somebody else's slow day.
import type { Platform } from './contenders/contender.js';

export interface Bar {
  readonly sense: 'at least' | 'at most';
  readonly limit: number;
  /** Where the limit is another contender's figure. */
  readonly whose?: string;
}

const atLeast = (limit: number, whose?: string): Bar => bar('at least', limit, whose);
const atMost = (limit: number, whose?: string): Bar => bar('at most', limit, whose);
const bar = (sense: Bar['sense'], limit: number, whose?: string): Bar =>
  whose === undefined ? { sense, limit } : { sense, limit, whose };

const RECIPE = "docs' recipe";
const VALIDATE_RECIPE = 'validate recipe';

/** Of the throughput without a guard, one token; set on Node 24. */
export const warmRatio: Readonly<Record<Platform, Bar>> = {
  express: atLeast(0.92),
  fastify: atLeast(0.8),
};
export const hitMicros = atMost(2.5);
export const expiredMicros = atMost(15);
/** Of what a guard takes that does no more than look and throw. */
export const refusalRatio = atMost(1.6);
export const burstMicros = atMost(10);
export const hitAfterFloodMicros = atMost(5);
/** With the default bounds, whatever is sent. */
export const heldMegabytes = atMost(60);
export const jwksFetchesPerCooldown = atMost(1);
export const secondRoundMicros = (recipe: number): Bar => atMost(recipe, RECIPE);
export const pingP99Ms = (recipe: number): Bar => atMost(recipe, RECIPE);
/** Of the throughput without a guard, 1,000 sessions that Hanko is asked about once a minute. */
export const refreshRatio: Readonly<Partial<Record<Platform, Bar>>> = { fastify: atLeast(0.85) };
export const onlineAddedMicros = (recipe: number): Bar => atMost(recipe, VALIDATE_RECIPE);
export const downRequestsPerSecond = (recipe: number): Bar =>
  atLeast(recipe, `${VALIDATE_RECIPE}, Hanko up`);
/** What a full list of revocations adds to a hit. */
export const revokedAddedMicros = atMost(0.5);
/** What it adds to a hit that the request names its tenant: the app's resolver, and finding the tenant. */
export const tenantAddedMicros = atMost(0.5);
/** As much where each request is another tenant's: what it needs is in none of the processor's caches. */
export const tenantsAddedMicros = atMost(3);
export const firstSeenRatio = (best: number): Bar => atLeast(best, 'best peer');

export const isMet = ({ sense, limit }: Bar, value: number): boolean =>
  sense === 'at least' ? value >= limit : value <= limit;
