import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'test/types/claims');

/** What a compiler may do for thirty claims: some 10,000 are the types that it takes from Node and Nest. */
const MAX_INSTANTIATIONS = 100_000;

const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file));
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
const known = new Map<string, ts.SourceFile | undefined>();

const DECLARED = /HankoClaim|Hanko(?:Public|Private|Unsafe)Metadata|HankoMetadataOf/;

/** Whether the types of a file of ours depend on what an app declares; `npm run types` looks at the others. */
const isOfClaims = ({ fileName, text }: ts.SourceFile): boolean =>
  fileName.startsWith(join(root, 'lib/')) && DECLARED.test(text);

/** Claims are declared once per program: each file is one by itself. */
function compile(file: string, text?: string): { faults: string[]; instantiations: number } {
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, version) => {
    if (name === file && text !== undefined) return ts.createSourceFile(name, text, version);
    if (!known.has(name)) known.set(name, read(name, version));
    return known.get(name);
  };
  const program = ts.createProgram([file], options, host);
  const diagnostics = program
    .getSourceFiles()
    .filter((source) => source.fileName === file || isOfClaims(source))
    .flatMap((source) => ts.getPreEmitDiagnostics(program, source));
  const faults = diagnostics.map(({ file: at, start = 0, messageText }) => {
    const line = at === undefined ? 0 : at.getLineAndCharacterOfPosition(start).line + 1;
    return `${at?.fileName.slice(root.length)}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
  return { faults, instantiations: program.getInstantiationCount() };
}

// Each is a compiler's run: on a busy machine that takes its time.
describe('claims', { timeout: 120_000 }, () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));

  test.each(files)('compile as they should, and do not where they should not: %s', (name) => {
    const { faults, instantiations } = compile(join(folder, name));

    expect(faults).toEqual([]);
    expect(instantiations).toBeLessThan(MAX_INSTANTIATIONS);
  });

  test('that are wrong are seen by this test', () => {
    const file = join(folder, 'declared.ts');
    const text = readFileSync(file, 'utf8').replaceAll("tier: 'gold'", "tier: 'golden'");

    expect(compile(file, text).faults.join('\n')).toMatch(
      /declared\.ts:\d+ Type '"golden"' is not assignable/,
    );
  });
});
