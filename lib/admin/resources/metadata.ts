import type { AdminClient } from '../admin-client.js';
import { bodyOf, JSON_OBJECT, jsonOf, orNull, uuid } from '../arguments.js';
import {
  type HankoAdminMetadata,
  type HankoPrivateMetadata,
  type HankoPublicMetadata,
  type HankoUnsafeMetadata,
  readMetadata,
} from '../objects/metadata.js';

/** A change of one kind of metadata, as RFC 7396 merges it: null removes a member, lists are replaced. */
export type HankoMetadataPatch<Kind> = {
  readonly [Name in keyof Kind]?: Kind[Name] | null;
};

/** What `metadata.update()` changes: what is omitted is kept, and null clears a whole kind. */
export interface HankoMetadataChanges {
  readonly publicMetadata?: HankoMetadataPatch<HankoPublicMetadata> | null;
  readonly privateMetadata?: HankoMetadataPatch<HankoPrivateMetadata> | null;
  readonly unsafeMetadata?: HankoMetadataPatch<HankoUnsafeMetadata> | null;
}

const KIND = orNull({
  ...JSON_OBJECT,
  send: (value: unknown, path: string): unknown => {
    const patch = jsonOf(path, value);
    if (Object.keys(Object(patch)).length > 0) return patch;
    // Hanko ignores an empty object: it clears nothing.
    throw new TypeError(`${path} must have a member to change, or be null, which clears it.`);
  },
});

const CHANGES = {
  publicMetadata: { name: 'public_metadata', ...KIND },
  privateMetadata: { name: 'private_metadata', ...KIND },
  unsafeMetadata: { name: 'unsafe_metadata', ...KIND },
};

/** Metadata of users, such as roles: `admin.metadata`. Needs Hanko 2.1. */
export class HankoAdminMetadataResource {
  /** @internal */
  constructor(private readonly client: AdminClient) {}

  /**
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws TypeError for an id that is no UUID
   */
  async get(userId: string): Promise<HankoAdminMetadata> {
    const { json } = await this.client.call({ method: 'GET', path: pathOf(userId) });
    return readMetadata(json);
  }

  /**
   * Changes metadata by a JSON merge patch (RFC 7396). A token shows it only after the next login. Two changes of
   * one member at the same time race: Hanko has no versions.
   *
   * ```ts
   * await admin.metadata.update(user.id, { publicMetadata: { role: 'admin', trial: null } });
   * ```
   * @throws HankoAdminError `invalid` for more than 3,000 characters of a kind, and any other of its codes
   * @throws TypeError for a wrong member, and for `{}`, which Hanko would ignore
   */
  async update(userId: string, changes: HankoMetadataChanges): Promise<HankoAdminMetadata> {
    const body = bodyOf('metadata.update()', changes, CHANGES);
    if (Object.keys(body).length === 0) throw new TypeError('metadata.update() needs a change.');
    return this.patch(userId, body);
  }

  /**
   * Clears all three kinds.
   * @throws HankoAdminError any of its codes
   * @throws TypeError for an id that is no UUID
   */
  async clear(userId: string): Promise<void> {
    await this.patch(userId, null);
  }

  /** A merge patch has the same effect however often it comes. */
  private async patch(
    userId: string,
    body: Readonly<Record<string, unknown>> | null,
  ): Promise<HankoAdminMetadata> {
    const path = pathOf(userId);
    const { json } = await this.client.call({ method: 'PATCH', path, body, isRepeatable: true });
    return readMetadata(json);
  }
}

const pathOf = (userId: string): readonly string[] => ['users', uuid('userId', userId), 'metadata'];
