import type { Option } from '../options/option.js';
import {
  type HankoClaimsSchema,
  isStandardSchema,
  STANDARD_SCHEMA,
} from '../user/standard-schema.js';
import { isPromise } from '../util/maybe-promise.js';
import { isObject } from '../util/value-checks.js';
import type { HankoMetadataSchemas } from './objects/metadata.js';

export const metadataSchemas: Option<HankoMetadataSchemas | null> = {
  read: ({ value, fault }) => {
    if (value === undefined) return null;
    if (!isObject(value)) {
      fault('must be an object with publicMetadata, privateMetadata or both.');
      return null;
    }
    for (const [kind, schema] of Object.entries(value)) {
      if (kind !== 'publicMetadata' && kind !== 'privateMetadata') {
        fault(
          'is no kind of metadata that can have a schema. Write publicMetadata, privateMetadata or both.',
          `.${kind}`,
        );
      } else if (schema !== undefined && !isStandardSchema(schema)) {
        fault(`must be ${STANDARD_SCHEMA}.`, `.${kind}`);
      } else if (schema !== undefined && refusesEmpty(schema)) {
        fault(
          'must accept an object without members, which is the metadata of a new user: make members optional, or give defaults.',
          `.${kind}`,
        );
      }
    }
    return value;
  },
};

/** Whether a schema refuses `{}`. One that takes its time is asked when metadata comes. */
function refusesEmpty(schema: HankoClaimsSchema): boolean {
  try {
    const result: unknown = schema['~standard'].validate({});
    if (!isPromise(result)) return Boolean((result as { readonly issues?: unknown }).issues);
    result.then(undefined, () => undefined);
    return false;
  } catch {
    return true;
  }
}
