import { HankoConfigurationError } from '../errors/hanko.errors.js';
import { isFunction, kindOf } from '../util/value-checks.js';
import type { Option } from './option.js';

const EXPECTED = 'must return the time as a number of milliseconds since 1970';

/** Largest time that a `Date` can hold (ECMA-262 §21.4.1.1), in milliseconds. */
const MAX_TIME = 8_640_000_000_000_000;

/** In March 1973, counted in milliseconds; far in the future, counted in seconds. */
const SURELY_SECONDS = 100_000_000_000;

/** The clock of the app, or the machine's as it is when it is asked: a test may replace `Date.now` later. */
export const clockOption: Option<() => number> = {
  read: ({ value, fault, warn }) => {
    if (value === undefined) return () => Date.now();
    if (!isFunction(value)) {
      fault('must be a function.');
      return () => Date.now();
    }
    const time = ask(value);
    if (!isTime(time)) fault(`${EXPECTED}, got ${kindOf(time)}.`);
    else if (time > 0 && time < SURELY_SECONDS) {
      warn(
        `now() returns a time in ${new Date(time).getUTCFullYear()}, so tokens are not valid yet: it ${EXPECTED}, not seconds.`,
      );
    }
    return () => checked(value());
  },
};

function ask(now: () => unknown): unknown {
  try {
    return now();
  } catch {
    return undefined;
  }
}

/** A time that is none would compare as neither before nor after `exp`. */
const isTime = (time: unknown): time is number =>
  typeof time === 'number' && Math.abs(time) <= MAX_TIME;

/** @throws HankoConfigurationError if the clock of the app does not tell the time. */
function checked(time: unknown): number {
  if (isTime(time)) return time;
  throw new HankoConfigurationError([{ path: 'now', hint: `${EXPECTED}, got ${kindOf(time)}.` }]);
}
