import { isObject } from '../../util/value-checks.js';

/**
 * Metadata that the user can read. Declare yours once:
 * ```ts
 * declare module 'nestjs-hanko/admin' {
 *   interface HankoPublicMetadata {
 *     readonly role?: 'admin' | 'member';
 *   }
 * }
 * ```
 * Declaring is not checking: nothing verifies at run time what was stored.
 */
export interface HankoPublicMetadata {
  readonly [name: string]: unknown;
}

/** Metadata that only back ends can read. Webhooks carry it too. Declare yours as for {@link HankoPublicMetadata}. */
export interface HankoPrivateMetadata {
  readonly [name: string]: unknown;
}

/** Metadata that the user can change: trust none of it. Declare yours as for {@link HankoPublicMetadata}. */
export interface HankoUnsafeMetadata {
  readonly [name: string]: unknown;
}

/** A user's metadata, with the names inside as they are stored. Each kind holds at most 3,000 characters of JSON. */
export interface HankoAdminMetadata {
  /** Empty if there is none. */
  readonly publicMetadata: HankoPublicMetadata;
  /** Empty if there is none. */
  readonly privateMetadata: HankoPrivateMetadata;
  /** Empty if there is none. */
  readonly unsafeMetadata: HankoUnsafeMetadata;
}

export function readMetadata(json: unknown): HankoAdminMetadata {
  const kinds = isObject(json) ? json : {};
  const kind = (name: string): Readonly<Record<string, unknown>> => {
    const value = kinds[name];
    return isObject(value) ? value : {};
  };
  return {
    publicMetadata: kind('public_metadata'),
    privateMetadata: kind('private_metadata'),
    unsafeMetadata: kind('unsafe_metadata'),
  };
}
