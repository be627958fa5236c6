import { type HankoClaimsIssue, issuePaths } from '../user/standard-schema.js';
import { classOf, isObject } from '../util/value-checks.js';
import { HankoAdminError } from './admin-error.js';
import type {
  HankoAdminMetadata,
  HankoMetadataSchemas,
  HankoStoredMetadata,
} from './objects/metadata.js';

/** Applies the app's schemas to metadata. They are the app's own code: what they throw is not repeated. */
export class MetadataReader {
  constructor(private readonly schemas: HankoMetadataSchemas | null) {}

  /** @throws HankoAdminError `metadata_invalid` for what does not fit its schema. */
  async read(stored: HankoStoredMetadata): Promise<HankoAdminMetadata> {
    const metadata = {
      ...stored,
      publicMetadata: await this.apply('publicMetadata', stored),
      privateMetadata: await this.apply('privateMetadata', stored),
    };
    return metadata as HankoAdminMetadata;
  }

  private async apply(
    kind: keyof HankoMetadataSchemas,
    { [kind]: stored }: HankoStoredMetadata,
  ): Promise<object> {
    const schema = this.schemas?.[kind];
    if (schema === undefined) return stored;
    const result: unknown = await validated(schema, stored, kind);
    // That of arktype is a list with `issues`.
    const { issues, value } = Object(result) as { issues?: unknown; value?: unknown };
    if (Array.isArray(issues)) {
      const paths = issuePaths(issues as HankoClaimsIssue[]);
      throw invalid(`${kind} does not fit its schema${paths && `: ${paths}`}`);
    }
    if (issues || !isObject(value)) throw invalid(`the schema of ${kind} makes no object`);
    return value;
  }
}

type Schema = NonNullable<HankoMetadataSchemas['publicMetadata']>;

async function validated(schema: Schema, stored: object, kind: string): Promise<unknown> {
  try {
    // A copy: schemas may write into what they are given.
    return await schema['~standard'].validate(structuredClone(stored));
  } catch (error) {
    throw invalid(`the schema of ${kind} threw ${classOf(error)}`);
  }
}

const invalid = (fault: string): HankoAdminError =>
  new HankoAdminError('metadata_invalid', `Stored metadata: ${fault}`);
