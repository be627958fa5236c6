import { isText } from '../util/value-checks.js';
import type { WrittenOption } from './option.js';

/** Invisible characters included: they come with what is copied from a web page. */
const INNER_SPACE = /[\s\p{Cc}\p{Cf}\p{Z}]/u;

/** Also typographic ones. */
const QUOTES = /^["'`\u2018-\u201F\u00AB\u00BB]|["'`\u2018-\u201F\u00AB\u00BB]$/u;

/** `<id>`, `{id}`, `${ID}`, `$ID`. */
const PLACEHOLDER = /<[^<>]+>|\{[^{}]+\}|^\$\w/;

/** A line of a `.env` file, pasted as a whole. */
const ASSIGNMENT = /^(?:export\s+)?HANKO_\w+\s*=/;

/** What shells, templates and `String(value)` make of a value that is not there. */
const NO_VALUE = /^(?:undefined|null|nan|none|true|false)$/i;

/**
 * What a text that no option can mean is: left over from a shell, a template, a `.env` file or JSON.
 * The text is not repeated: it may be a secret that was written into the wrong variable.
 * @param text without white space around it.
 */
export function textProblem(text: string): string | null {
  if (ASSIGNMENT.test(text))
    return 'begins with the name of a variable: write only what stands behind the "="';
  if (/^[[{]/.test(text)) return 'looks like JSON: write it as plain text';
  if (QUOTES.test(text)) return 'has quotes around it: remove them';
  if (PLACEHOLDER.test(text)) return 'still holds a placeholder: put your own value there';
  if (INNER_SPACE.test(text)) return 'has white space or an invisible character inside: remove it';
  if (NO_VALUE.test(text))
    return 'is what a shell or a template writes for a missing value: write the value, or omit it';
  return null;
}

/**
 * A text without the white space around it, wherever it comes from.
 * @param expected what the option must be, as the end of the sentence "It …".
 * @returns undefined if there is none, or if it is wrong.
 */
export function readText({ value, fault }: WrittenOption, expected: string): string | undefined {
  if (value === undefined) return undefined;
  if (!isText(value)) {
    fault(`${expected}.`);
    return undefined;
  }
  const text = value.trim();
  const problem = textProblem(text);
  if (problem === null) return text;
  fault(`${problem}; it ${expected}.`);
  return undefined;
}
