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
