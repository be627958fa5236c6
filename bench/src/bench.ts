import type { JwksServer } from './hanko/jwks-server.js';
import type { TokenStore } from './hanko/token-store.js';
import type { Load } from './load/load.js';
import type { Report } from './report/figure.js';
import type { Fleet } from './server/fleet.js';
import type { Settings } from './settings.js';

/** What a scenario has at its disposal. */
export interface Bench {
  readonly settings: Settings;
  readonly tokens: TokenStore;
  readonly jwks: JwksServer;
  readonly fleet: Fleet;
  readonly load: Load;
  /** A second one, for probes beside a flood. */
  readonly prober: Load;
  /** The `node` under which the contenders run. */
  readonly execPath: string;
}

export interface Scenario {
  readonly name: string;
  /** How many good tokens it takes, from the first on; a few if it does not say. */
  readonly tokens?: (settings: Settings) => number;
  run(bench: Bench): Promise<Report>;
}
