import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import {
  accessOf,
  apiProgram,
  ENTRIES,
  isOurs,
  membersOf,
  writtenName,
} from '../support/api-program.js';
import { codesIn, errorCodes, thrownCodes, throwsText } from '../support/thrown-codes.js';

/** On a busy machine: the compiler reads what it needs at the first question. */
const SLOW = { timeout: 60_000 };

const SAMPLE = 'lib/tsdoc.sample.ts';

/** What stands in it lacks something, each of it something else; `Good` and what is private do not. */
const sample = `
  import { HankoAuthError, HankoConfigurationError, HankoTokenError } from './errors/hanko.errors.js';
  import type { JwksProvider } from './jwks/jwks-provider.js';
  export const bare = 1;
  /** no sentence */
  export type Fragment = string;
  /** The same, but for another name and place. */
  export type Riddle = string;
  /** Of the sample, its only part. */
  export type Part = string;
  /** What the sample is made from. */
  export type Source = string;
  /** As the others of this sample. */
  export type Other = string;
  /** @throws TypeError always. */
  export function tagsOnly(): void {}
  /** Shape that has documented members. */
  export interface Good {
    /** Text that is documented. */
    readonly documented: string;
    readonly undocumented: string;
  }
  /** Takes its words from what it implements. */
  export class Worse implements Good {
    private hidden = 1;
    readonly documented = 'inherited';
    /** Text of the class itself. */
    readonly undocumented = String(this.hidden);
    constructor() {}
    [Symbol.dispose](): void {}
  }
  const refuse = (): never => { throw new HankoConfigurationError([]); };
  /** Throws at second hand. @throws HankoConfigurationError without its code. */
  export function second(): void { refuse(); }
  /** Throws more than it says. @throws HankoTokenError \`token_expired\` */
  export function third(jwks: JwksProvider): void {
    if (jwks.getKey('a')) throw new HankoTokenError('token_expired', '');
    throw new HankoTokenError('token_malformed', '');
  }
  /** An error without a source. */
  export class LostError extends HankoAuthError {
    /** Code of this lost error. */
    override readonly code = 'cross_site_request';
  }
  /** Options of a made-up sample. */
  export interface SampleOptions {
    /** Longest wait for a sample. Default 5, range 1 to 9. */
    readonly waitSeconds?: number;
    /** Largest answer, in bytes. */
    readonly answerBytes?: number;
  }
`;

/** A first word that refers to something a hover does not show. */
const RIDDLE = /^(?:The same|Of|What|As|For|That|Those|This|These|It|So|Also)\b/i;
/** Enough words to say what a name is, and not only to repeat it. */
const MIN_WORDS = 4;
const SOURCE = /\bRFC \d+ §\d|\bhanko [\w./-]+\.go\b/;
const UNITS = { Seconds: /\bin seconds\b/, Ms: /\bmilliseconds\b/, Bytes: /\bin bytes\b/ };

const program = apiProgram({ [SAMPLE]: sample });
const { checker } = program;
const errors = errorCodes(checker, program.exportsOf(ENTRIES['nestjs-hanko']));

/** What users of the package have a name for. */
const exported = new Set(
  Object.values(ENTRIES).flatMap((file) => [...program.exportsOf(file).values()]),
);

/** Its own words, up to the first blank line, list or block of code. */
function summaryOf(symbol: ts.Symbol): string {
  const text = ts.displayPartsToString(symbol.getDocumentationComment(undefined));
  return (text.split(/\n\s*\n|\n```/)[0] ?? '').trim();
}

/** Why the first sentence does not stand alone on a hover; null if it does. */
function hoverFault(summary: string): string | null {
  const sentence = summary.split(/(?<=\.)\s/)[0] ?? '';
  if (sentence === '') return 'no sentence';
  if (RIDDLE.test(sentence)) return `begins with a riddle: ${sentence.slice(0, 60)}`;
  const words = sentence.split(/\s+/).filter((word) => /[\p{L}\d]/u.test(word));
  return words.length < MIN_WORDS ? `too short to stand alone: ${sentence.slice(0, 60)}` : null;
}

/** Members that users call or read: not what is marked internal, nor the constructor where Nest calls it. */
function visibleMembers(owner: ts.Symbol): readonly ts.Symbol[] {
  return membersOf(checker, owner, exported).filter((member) => {
    const [declaration] = member.declarations ?? [];
    if (declaration === undefined || accessOf(declaration) !== 'public') return false;
    if (member.getJsDocTags().some(({ name }) => name === 'internal')) return false;
    if (!ts.isConstructorDeclaration(declaration)) return true;
    return declaration.parameters.length > 0 && ts.getDecorators(declaration.parent) === undefined;
  });
}

/** Of the member of the same name in a class or interface of ours that the owner extends or implements. */
function inheritedSummary(owner: ts.Symbol, name: string): string {
  const clauses = (owner.declarations ?? []).flatMap((it) =>
    ts.isClassDeclaration(it) || ts.isInterfaceDeclaration(it) ? (it.heritageClauses ?? []) : [],
  );
  const members = clauses
    .flatMap(({ types }) => types)
    .flatMap((type) => checker.getTypeAtLocation(type).getProperty(name) ?? []);
  return members.filter((it) => it.declarations?.some(isOurs)).map(summaryOf)[0] ?? '';
}

/** What has no sentence of its own, and the functions that do not name the codes they throw. */
function complaints(file: string): readonly string[] {
  const found: string[] = [];
  const check = (symbol: ts.Symbol, name: string, inherited = ''): void => {
    const fault = hoverFault(summaryOf(symbol) || inherited);
    if (fault !== null) found.push(`${name}: ${fault}`);
    if (!(symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Method))) return;
    const said = throwsText(symbol);
    const named = codesIn(said, errors);
    for (const code of thrownCodes(checker, errors, symbol)) {
      if (!named.has(code)) found.push(`${name}: @throws does not name \`${code}\``);
    }
    const isVague = [...errors.keys()].some((error) => said.includes(error)) && named.size === 0;
    if (isVague) found.push(`${name}: @throws names an error of ours without a code`);
  };
  for (const [name, symbol] of program.exportsOf(file)) {
    check(symbol, name);
    if (!(symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface))) continue;
    for (const member of visibleMembers(symbol)) {
      const memberName = `${name}.${writtenName(member)}`;
      check(member, memberName, inheritedSummary(symbol, member.name));
    }
    // The others answer nobody, so no standard speaks of them.
    const text = ts.displayPartsToString(symbol.getDocumentationComment(undefined));
    if (isAnswer(symbol) && !SOURCE.test(text)) found.push(`${name}: no RFC section or Hanko file`);
  }
  return found;
}

function isAnswer(symbol: ts.Symbol): boolean {
  if (!(symbol.flags & ts.SymbolFlags.Class)) return false;
  const type = checker.getDeclaredTypeOfSymbol(symbol);
  return type.getProperty('getStatus') !== undefined;
}

/** Options that do not say what they are when left out, their unit or, where asked for, their range. */
function optionComplaints(file: string, name: string, withRange: boolean): readonly string[] {
  const symbol = program.exportsOf(file).get(name);
  if (symbol === undefined) throw new Error(`${file} does not export ${name}`);
  return membersOf(checker, symbol, exported).flatMap((option) => {
    const text = ts.displayPartsToString(option.getDocumentationComment(undefined));
    const unit = Object.entries(UNITS).find(([suffix]) => option.name.endsWith(suffix));
    const type = checker.getNonNullableType(checker.getTypeOfSymbol(option));
    const isNumber = (type.flags & ts.TypeFlags.Number) !== 0;
    return [
      !/\bDefaults?\b/.test(text) && 'no default',
      unit && !unit[1].test(text) && 'no unit',
      withRange && isNumber && !/\brange -?[\d,]+ to [\d,]+/.test(text) && 'no range',
    ]
      .filter((lack) => typeof lack === 'string')
      .map((lack) => `${name}.${option.name}: ${lack}`);
  });
}

describe('TSDoc', () => {
  test.each(Object.entries(ENTRIES))('says what %s exports', SLOW, (_name, file) => {
    expect(complaints(file)).toEqual([]);
  });

  test('says of HankoAuthError which codes it has: others refer to its table', () => {
    const base = program.exportsOf(ENTRIES['nestjs-hanko']).get('HankoAuthError');
    const text = ts.displayPartsToString(base?.getDocumentationComment(undefined));
    const all = errors.get('HankoAuthError') ?? [];
    expect(all.length).toBeGreaterThan(10);
    expect([...codesIn(text, errors)].toSorted()).toEqual([...all].toSorted());
  });

  test('says default, unit and range of every option', () => {
    const main = ENTRIES['nestjs-hanko'];
    expect(optionComplaints(main, 'HankoModuleOptions', true)).toEqual([]);
    expect(optionComplaints(main, 'RevocationOptions', true)).toEqual([]);
    const webhooks = ENTRIES['nestjs-hanko/webhooks'];
    expect(optionComplaints(webhooks, 'HankoWebhooksOptions', true)).toEqual([]);
    const admin = ENTRIES['nestjs-hanko/admin'];
    expect(optionComplaints(admin, 'HankoAdminOptions', true)).toEqual([]);
    const fake = ENTRIES['fake-hanko'];
    expect(optionComplaints(fake, 'FakeHankoOptions', false)).toEqual([]);
  });

  test('is found lacking where it is', () => {
    expect(complaints(SAMPLE)).toMatchInlineSnapshot(`
      [
        "Fragment: too short to stand alone: no sentence",
        "Good.undocumented: no sentence",
        "LostError: no RFC section or Hanko file",
        "Other: begins with a riddle: As the others of this sample.",
        "Part: begins with a riddle: Of the sample, its only part.",
        "Riddle: begins with a riddle: The same, but for another name and place.",
        "Source: begins with a riddle: What the sample is made from.",
        "Worse.[Symbol.dispose]: no sentence",
        "bare: no sentence",
        "second: @throws does not name \`configuration_invalid\`",
        "second: @throws names an error of ours without a code",
        "tagsOnly: no sentence",
        "third: @throws does not name \`token_malformed\`",
        "third: @throws does not name \`hanko_unavailable\`",
        "third: @throws does not name \`token_key_unknown\`",
      ]
    `);
    expect(optionComplaints(SAMPLE, 'SampleOptions', true)).toMatchInlineSnapshot(`
      [
        "SampleOptions.waitSeconds: no unit",
        "SampleOptions.answerBytes: no default",
        "SampleOptions.answerBytes: no range",
      ]
    `);
  });
});
