import { Logger } from '@nestjs/common';

/** Claims can be made up at run time: they must not fill the log. */
const MAX_WARNINGS = 20;

/** Warns once of each of the app's functions that does not do what a demand's function must. */
export class DemandWarnings {
  private readonly logger = new Logger('HankoClaims');
  private readonly warned = new Set<string>();

  /**
   * @param claim its path, as the app wrote it.
   * @param what the function did. Neither the claim's value nor the message of an error, which may repeat it.
   */
  warn(claim: string, what: string): void {
    const mistake = `The function in the demand on the claim ${claim} ${what}`;
    if (this.warned.has(mistake) || this.warned.size >= MAX_WARNINGS) return;
    this.warned.add(mistake);
    this.logger.warn(
      `${mistake}: the user is refused (403 requirement_not_met). It must return true or false for every value, also for undefined.`,
    );
  }
}
