/** A revocation, made on this instance or on another one that shares the store. */
export type HankoRevoked =
  | {
      readonly kind: 'session';
      readonly sessionId: string;
      /** Absent in an app without tenants. */
      readonly tenantId?: string;
    }
  | {
      readonly kind: 'user';
      readonly userId: string;
      /** Absent in an app without tenants. */
      readonly tenantId?: string;
      /** Tokens that were issued up to then are no longer valid. */
      readonly issuedUpTo: Date;
    };

/** The state of the list and of the store. */
export interface RevocationStatus {
  /** Entries that this instance knows. */
  readonly entries: number;
  /** `none` if the app has no store. */
  readonly store: 'none' | 'answering' | 'failing';
  /** Milliseconds since 1970; null if it never failed. */
  readonly storeFailedAt: number | null;
}
