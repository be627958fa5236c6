import { TemplateError } from './syntax.js';

type Json = unknown;

/** `"a.b"`, `"list.#.name"`, `"list.#(age>40)#.name"`: a path of GJSON, without modifiers and multipaths. */
const QUERY =
  /^#\((?<key>[^<>=!%()]*)(?<operator>==|=|!=|<=|<|>=|>|!%|%)(?<value>[^()]*)\)(?<all>#?)$/;

/** @throws TemplateError for a path of which nothing is known. */
export function checkPath(path: string): void {
  for (const part of partsOf(path)) {
    if (
      /^[@!{[]/.test(part) ||
      part.includes('|') ||
      (part.startsWith('#(') && !QUERY.test(part))
    ) {
      throw new TemplateError(`the metadata path ${path} is omitted: ${part} is not understood`);
    }
  }
}

/** What a path leads to, as text: `""` if there is nothing. */
export function valueAt(json: Json, path: string): string {
  checkPath(path);
  const found = find(json, partsOf(path));
  if (found === undefined || found === null) return '';
  return typeof found === 'string' ? found : JSON.stringify(found);
}

/** At the dots, but for those behind a backslash and inside of a query. */
const partsOf = (path: string): readonly string[] =>
  Array.from(path.matchAll(/(?:#\([^)]*\)#?|\\.|[^.\\])+/g), ([part]) => part);

function find(json: Json, [part, ...rest]: readonly string[]): Json {
  if (part === undefined) return json;
  if (typeof json !== 'object' || json === null) return undefined;
  if (!Array.isArray(json)) {
    const key = keyOf(json, part);
    return key === undefined ? undefined : find((json as Record<string, Json>)[key], rest);
  }
  if (part === '#') return rest.length === 0 ? json.length : collect(json, rest);
  if (part.startsWith('#(')) {
    const { key = '', operator = '', value = '', all } = QUERY.exec(part)?.groups ?? {};
    const fits = json.filter((item) => holds(find(item, partsOf(key)), operator, value));
    return all === '#' ? (rest.length === 0 ? fits : collect(fits, rest)) : find(fits[0], rest);
  }
  return /^\d+$/.test(part) ? find(json[Number(part)], rest) : undefined;
}

const collect = (list: readonly Json[], path: readonly string[]): readonly Json[] =>
  list.map((item) => find(item, path)).filter((found) => found !== undefined);

/** `*` is any text and `?` any letter, unless a backslash stands before them. */
function keyOf(json: object, part: string): string | undefined {
  const plain = part.replace(/\\(.)/g, '$1');
  if (!/(?<!\\)[*?]/.test(part)) return Object.hasOwn(json, plain) ? plain : undefined;
  const pattern = part.replace(/\\(.)|[*?]|[\\^$.+()[\]{}|]/g, (letter, escaped?: string) => {
    if (escaped !== undefined) return `\\u{${escaped.codePointAt(0)?.toString(16)}}`;
    return letter === '*' ? '.*' : letter === '?' ? '.' : `\\${letter}`;
  });
  const regex = new RegExp(`^${pattern}$`, 'su');
  return Object.keys(json).find((key) => regex.test(key));
}

function holds(found: Json, operator: string, text: string): boolean {
  const wanted = text.trim();
  const value: Json = /^".*"$/.test(wanted)
    ? wanted.slice(1, -1)
    : /^-?\d+(\.\d+)?$/.test(wanted)
      ? Number(wanted)
      : { true: true, false: false, null: null }[wanted];
  if (found === undefined || typeof found !== typeof value) return false;
  const [left, right] = [found as string, value as string];
  switch (operator) {
    case '=':
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    default: {
      const isLike = keyOf({ [left]: 0 }, right) !== undefined;
      return operator === '%' ? isLike : !isLike;
    }
  }
}
