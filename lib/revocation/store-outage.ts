import type { Logger } from '@nestjs/common';
import { HankoUnavailableError } from '../errors/hanko.errors.js';
import type { OnUnavailable } from '../options/on-unavailable.js';

/** Warns once per outage of the store: a line per request would be noise. */
export class StoreOutage {
  private isKnown = false;

  constructor(
    private readonly logger: Logger,
    private readonly onUnavailable: OnUnavailable,
  ) {}

  /** @returns what callers are told. */
  failed(): HankoUnavailableError {
    if (!this.isKnown) {
      this.isKnown = true;
      this.logger.warn(
        'The revocation store does not reply: ' +
          (this.onUnavailable === 'accept'
            ? 'revocations that another instance learned of are not seen.'
            : 'requests with a token get 503.'),
      );
    }
    return new HankoUnavailableError(
      'The revocation store does not reply',
      RETRY_AFTER_SECONDS,
      'The store of ended sessions cannot be reached, try again later',
    );
  }

  ended(): void {
    this.isKnown = false;
  }
}

const RETRY_AFTER_SECONDS = 1;
