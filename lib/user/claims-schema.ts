/** What a Standard Schema says of a value. */
export type HankoClaimsResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly HankoClaimsIssue[] };

/** What is wrong with a claim. */
export interface HankoClaimsIssue {
  /** In the library's words. */
  readonly message: string;
  /** Where in the claims. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A Standard Schema (https://standardschema.dev), version 1, as zod, valibot and arktype make them. */
export interface HankoClaimsSchema<Output extends object = object> {
  /** What the standard lays down. */
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (
      value: unknown,
    ) => HankoClaimsResult<Output> | Promise<HankoClaimsResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** The claims that a schema makes: `interface HankoClaims extends InferHankoClaims<typeof schema> {}`. */
export type InferHankoClaims<Schema extends HankoClaimsSchema> = NonNullable<
  Schema['~standard']['types']
>['output'];
