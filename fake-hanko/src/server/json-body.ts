import { Problem, type RouteRequest } from './route.js';

export type Fields = Readonly<Record<string, unknown>>;

/** What Go calls the types of JSON. */
interface JsonTypes {
  readonly string: string;
  readonly bool: boolean;
  readonly array: readonly unknown[];
  readonly object: Fields;
}

/**
 * The fields of a JSON body, as Hanko's binder (`BindBody` of labstack/echo) reads them: an empty body
 * and `null` have none, and only a body that is there needs a content type.
 * @throws Problem 400, 415
 */
export function readFields({ raw, body }: Pick<RouteRequest, 'raw' | 'body'>): Fields {
  if (body === '') return {};
  const type = (raw.headers['content-type'] ?? '').split(';', 1)[0]?.trim();
  if (type !== 'application/json') throw new Problem(415, 'Unsupported Media Type');
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new Problem(400, 'unexpected EOF');
  }
  return typed(value, 'object', '') ?? {};
}

/** Go takes ten times as much. */
const MAX_DEPTH = 1000;

/**
 * Refuses a body that is nested more deeply than a stack: for routes that go down as deep as it does.
 * @throws Problem 400
 */
export function checkDepth(json: string): void {
  let depth = 0;
  let isInText = false;
  for (let at = 0; at < json.length; at += 1) {
    const letter = json[at];
    if (letter === '"') isInText = !isInText;
    // What is escaped ends no text.
    else if (isInText && letter === '\\') at += 1;
    else if (isInText) continue;
    else if (letter === '{' || letter === '[') depth += 1;
    else if (letter === '}' || letter === ']') depth -= 1;
    if (depth > MAX_DEPTH) throw new Problem(400, 'exceeded max depth');
  }
}

/**
 * A field, undefined if it is missing or null.
 * @throws Problem 400 if it is of another type.
 */
export function field<Type extends keyof JsonTypes>(
  fields: Fields,
  name: string,
  type: Type,
): JsonTypes[Type] | undefined {
  return typed(fields[name], type, name);
}

/** `field` for a value that has been taken out already. */
export function typed<Type extends keyof JsonTypes>(
  value: unknown,
  type: Type,
  name: string,
): JsonTypes[Type] | undefined {
  if (value === undefined || value === null) return undefined;
  const got = goType(value);
  if (got !== type) {
    throw new Problem(400, `Unmarshal type error: expected=${type}, got=${got}, field=${name}`);
  }
  return value as JsonTypes[Type];
}

const goType = (value: unknown): string =>
  Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
