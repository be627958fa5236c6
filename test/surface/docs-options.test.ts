import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { NUMBERS, SIGNATURE_CACHE_NUMBERS } from '../../lib/options/numbers.js';
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

/** The TSDoc of each member of an interface, by name; lines are joined. */
function commentsOf(code: string, name: string): ReadonlyMap<string, string> {
  const file = ts.createSourceFile('', code, ts.ScriptTarget.Latest, true);
  const found = file.statements
    .filter((statement) => ts.isInterfaceDeclaration(statement))
    .find((statement) => statement.name.text === name);
  if (found === undefined) throw new Error(`There is no interface ${name}`);
  return new Map(
    found.members.map((member) => [
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

const numbers = [
  ...Object.entries(NUMBERS),
  ...below('signatureCache', Object.entries(SIGNATURE_CACHE_NUMBERS)),
];

const grouped = (value: number): string => value.toLocaleString('en-US');

/** What docs/options.md and the comments say otherwise than the code does. */
function complaints(readme: string, options: string, extras: string, reader: string): string[] {
  const comments = new Map([
    ...commentsOf(options, 'HankoModuleOptions'),
    ...below('signatureCache', commentsOf(options, 'SignatureCacheOptions')),
    ...commentsOf(extras, 'HankoModuleExtras'),
  ]);
  const rows = new Map(rowsOf(readme).map((row) => [row.name, row]));
  const variables = new Map(
    [...reader.matchAll(/\.read\('(\w+)', '(HANKO_\w+)'\)/g)].map(([, name = '', it]) => [
      name,
      it,
    ]),
  );
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
const options = read('lib/options/hanko-options.ts');
const extras = read('lib/hanko.module-definition.ts');
const reader = read('lib/options/resolve-options.ts');

/** A text with one thing changed; that it was there is part of the test. */
function changed(text: string, before: string | RegExp, after: string): string {
  const result = text.replace(before, after);
  expect(result).not.toBe(text);
  return result;
}

describe('the options', () => {
  test('are in docs/options.md and in TSDoc what they are in the code', () => {
    expect(rowsOf(readme).length).toBeGreaterThan(10);
    expect(complaints(readme, options, extras, reader)).toEqual([]);
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
    expect(complaints(wrong, options, extras, reader)).toContain(complaint);
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
    expect(complaints(readme, wrong, extras, reader)).toContain(complaint);
  });

  test('are found wrong where the code changes', () => {
    const renamed = changed(reader, "'HANKO_ISSUER'", "'HANKO_ISS'");
    expect(complaints(readme, options, extras, renamed)).toEqual([
      'docs/options.md says `HANKO_ISSUER` for issuer, the code HANKO_ISS',
      'TSDoc says HANKO_ISSUER for issuer, the code HANKO_ISS',
    ]);
    const unread = changed(extras, 'isGlobal?:', 'isLocal?:');
    expect(complaints(readme, options, unread, reader)).toContain(
      'docs/options.md has no row for isLocal',
    );
  });
});
