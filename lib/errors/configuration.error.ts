import { brand } from './error-brand.js';

/** One wrong option: where it is and what to do. */
export interface ConfigurationFault {
  /** An option (`jwksTimeoutMs`, `trustedOrigins[1]`) or an environment variable (`HANKO_API_URL`). */
  readonly path: string;
  /** The fault and how to fix it, in a sentence. Never contains the value itself. */
  readonly hint: string;
}

/** The app is set up wrongly. Thrown while it starts, or, where only a request can show it, answered with 500. */
export class HankoConfigurationError extends Error {
  static {
    brand(this);
  }

  /** The one code it has. */
  readonly code = 'configuration_invalid';
  /** The name of the class, whatever a minifier calls it. */
  override readonly name = 'HankoConfigurationError';
  /** Every fault that was found, not only the first. */
  readonly faults: readonly ConfigurationFault[];

  /**
   * Thrown by this package only; do not construct it in application code.
   * @param faults every fault; the message has a line for each.
   */
  constructor(faults: readonly ConfigurationFault[]) {
    super(
      ['nestjs-hanko is not set up correctly:']
        .concat(faults.map(({ path, hint }) => `  - ${path}: ${hint}`))
        .join('\n'),
    );
    this.faults = faults;
  }
}
