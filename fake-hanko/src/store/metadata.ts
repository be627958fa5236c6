type Json = unknown;
type JsonObject = Readonly<Record<string, Json>>;

/** What applications keep about a user; the Admin API sees all of it, the user no private one, and changes the unsafe one. */
export type MetadataKind = 'private_metadata' | 'public_metadata' | 'unsafe_metadata';

export const METADATA_KINDS: readonly MetadataKind[] = [
  'public_metadata',
  'private_metadata',
  'unsafe_metadata',
];

export type Metadata = Readonly<Partial<Record<MetadataKind, JsonObject>>>;

/** Characters of one kind, as JSON. */
const MAX_LENGTH = 3000;

/** In letters of Unicode; some take six, as Go writes them `\u003c` (encoding/json, HTMLEscape). */
const lengthOf = (text: string): number =>
  Array.from(text.replaceAll(/[<>&\u2028\u2029]/g, '......')).length;

/** The metadata of all users (hanko backend/persistence/user_metadata_persister.go). */
export class AllMetadata {
  private readonly byUser = new Map<string, Metadata>();

  /** Without kinds that are empty. */
  of(userId: string): Metadata {
    return this.byUser.get(userId) ?? {};
  }

  /**
   * Changes some of a kind, or with null takes all of it away.
   * @returns false where it would be too long: then nothing has changed.
   */
  patch(userId: string, kind: MetadataKind, patch: JsonObject | null): boolean {
    const { [kind]: present = {}, ...others } = this.of(userId);
    const patched = patch === null ? {} : (mergePatch(present, patch) as JsonObject);
    const text = JSON.stringify(patched);
    if (lengthOf(text) > MAX_LENGTH) return false;
    this.byUser.set(userId, { ...others, ...(text !== '{}' && { [kind]: patched }) });
    return true;
  }

  delete(userId: string): void {
    this.byUser.delete(userId);
  }
}

/** RFC 7396 §2 */
function mergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const members = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name);
    else members.set(name, mergePatch(members.get(name), value));
  }
  return Object.fromEntries(members);
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
