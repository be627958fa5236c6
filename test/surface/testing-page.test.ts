import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../support/api-program.js';

const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** The block that the page has below a comment of this name. */
const shown = (name: string): string =>
  read('docs/testing.md').split(`<!-- ${name} -->\n\n\`\`\`ts\n`)[1]?.split('```')[0] ?? '';

describe('the page of tests', () => {
  test('shows the spec with the stub that is run in default projects with Jest and with Vitest', () => {
    expect(shown('stub spec')).toBe(read('test/package/consumer/src/stub.spec.ts'));
  });

  test.each([
    { name: 'resolver and gateway spec', file: 'page' },
    { name: 'message spec', file: 'page-messages' },
  ])('shows the $name that is run here', ({ name, file }) => {
    // Imports differ: where the app is, and what Jest has as globals.
    const [, body] = shown(name).split("from './app.module';\n\n");
    const [, run] = read(`test/e2e/testing/${file}.test.ts`).split('shows what follows.\n\n');

    expect(run).toContain('nobody else');
    expect(body).toBe(run);
  });
});
