import type { AdminClient } from '../admin-client.js';
import { bodyOf, JSON_OBJECT, jsonOf, orNull, uuid } from '../arguments.js';
import type {
  HankoAdminMetadata,
  HankoMetadataChanges,
  HankoStoredMetadata,
} from '../objects/metadata.js';
import { readMetadata } from '../objects/metadata.js';
import type { MetadataReader } from '../metadata-reader.js';

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
  constructor(
    private readonly client: AdminClient,
    private readonly reader: MetadataReader,
  ) {}

  /**
   * Reads all three kinds of metadata of a user.
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws TypeError for an id that is no UUID
   */
  async get(userId: string): Promise<HankoAdminMetadata> {
    const { json } = await this.client.call({ method: 'GET', path: pathOf(userId) });
    return this.reader.read(readMetadata(json));
  }

  /**
   * Reads metadata as it is stored, without the app's `metadataSchemas`: for tools that mend what does not fit.
   * @throws HankoAdminError `not_found`, and any other of its codes
   * @throws TypeError for an id that is no UUID
   */
  async getStored(userId: string): Promise<HankoStoredMetadata> {
    const { json } = await this.client.call({ method: 'GET', path: pathOf(userId) });
    return readMetadata(json);
  }

  /**
   * Changes metadata by a JSON merge patch (RFC 7396). A token shows it only after the next login. Two changes of
   * one member at the same time race: Hanko has no versions.
   *
   * ```ts
   * await admin.metadata.update(user.id, { publicMetadata: { role: 'admin' }, privateMetadata: { note: null } });
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
    return this.reader.read(readMetadata(json));
  }
}

const pathOf = (userId: string): readonly string[] => ['users', uuid('userId', userId), 'metadata'];
