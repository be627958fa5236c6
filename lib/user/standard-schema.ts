import { isFunction, isObject } from '../util/value-checks.js';

/** Result of validating a value with a Standard Schema: the output, or issues. */
export type HankoClaimsResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly HankoClaimsIssue[] };

/** One fault that a schema found in a claim. */
export interface HankoClaimsIssue {
  /** In the library's words. */
  readonly message: string;
  /** Where in the claims. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A Standard Schema (https://standardschema.dev), version 1, as zod, valibot and arktype make them. */
export interface HankoClaimsSchema<Output extends object = object> {
  /** Properties that the Standard Schema specification requires. */
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (
      value: unknown,
    ) => HankoClaimsResult<Output> | Promise<HankoClaimsResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** Hanko's own (docs/hanko.md, The session token): a schema reads them, and cannot change or add them. */
export const HANKO_CLAIM_NAMES = [
  'sub',
  'session_id',
  'iat',
  'exp',
  'nbf',
  'aud',
  'iss',
  'email',
  'username',
  'amr',
] as const;

type OwnClaim = (typeof HANKO_CLAIM_NAMES)[number];

/**
 * The claims that a schema makes, without those that are Hanko's own. `HankoClaims` has them once the schema is
 * registered in `HankoRegister`.
 */
export type InferHankoClaims<Schema extends HankoClaimsSchema> = WithoutOwn<
  NonNullable<Schema['~standard']['types']>['output']
>;

type WithoutOwn<Output> = {
  [Name in keyof Output as Name extends OwnClaim ? never : Name]: Output[Name];
};

/** As the end of the sentence "must be …". */
export const STANDARD_SCHEMA =
  'a Standard Schema, version 1, as zod (from 3.24), valibot (from 1.0) and arktype (from 2.0) make them';

export function isStandardSchema(value: unknown): value is HankoClaimsSchema {
  // Arktype's are functions.
  const standard = (Object(value) as Record<string, unknown>)['~standard'];
  return isObject(standard) && standard.version === 1 && isFunction(standard.validate);
}

const MAX_PATHS = 10;
const MAX_PATH_LENGTH = 100;

/** Which members, and not what a library says of them: that may repeat their values. Empty if it names none. */
export function issuePaths(issues: readonly HankoClaimsIssue[]): string {
  const paths = new Set(
    issues.map(({ path = [] }) => pathText(path)).filter((path) => path !== ''),
  );
  return [...paths].slice(0, MAX_PATHS).join(', ');
}

/** Names in it may be the user's own (`unsafe_metadata`): nothing that could end a line of the log. */
const pathText = (path: NonNullable<HankoClaimsIssue['path']>): string =>
  path
    .map((part) => String(typeof part === 'object' ? part.key : part))
    .join('.')
    .replaceAll(/[^\w.:$-]/g, '?')
    .slice(0, MAX_PATH_LENGTH);
