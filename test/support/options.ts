import { type ConfigurationFault, HankoConfigurationError } from 'nestjs-hanko';
import { expect } from 'vitest';
import { type ResolvedHankoOptions, resolveOptions } from '../../lib/options/hanko-options.js';

type Environment = Readonly<Record<string, unknown>>;

export const apiUrl = 'https://login.example.com';

/** Options as an app gets them that has these environment variables and no others. */
export const resolve = (options: unknown, environment: Environment = {}): ResolvedHankoOptions =>
  resolveOptions(options, (name) => environment[name]);

/** The error that the options cause. */
export function failure(options: unknown, environment: Environment = {}): HankoConfigurationError {
  try {
    resolve(options, environment);
  } catch (error) {
    if (error instanceof HankoConfigurationError) return error;
    throw error;
  }
  return expect.unreachable('the options were accepted');
}

export const faults = (
  options: unknown,
  environment: Environment = {},
): readonly ConfigurationFault[] => failure(options, environment).faults;

export const paths = (options: unknown, environment: Environment = {}): readonly string[] =>
  faults(options, environment).map(({ path }) => path);

/** Nothing is wrong but what is expected to be warned of: the audience is set. */
export const warnings = (options: object, environment: Environment = {}): readonly string[] =>
  resolve({ apiUrl, audience: 'localhost', ...options }, environment).warnings;
