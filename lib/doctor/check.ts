/** How a check went. `skip`: it could not be made, or was not asked for. */
export type CheckStatus = 'ok' | 'warn' | 'fail' | 'skip';

/** What the doctor found out about one thing. */
export interface Check {
  /** What was looked at, in a word or two. */
  readonly id: string;
  readonly status: CheckStatus;
  /** What is so, in sentences. It holds no token, key or password. */
  readonly text: string;
  /** What to do, if there is something to do. */
  readonly cure?: string;
}

/** Checks that belong together. */
export interface Section {
  readonly title: string;
  readonly checks: readonly Check[];
}

export const ok = (id: string, text: string): Check => ({ id, status: 'ok', text });

/** @param cure omitted where the text says it. */
export const warn = (id: string, text: string, cure?: string): Check => ({
  id,
  status: 'warn',
  text,
  ...(cure !== undefined && { cure }),
});

export const fail = (id: string, text: string, cure: string): Check => ({
  id,
  status: 'fail',
  text,
  cure,
});

/** @param cure what makes the check possible. */
export const skip = (id: string, text: string, cure?: string): Check => ({
  id,
  status: 'skip',
  text,
  ...(cure !== undefined && { cure }),
});

/** The worst of them: `skip` counts as `ok`. */
export function worstOf(checks: readonly Check[]): 'ok' | 'warn' | 'fail' {
  const has = (status: CheckStatus): boolean => checks.some((check) => check.status === status);
  if (has('fail')) return 'fail';
  return has('warn') ? 'warn' : 'ok';
}

/** The exit status of a program that found this: 0 if nothing is wrong, else 1. */
export function exitStatusOf(checks: readonly Check[], isStrict: boolean): 0 | 1 {
  const worst = worstOf(checks);
  return worst === 'fail' || (worst === 'warn' && isStrict) ? 1 : 0;
}
