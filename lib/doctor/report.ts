import { VERSION } from '../util/version.js';
import { type Check, type CheckStatus, worstOf } from './check.js';
import type { Diagnosis } from './doctor.js';
import { clean, type DecodedToken, linesOf } from './token-report.js';

/** How a report is written. */
export interface Paper {
  readonly hasColour: boolean;
  /** Characters per line; null = lines are not broken. */
  readonly width: number | null;
}

const LABELS: Readonly<Record<CheckStatus, string>> = {
  ok: 'ok',
  warn: 'WARN',
  fail: 'FAIL',
  skip: '-',
};

/** SGR, ECMA-48 §8.3.117: green, yellow, red, faint. */
const COLOURS: Readonly<Record<CheckStatus, number>> = { ok: 32, warn: 33, fail: 31, skip: 2 };

const LEAST_WIDTH = 40;
const LABEL_WIDTH = 6;

/**
 * For people.
 * @param nowMs milliseconds since 1970.
 */
export function textReport({ sections, token }: Diagnosis, paper: Paper, nowMs: number): string {
  const checks = sections.flatMap((section) => section.checks);
  const idWidth = Math.max(...checks.map(({ id }) => id.length)) + 2;
  const blocks = sections.map((section) =>
    [
      bold(section.title, paper),
      ...section.checks.map((check) => checkText(check, idWidth, paper)),
    ].join('\n'),
  );
  const about = token === null ? [] : [tokenText(token, paper, nowMs)];
  const head = bold(`nestjs-hanko doctor ${VERSION}`, paper);
  return `${[head, ...blocks, ...about, summary(checks)].join('\n\n')}\n`;
}

/** For programs: an object of one line, in ASCII. */
export function jsonReport({ sections, token }: Diagnosis): string {
  const checks = sections.flatMap(({ title, checks: list }) =>
    list.map((check) => ({ section: title.toLowerCase(), ...check })),
  );
  const report = { version: VERSION, result: worstOf(checks), checks, ...(token && { token }) };
  return `${JSON.stringify(report).replaceAll(/[^ -~]/g, escaped)}\n`;
}

/** RFC 8259 §7. A text of JSON has such letters in strings only. */
const escaped = (letter: string): string =>
  `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;

function checkText({ id, status, text, cure }: Check, idWidth: number, paper: Paper): string {
  const label = LABELS[status].padEnd(LABEL_WIDTH);
  const start = `  ${label}${id.padEnd(idWidth)}`;
  const lines = [text, ...(cure === undefined ? [] : [`-> ${cure}`])]
    .flatMap((part) => wrap(clean(part), start.length, paper))
    .map((line, index) => (index === 0 ? line : ' '.repeat(start.length) + line));
  const coloured = start.replace(label, colour(label, COLOURS[status], paper));
  return coloured + lines.join('\n');
}

const KINDS: Readonly<Record<DecodedToken['kind'], string>> = {
  'session token': 'a session token',
  'webhook token': 'a webhook token',
  'other JWT': 'a JWT of another kind',
  'no JWT': 'no JWT, so nothing can be read in it',
};

function tokenText(token: DecodedToken, paper: Paper, nowMs: number): string {
  const title = bold(`What the token says of itself: it is ${KINDS[token.kind]}`, paper);
  return [title, ...linesOf(token, nowMs).map((line) => `  ${line}`)].join('\n');
}

function summary(checks: readonly Check[]): string {
  const count = (status: CheckStatus): number =>
    checks.filter((check) => check.status === status).length;
  const [fails, warns] = [count('fail'), count('warn')];
  if (fails === 0 && warns === 0) return 'Nothing is wrong.';
  const isOrAre = (number: number): string =>
    number === 1 ? '1 thing is' : `${number} things are`;
  const parts = [
    ...(fails > 0 ? [`${isOrAre(fails)} wrong`] : []),
    ...(warns > 0 ? [`${isOrAre(warns)} worth a look`] : []),
  ];
  return `${parts.join(', ')}.`;
}

function wrap(text: string, indent: number, { width }: Paper): readonly string[] {
  if (width === null) return [text];
  const room = Math.max(LEAST_WIDTH, width - indent);
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) as string;
    if (last === '' || last.length + 1 + word.length <= room) {
      lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

const colour = (text: string, code: number, { hasColour }: Paper): string =>
  hasColour ? `\u001b[${code}m${text}\u001b[0m` : text;

const bold = (text: string, paper: Paper): string => colour(text, 1, paper);
