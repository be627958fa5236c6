import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { OPTIONS, resolveOptions } from '../../lib/options/hanko-options.js';
import type { Limits, Option } from '../../lib/options/option.js';
import { REVOCATION_LIMITS } from '../../lib/options/revocation-options.js';
import { SIGNATURE_CACHE_LIMITS } from '../../lib/options/signature-cache-options.js';
import { TENANTS_LIMITS } from '../../lib/options/tenants-option.js';
import { root } from '../support/api-program.js';

/** One row of docs/options.md's options table; a row may be of several options. */
interface Row {
  readonly name: string;
  readonly fallback: string;
  readonly variable: string;
  readonly remark: string;
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8');

function rowsOf(readme: string): readonly Row[] {
  const [, table = ''] = /^\| option .*\n\|[ |-]+\n((?:\|.*\n)+)/m.exec(readme) ?? [];
  return table
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [, names = '', fallback = '', variable = '', ...remark] = line
        .split('|')
        .map((cell) => cell.trim());
      return names
        .split(', ')
        .map((name) => ({ name: bare(name), fallback, variable, remark: remark.join('|') }));
    });
}

/** The TSDoc of each member of an interface and of those that it extends, by name; lines are joined. */
function commentsOf(code: string, name: string): ReadonlyMap<string, string> {
  const file = ts.createSourceFile('', code, ts.ScriptTarget.Latest, true);
  const all = file.statements.filter((statement) => ts.isInterfaceDeclaration(statement));
  const find = (wanted: string): ts.InterfaceDeclaration => {
    const found = all.find((statement) => statement.name.text === wanted);
    if (found === undefined) throw new Error(`There is no interface ${wanted}`);
    return found;
  };
  const membersOf = (wanted: string): readonly ts.TypeElement[] => {
    const { members, heritageClauses = [] } = find(wanted);
    const parents = heritageClauses.flatMap(({ types }) => types.map((type) => type.getText()));
    return [...parents.flatMap(membersOf), ...members];
  };
  return new Map(
    membersOf(name).map((member) => [
      member.name?.getText() ?? '',
      ts.getJSDocCommentsAndTags(member).map(words).join(' '),
    ]),
  );
}

const words = (comment: ts.Node): string => comment.getText().replaceAll(/\s*\n\s*\*\s?/g, ' ');

const bare = (text: string): string => text.replaceAll('`', '');

/** Members of an option that is an object are written behind its name. */
const below = <T>(name: string, entries: Iterable<readonly [string, T]>): [string, T][] =>
  [...entries].map(([member, value]) => [`${name}.${member}`, value]);

/** A provider, so that nothing is required. */
const NO_KEYS = { getKey: () => undefined };

const table: [string, Option<unknown>][] = Object.entries(OPTIONS);

const numbers: [string, Limits][] = [
  ...table.flatMap<[string, Limits]>(([name, { limits }]) => (limits ? [[name, limits]] : [])),
  ...below('signatureCache', Object.entries<Limits>(SIGNATURE_CACHE_LIMITS)),
  ...below('revocation', Object.entries<Limits>(REVOCATION_LIMITS)),
  ...below('tenants', Object.entries<Limits>(TENANTS_LIMITS)),
];

/** Which environment variable stands in for which option. */
type Variables = ReadonlyMap<string, string>;
const variablesOfCode: Variables = new Map(
  table.flatMap(([name, { variable }]) => (variable ? [[name, variable]] : [])),
);

/** Defaults that are a flag or a word, as the documentation writes them. */
const wordsOfCode = Object.entries(resolveOptions({ jwks: NO_KEYS }, () => undefined)).flatMap(
  ([name, value]: [string, unknown]) => {
    if (typeof value === 'boolean') return [[name, String(value)] as const];
    return typeof value === 'string' ? [[name, `'${value}'`] as const] : [];
  },
);

const grouped = (value: number): string => value.toLocaleString('en-US');

/** What docs/options.md and the comments say otherwise than the code does. */
function complaints(
  readme: string,
  options: string,
  extras: string,
  variables: Variables = variablesOfCode,
): string[] {
  const comments = new Map([
    ...commentsOf(options, 'HankoModuleOptions'),
    ...below('signatureCache', commentsOf(options, 'SignatureCacheOptions')),
    ...below('revocation', commentsOf(options, 'RevocationOptions')),
    ...below('tenants', commentsOf(options, 'HankoTenantsOptions')),
    ...commentsOf(extras, 'HankoModuleExtras'),
  ]);
  const rows = new Map(rowsOf(readme).map((row) => [row.name, row]));
  const lacking = [...comments.keys()].filter((name) => !rows.has(name));
  const surplus = [...rows.keys()].filter((name) => !comments.has(name));
  const found = [
    ...lacking.map((name) => `docs/options.md has no row for ${name}`),
    ...surplus.map((name) => `docs/options.md has a row for ${name}, which is no option`),
    ...[...variables.keys()]
      .filter((name) => !comments.has(name))
      .map((name) => `The code reads a variable for ${name}, which is no option`),
  ];
  for (const [name, comment] of comments) {
    const said = [...comment.matchAll(/HANKO_\w+/g)].map(String);
    const variable = variables.get(name);
    const ofRow = rows.get(name)?.variable;
    if (ofRow !== undefined && bare(ofRow) !== (variable ?? '')) {
      found.push(
        `docs/options.md says ${ofRow || 'no variable'} for ${name}, the code ${variable}`,
      );
    }
    if (said.some((it) => it !== variable) || (variable !== undefined && said.length === 0)) {
      found.push(
        `TSDoc says ${said.join(', ') || 'no variable'} for ${name}, the code ${variable}`,
      );
    }
  }
  for (const [name, word] of wordsOfCode) {
    const fallback = rows.get(name)?.fallback;
    if (fallback !== undefined && bare(fallback) !== word) {
      found.push(`docs/options.md says ${fallback} is the default of ${name}, the code ${word}`);
    }
  }
  for (const [name, [fallback, min, max]] of numbers) {
    const row = rows.get(name);
    if (row && row.fallback !== grouped(fallback)) {
      found.push(
        `docs/options.md says ${row.fallback} is the default of ${name}, the code ${fallback}`,
      );
    }
    const range = `${grouped(min)} to ${grouped(max)}`;
    const [remarked] = /\b[\d,]+ to [\d,]*\d/.exec(row?.remark ?? '') ?? [];
    if (remarked !== undefined && remarked !== range) {
      found.push(`docs/options.md says ${remarked} for ${name}, the code ${range}`);
    }
    const comment = comments.get(name) ?? '';
    const [, saidFallback] = /\bDefault ([\d,]*\d)/.exec(comment) ?? [];
    if (saidFallback !== grouped(fallback)) {
      found.push(`TSDoc says ${saidFallback} is the default of ${name}, the code ${fallback}`);
    }
    const [, saidRange] = /\brange ([\d,]+ to [\d,]*\d)/.exec(comment) ?? [];
    if (saidRange !== range) found.push(`TSDoc says ${saidRange} for ${name}, the code ${range}`);
  }
  return found;
}

const readme = read('docs/options.md');
const options = readdirSync(join(root, 'lib/options'))
  .map((file) => read(`lib/options/${file}`))
  .join('\n');
const extras = read('lib/hanko.module-definition.ts');

/** A text with one thing changed; that it was there is part of the test. */
function changed(text: string, before: string | RegExp, after: string): string {
  const result = text.replace(before, after);
  expect(result).not.toBe(text);
  return result;
}

describe('the options', () => {
  test('are in docs/options.md and in TSDoc what they are in the code', () => {
    expect(rowsOf(readme).length).toBeGreaterThan(10);
    expect(complaints(readme, options, extras)).toEqual([]);
  });

  test.each([
    [/^\| `issuer` .*\n/m, '', 'docs/options.md has no row for issuer'],
    ['| `jwks` ', '| `keys` ', 'docs/options.md has a row for keys, which is no option'],
    [/^\| `now` .*\n/m, '', 'docs/options.md has no row for now'],
    [
      '| 8,192 ',
      '| 8,193 ',
      'docs/options.md says 8,193 is the default of maxTokenBytes, the code 8192',
    ],
    [
      /^(\| `logRoutes` +\| )`false`/m,
      '$1`true`',
      'docs/options.md says `true` is the default of logRoutes, the code false',
    ],
    [
      /^(\| `onUnavailable` +\| )`'reject'`/m,
      "$1`'accept'`",
      "docs/options.md says `'accept'` is the default of onUnavailable, the code 'reject'",
    ],
    [
      '0 to 300',
      '0 to 30',
      'docs/options.md says 0 to 30 for clockToleranceSeconds, the code 0 to 300',
    ],
    [
      '| `HANKO_ISSUER` ',
      '| `HANKO_ISS` ',
      'docs/options.md says `HANKO_ISS` for issuer, the code HANKO_ISSUER',
    ],
  ])('are found wrong in docs/options.md: %s → %s', (before, after, complaint) => {
    const wrong = changed(readme, before, after);
    expect(complaints(wrong, options, extras)).toContain(complaint);
  });

  test.each([
    ['Default 600', 'Default 60', 'TSDoc says 60 is the default of jwksCacheSeconds, the code 600'],
    [
      '1 to 86,400',
      '0 to 86,400',
      'TSDoc says 0 to 86,400 for jwksCacheSeconds, the code 1 to 86,400',
    ],
    [
      '`HANKO_COOKIE_NAME`',
      'unset',
      'TSDoc says no variable for cookieName, the code HANKO_COOKIE_NAME',
    ],
    ['readonly now?', 'readonly clock?', 'docs/options.md has no row for clock'],
  ])('are found wrong in TSDoc: %s → %s', (before, after, complaint) => {
    const wrong = changed(options, before, after);
    expect(complaints(readme, wrong, extras)).toContain(complaint);
  });

  test('are found wrong where the code changes', () => {
    const renamed = new Map([...variablesOfCode, ['issuer', 'HANKO_ISS']]);
    expect(complaints(readme, options, extras, renamed)).toEqual([
      'docs/options.md says `HANKO_ISSUER` for issuer, the code HANKO_ISS',
      'TSDoc says HANKO_ISSUER for issuer, the code HANKO_ISS',
    ]);
    const unread = changed(extras, 'isGlobal?:', 'isLocal?:');
    expect(complaints(readme, options, unread)).toContain('docs/options.md has no row for isLocal');
  });
});
