/** A requirement that a user does not meet, as the answer's body says it. */
export type HankoUnmetRequirement =
  | { readonly requirement: 'mfa'; readonly needed: true; readonly actual: readonly string[] }
  | {
      readonly requirement: 'amr';
      readonly needed:
        { readonly anyOf: readonly string[] } | { readonly allOf: readonly string[] };
      /** The methods of the login. */
      readonly actual: readonly string[];
    }
  | {
      readonly requirement: 'maxAgeSeconds';
      readonly needed: number;
      /** Seconds since the login. */
      readonly actual: number;
    }
  | { readonly requirement: 'verifiedEmail'; readonly needed: true; readonly actual: false }
  /** What the claim should be, and what it is, callers are not told. */
  | { readonly requirement: 'claims'; readonly claim: string };
