import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/** A place in the app's source. */
export interface Place {
  /** Relative to the folder of the app. */
  readonly file: string;
  readonly line: number;
}

/** A call of `HankoModule.forRoot()` or `forRootAsync()`. */
export interface ModuleCall extends Place {
  /** Options that are written there, and do not come from their variable. */
  readonly options: readonly string[];
}

/** What can be seen of an app without running it. It is read as text: it can only support a guess. */
export interface AppSource {
  /** Files that were read; without any there is nothing to guess from. */
  readonly files: number;
  readonly moduleCalls: readonly ModuleCall[];
  readonly hasGuard: boolean;
  readonly hasConfigModule: boolean;
  readonly hasWebhooksModule: boolean;
  /** Whether it names other files than `.env`, or none. */
  readonly hasOtherEnvFiles: boolean;
}

/** Where Nest's CLI puts the source of an app, of several, and of libraries. */
const FOLDERS = ['src', 'apps', 'libs', 'packages'];
const SKIPPED = new Set(['node_modules', 'dist', 'build', 'coverage', 'test', 'tests', 'e2e']);
const MAX_FILES = 3_000;
const MAX_DEPTH = 12;

/** A larger file is no source that somebody wrote. */
const MAX_FILE_BYTES = 500_000;

/**
 * Comments, in which an example is no call; and texts, in which `//` and `/*` begin no comment. One that is not closed goes on to
 * the end, so that each letter is looked at once.
 */
const COMMENT_OR_TEXT =
  /'(?:\\.|[^'\\\n])*'?|"(?:\\.|[^"\\\n])*"?|`(?:\\[^]|[^`\\])*`?|\/\*(?:[^]*?\*\/|[^]*)|\/\/.*/g;

const MODULE_CALL = /\bHankoModule\s*\.\s*(?:forRoot|forRootAsync)\s*\(/g;

/** How many calls of a file, and how much of each, are looked at. */
const MAX_CALLS = 20;
const MAX_CALL_LENGTH = 3_000;

/** Options that decide what the doctor says, and the variable of each. */
const OPTIONS: Readonly<Record<string, string | null>> = {
  apiUrl: 'HANKO_API_URL',
  audience: 'HANKO_AUDIENCE',
  issuer: 'HANKO_ISSUER',
  cookieName: 'HANKO_COOKIE_NAME',
  extractors: null,
  jwks: null,
  clockToleranceSeconds: null,
};

export function readAppSource(appFolder: string): AppSource {
  const files: string[] = [];
  for (const folder of FOLDERS) collect(join(appFolder, folder), 0, files);
  const texts = files.map((file) => ({ file, text: textOf(file) }));
  const has = (pattern: RegExp): boolean => texts.some(({ text }) => pattern.test(text));
  return {
    files: files.length,
    moduleCalls: texts.flatMap(({ file, text }) => callsIn(relative(appFolder, file), text)),
    hasGuard: has(/\bHankoAuthGuard\b/),
    hasConfigModule: has(/\bConfigModule\s*\.\s*forRoot\s*\(|\bloadEnvFile\s*\(|\bdotenv\b/),
    hasOtherEnvFiles: has(/\b(?:envFilePath|ignoreEnvFile)\s*:/),
    hasWebhooksModule: has(/\bHankoWebhooksModule\s*\.\s*forRoot/),
  };
}

function collect(folder: string, depth: number, files: string[]): void {
  if (depth > MAX_DEPTH) return;
  for (const entry of entriesOf(folder)) {
    if (files.length >= MAX_FILES) return;
    if (SKIPPED.has(entry.name) || entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) collect(path, depth + 1, files);
    else if (/\.[cm]?[jt]s$/.test(entry.name) && !/\.(?:spec|test|d)\.[cm]?ts$/.test(entry.name)) {
      files.push(path);
    }
  }
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Comments become spaces, so that lines stay where they are. */
function textOf(file: string): string {
  try {
    if (statSync(file).size > MAX_FILE_BYTES) return '';
    return readFileSync(file, 'utf8').replaceAll(COMMENT_OR_TEXT, (part) =>
      part.startsWith('/') ? part.replaceAll(/[^\n]/g, ' ') : part,
    );
  } catch {
    return '';
  }
}

function callsIn(file: string, text: string): readonly ModuleCall[] {
  return [...text.matchAll(MODULE_CALL)].slice(0, MAX_CALLS).map(({ 0: call, index }) => {
    const written = argumentsAt(text, index + call.length);
    const options = Object.entries(OPTIONS)
      .filter(([name]) => new RegExp(`\\b${name}\\b`).test(written))
      .filter(([, variable]) => variable === null || !written.includes(variable))
      .map(([name]) => name);
    return { file, line: text.slice(0, index).split('\n').length, options };
  });
}

/** Up to the parenthesis that closes the call. */
function argumentsAt(text: string, start: number): string {
  let depth = 1;
  const end = Math.min(text.length, start + MAX_CALL_LENGTH);
  for (let at = start; at < end; at += 1) {
    if (text[at] === '(') depth += 1;
    if (text[at] === ')') depth -= 1;
    if (depth === 0) return text.slice(start, at);
  }
  return text.slice(start, end);
}
