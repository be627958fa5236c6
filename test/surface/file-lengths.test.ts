import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The TypeScript files below a folder that have more lines than that. */
function longerThan(most: number, folder: string): readonly string[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.includes('node_modules'),
  );
  return files
    .map((file) => ({
      file,
      lines: readFileSync(join(root, folder, file), 'utf8')
        .trimEnd()
        .split('\n').length,
    }))
    .filter(({ lines }) => lines > most)
    .map(({ file, lines }) => `${file}: ${lines}`);
}

describe('files', () => {
  test.each(['lib', 'fake-hanko/src'])('of %s have at most 300 lines', (folder) => {
    expect(longerThan(300, folder)).toEqual([]);
    expect(longerThan(30, folder).length).toBeGreaterThan(20);
  });

  test.each(['test', 'fake-hanko/test'])('of %s have at most 500 lines', (folder) => {
    expect(longerThan(500, folder)).toEqual([]);
    expect(longerThan(100, folder).length).toBeGreaterThan(10);
  });
});
