import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../support/api-program.js';

const COMMENT = /\/\*[^]*?\*\/|\/\/.*/g;

const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({
    file,
    code: readFileSync(join(root, 'lib', file), 'utf8').replaceAll(COMMENT, ''),
  }));

const filesWith = (pattern: RegExp): readonly string[] =>
  files.filter(({ code }) => pattern.test(code)).map(({ file }) => file);

describe('what a program may replace while it runs', () => {
  test('is the environment: process.env is read in one place', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(filesWith(/process\.env/)).toEqual(['util/process-environment.ts']);
  });

  // Handed on as a value it would be the one of the moment: fake timers and spies that come later are missed.
  test('is the clock: it is called where the time is needed, never handed on', () => {
    const called = /\b(?:Date|performance)\.now(?!\()/;

    expect(filesWith(/\b(?:Date|performance)\.now\(/)).not.toEqual([]);
    expect(filesWith(called)).toEqual([]);
    expect(called.test('const now = Date.now;')).toBe(true);
    expect(called.test('now: options.now ?? performance.now,')).toBe(true);
    expect(filesWith(/\{[^}]*\}\s*=\s*(?:Date|performance|globalThis|process)\b/)).toEqual([]);
  });

  test('is fetch: that of the platform is never taken unasked', () => {
    expect(filesWith(/(?<!typeof )\bglobalThis\.fetch|[^.\w]fetch\(['"`]/)).toEqual([]);
  });
});
