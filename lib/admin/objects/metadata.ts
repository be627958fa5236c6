import type {
  HankoMetadataOf,
  HankoPrivateMetadata,
  HankoPublicMetadata,
  HankoUnsafeMetadata,
} from '../../user/metadata.js';
import type { HankoClaimsSchema } from '../../user/standard-schema.js';
import { isObject } from '../../util/value-checks.js';

/**
 * Where an app registers the types of its option `metadataSchemas`; metadata then has the types that the schemas make:
 * ```ts
 * const publicMetadata = z.object({ role: z.enum(['admin', 'member']).default('member') });
 *
 * declare module 'nestjs-hanko/admin' {
 *   interface HankoAdminRegister {
 *     publicMetadata: typeof publicMetadata;
 *   }
 * }
 *
 * HankoAdminModule.forRoot({ metadataSchemas: { publicMetadata } });
 * ```
 */
// oxlint-disable-next-line no-empty-interface, no-empty-object-type
export interface HankoAdminRegister {}

/** Standard Schemas (zod, valibot, arktype, …) of metadata. Unsafe metadata has none: users could hide by writing what it refuses. */
export interface HankoMetadataSchemas {
  /** Schema of public metadata. Default: it stays as it was stored. */
  readonly publicMetadata?: HankoClaimsSchema;
  /** Schema of private metadata. Default: it stays as it was stored. */
  readonly privateMetadata?: HankoClaimsSchema;
}

type Registered<Name extends string> = HankoAdminRegister extends {
  readonly [It in Name]: infer Schema extends HankoClaimsSchema;
}
  ? NonNullable<Schema['~standard']['types']>
  : never;

type Read<Name extends string, Declared> = [Registered<Name>] extends [never]
  ? HankoMetadataOf<Declared>
  : Registered<Name>['output'];

/** What is stored, before a schema makes something of it. */
type Stored<Name extends string, Declared> = [Registered<Name>] extends [never]
  ? HankoMetadataOf<Declared>
  : Registered<Name>['input'];

/** Metadata of a user, with the names inside as they are stored. Each kind holds at most 3,000 characters of JSON. */
export interface HankoAdminMetadata {
  /** Public metadata, which the user can read; empty if there is none. */
  readonly publicMetadata: Read<'publicMetadata', HankoPublicMetadata>;
  /** Private metadata, which only back ends can read; empty if there is none. */
  readonly privateMetadata: Read<'privateMetadata', HankoPrivateMetadata>;
  /** Unsafe metadata, which the user can change; empty if there is none. */
  readonly unsafeMetadata: HankoMetadataOf<HankoUnsafeMetadata>;
}

/**
 * Change of metadata by a JSON merge patch (RFC 7396 §1): what is omitted is kept, null removes a member, objects are merged and lists
 * replaced.
 */
export type HankoMetadataPatch<Kind> = unknown extends Kind
  ? unknown
  : Kind extends readonly unknown[]
    ? Kind
    : Kind extends object
      ? { readonly [Name in keyof Kind]?: HankoMetadataPatch<Kind[Name]> | null }
      : Kind;

/** Argument of `metadata.update()`: what is omitted is kept, and null clears a whole kind. */
export interface HankoMetadataChanges {
  /** Change of public metadata; null clears it. */
  readonly publicMetadata?: HankoMetadataPatch<
    Stored<'publicMetadata', HankoPublicMetadata>
  > | null;
  /** Change of private metadata; null clears it. */
  readonly privateMetadata?: HankoMetadataPatch<
    Stored<'privateMetadata', HankoPrivateMetadata>
  > | null;
  /** Change of unsafe metadata; null clears it. */
  readonly unsafeMetadata?: HankoMetadataPatch<HankoMetadataOf<HankoUnsafeMetadata>> | null;
}

/** Metadata as it is stored, whatever the app's `metadataSchemas` say: any JSON objects. */
export interface HankoStoredMetadata {
  /** Public metadata, which the user can read; empty if there is none. */
  readonly publicMetadata: Readonly<Record<string, unknown>>;
  /** Private metadata, which only back ends can read; empty if there is none. */
  readonly privateMetadata: Readonly<Record<string, unknown>>;
  /** Unsafe metadata, which the user can change; empty if there is none. */
  readonly unsafeMetadata: Readonly<Record<string, unknown>>;
}

export function readMetadata(json: unknown): HankoStoredMetadata {
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
