/** A challenge as RFC 9110 §11.6.1 writes it: a scheme, then parameters with quoted values. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = /^[!#$%&'*+.^_`|~\w-]+/;
/** RFC 9110 §5.6.4; RFC 6750 §3 allows neither `"` nor `\` in a value. */
const QUOTED = /^"([\x20\x21\x23-\x5b\x5d-\x7e]*)"/;

/** Reads one challenge from its first character to its last. @throws Error where it is none. */
export function parseChallenge(field: string | undefined): Challenge {
  let rest = field ?? '';
  const take = (pattern: RegExp): string => {
    const match = pattern.exec(rest);
    if (match === null) throw new Error(`no ${String(pattern)} at: ${rest}`);
    rest = rest.slice(match[0].length);
    return match[1] ?? match[0];
  };
  const scheme = take(TOKEN);
  const parameters = new Map<string, string>();
  const isAtEnd = (): boolean => rest === '';
  while (!isAtEnd()) {
    take(parameters.size === 0 ? /^ / : /^, */);
    const name = take(TOKEN).toLowerCase();
    take(/^=/);
    if (parameters.has(name)) throw new Error(`${name} is there twice`);
    parameters.set(name, take(QUOTED));
  }
  return { scheme, parameters: Object.fromEntries(parameters) };
}
