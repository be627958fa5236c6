import type { FetchBounds } from '../http/fetch-json.js';

export interface RemoteJwksSettings extends Omit<FetchBounds, 'signal' | 'isBackground'> {
  /** The whole address of the JWKS. */
  readonly url: string;
  readonly cacheSeconds: number;
  readonly cooldownSeconds: number;
  readonly staleIfErrorSeconds: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The environment variable that names a proxy which Node's client does not use; null if there is none. */
  readonly proxyVariable: string | null;
  /** null: the app has one Hanko. */
  readonly tenant?: JwksTenant | null;
}

/** The tenant whose keys they are, and who looks after it. */
export interface JwksTenant {
  readonly id: string;
  /** Whether its keys may be fetched for the first time now: anybody can make up tenants. */
  mayFetch(): boolean;
  /** Writes a line of the log: tenants that are made up must not write all of it. */
  warn(line: string): void;
  /** Told after each fetch. `unknown`: Hanko has no such tenant. */
  fetched(outcome: 'keys' | 'failed' | 'unknown'): void;
}
