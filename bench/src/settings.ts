import { type Contender, type Platform, PLATFORMS } from './contenders/contender.js';
import { docsRecipe } from './contenders/docs-recipe.js';
import { fastJwt } from './contenders/fast-jwt.js';
import { httpContenders } from './contenders/index.js';
import { nestjsHanko, nestjsHankoLargeCache } from './contenders/nestjs-hanko.js';
import { none } from './contenders/none.js';
import { yes } from './contenders/yes.js';
import type { ContextAppId } from './contexts/apps.js';

/** Many short rounds: what else the machine does then falls on all contenders alike. */
export interface Rounds {
  /** Thrown away, for the compiler to warm up. */
  readonly warmUp: number;
  /** After those. */
  readonly count: number;
  readonly durationMs: number;
}

/** How much of everything. */
export interface Settings {
  readonly platforms: readonly Platform[];
  /** Those that have a server. */
  readonly contenders: readonly Contender[];
  /** Those whose guard is called without HTTP, where a scenario has several. */
  readonly guards: readonly Contender[];
  readonly warm: Rounds;
  readonly thousand: Rounds;
  readonly firstSeen: Rounds & { readonly tokensPerRound: number };
  readonly forged: Rounds & { readonly tokensPerRound: number };
  readonly nothing: Rounds;
  readonly sessions: Rounds;
  readonly hankoDown: Rounds;
  readonly guardAlone: { readonly rounds: number; readonly callsPerRound: number };
  readonly burst: { readonly rounds: number };
  readonly hitAfterFlood: { readonly rounds: number };
  readonly memory: { readonly tokens: number; readonly contenders: readonly Contender[] };
  readonly tenants: {
    readonly tenants: number;
    readonly sessionsOfEach: number;
    readonly rounds: number;
  };
  readonly unknownKids: { readonly tokens: number };
  readonly revocations: { readonly rounds: number; readonly calls: number };
  readonly connect: {
    readonly warmUp: number;
    readonly rounds: number;
    readonly connections: number;
  };
  readonly watching: {
    readonly connections: number;
    readonly rounds: number;
    readonly revoked: number;
  };
  readonly logout: { readonly logouts: number };
  readonly contexts: {
    /** The first one is the base. */
    readonly apps: readonly ContextAppId[];
    readonly warmUp: number;
    readonly rounds: number;
    readonly callsPerRound: number;
  };
}

export const FULL: Settings = {
  platforms: PLATFORMS,
  contenders: httpContenders,
  guards: [yes, nestjsHanko, fastJwt, docsRecipe],
  warm: { warmUp: 2, count: 7, durationMs: 750 },
  thousand: { warmUp: 2, count: 5, durationMs: 250 },
  firstSeen: { warmUp: 2, count: 6, durationMs: 1_500, tokensPerRound: 9_000 },
  forged: { warmUp: 1, count: 6, durationMs: 1_500, tokensPerRound: 24_000 },
  nothing: { warmUp: 2, count: 5, durationMs: 250 },
  sessions: { warmUp: 2, count: 7, durationMs: 500 },
  hankoDown: { warmUp: 2, count: 5, durationMs: 500 },
  guardAlone: { rounds: 25, callsPerRound: 1_000 },
  burst: { rounds: 150 },
  hitAfterFlood: { rounds: 15 },
  memory: { tokens: 100_000, contenders: [nestjsHanko, nestjsHankoLargeCache] },
  tenants: { tenants: 1_000, sessionsOfEach: 100, rounds: 25 },
  unknownKids: { tokens: 10_000 },
  revocations: { rounds: 25, calls: 1_000 },
  connect: { warmUp: 3, rounds: 15, connections: 200 },
  watching: { connections: 50_000, rounds: 15, revoked: 1_000 },
  logout: { logouts: 100 },
  contexts: {
    apps: ['none', 'nestjs-hanko', 'nestjs-better-auth'],
    warmUp: 5,
    rounds: 15,
    callsPerRound: 500,
  },
};

/** A minute or two, to see that nothing is badly slower: too little of everything for numbers that one publishes. */
export const QUICK: Settings = {
  platforms: ['fastify'],
  contenders: [none, yes, nestjsHanko, fastJwt, docsRecipe],
  guards: [nestjsHanko],
  warm: { warmUp: 1, count: 3, durationMs: 250 },
  thousand: { warmUp: 1, count: 1, durationMs: 200 },
  firstSeen: { warmUp: 1, count: 1, durationMs: 200, tokensPerRound: 600 },
  forged: { warmUp: 1, count: 1, durationMs: 250, tokensPerRound: 2_000 },
  nothing: { warmUp: 1, count: 1, durationMs: 150 },
  sessions: { warmUp: 1, count: 1, durationMs: 250 },
  hankoDown: { warmUp: 1, count: 1, durationMs: 250 },
  guardAlone: { rounds: 5, callsPerRound: 300 },
  burst: { rounds: 15 },
  hitAfterFlood: { rounds: 1 },
  memory: { tokens: 2_000, contenders: [nestjsHanko] },
  tenants: { tenants: 100, sessionsOfEach: 20, rounds: 5 },
  unknownKids: { tokens: 500 },
  revocations: { rounds: 5, calls: 300 },
  connect: { warmUp: 1, rounds: 3, connections: 100 },
  watching: { connections: 2_000, rounds: 3, revoked: 100 },
  logout: { logouts: 15 },
  contexts: { apps: ['none', 'nestjs-hanko'], warmUp: 2, rounds: 3, callsPerRound: 200 },
};
