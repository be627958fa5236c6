/**
 * Public metadata of a user, which only back ends write, and the user can read: the place of roles. Declare yours once, and
 * `HankoAdmin` and `HankoProfile` know them:
 * ```ts
 * declare module 'nestjs-hanko' {
 *   interface HankoPublicMetadata {
 *     readonly role?: 'admin' | 'member';
 *   }
 * }
 * ```
 * Declaring is not checking: nothing verifies at run time what was stored. The option `metadataSchemas` of HankoAdminModule does.
 */
// oxlint-disable-next-line no-empty-interface, no-empty-object-type
export interface HankoPublicMetadata {}

/**
 * Private metadata of a user, which only back ends read and write. Webhooks carry it too. Declare yours as for
 * {@link HankoPublicMetadata}.
 */
// oxlint-disable-next-line no-empty-interface, no-empty-object-type
export interface HankoPrivateMetadata {}

/**
 * Unsafe metadata of a user, which users write themselves: trust none of it. Declare yours as for {@link HankoPublicMetadata}, with
 * `unknown` for every member, and check where you use it.
 */
// oxlint-disable-next-line no-empty-interface, no-empty-object-type
export interface HankoUnsafeMetadata {}

/** Members of one kind of metadata: those that were declared, else any, as `unknown`. */
export type HankoMetadataOf<Declared> = [keyof Declared] extends [never]
  ? Readonly<Record<string, unknown>>
  : Declared;
