import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../support/api-program.js';

const read = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('the page of tests', () => {
  test('shows the spec with the stub that is run in default projects with Jest and with Vitest', () => {
    const [, spec] = /<!-- stub spec -->\n\n```ts\n([^]*?)```/.exec(read('docs/testing.md')) ?? [];
    expect(spec).toBe(read('test/package/consumer/src/stub.spec.ts'));
  });
});
