import { beforeAll, describe, expect, test } from 'vitest';
import { apiProgram, ENTRIES } from '../support/api-program.js';
import { apiText } from '../support/api-text.js';

const MAIN = ENTRIES['nestjs-hanko'];
const SAMPLE = 'lib/api-report.sample.ts';
const WIDER = 'lib/api-report.wider.ts';

/** Every kind of declaration, with something in each that is no part of the surface. */
const sample = `
  interface Hidden { readonly size: number }
  /** A comment. */
  export class Box<T> {
    private secret = 1;
    #hard = 2;
    protected kept?: string;
    static of(): Box<string> { return new Box('x'); }
    constructor(readonly item: T, private readonly other = 0) {}
    get big(): boolean { return this.secret + this.#hard + this.other > 1; }
    put(item: T): void;
    put(item: T, at: number): Hidden;
    put(): unknown { return undefined; }
    [Symbol.dispose](): void {}
  }
  const NAMES = ['b', 'a'] as const;
  export type Name = (typeof NAMES)[number];
  export function first(name?: Name | null): void {}
  export const LIMIT = 3;
`;

const program = apiProgram({
  [SAMPLE]: sample,
  [WIDER]: `export * from './testing/index.js'; export type Added = number;`,
});

// On a busy machine: the compiler reads what it needs at the first question.
describe('the public surface', { timeout: 60_000 }, () => {
  // The compiler lists members in the order in which it meets them: always the same one, in whatever order tests run.
  beforeAll(async () => {
    for (const file of Object.values(ENTRIES)) await apiText(program, file);
  }, 60_000);

  // Meant to change? npx vitest run --project nest12 test/surface -u
  test('of nestjs-hanko is what api/nestjs-hanko.api.txt says', async () => {
    const text = await apiText(program, MAIN);
    await expect(text).toMatchFileSnapshot('../../api/nestjs-hanko.api.txt');
  });

  test('of nestjs-hanko/testing is what api/testing.api.txt says', async () => {
    const text = await apiText(program, ENTRIES['nestjs-hanko/testing'], MAIN);
    await expect(text).toMatchFileSnapshot('../../api/testing.api.txt');
  });

  test('of fake-hanko is what api/fake-hanko.api.txt says', async () => {
    const text = await apiText(program, ENTRIES['fake-hanko']);
    await expect(text).toMatchFileSnapshot('../../api/fake-hanko.api.txt');
  });

  test('of nestjs-hanko/webhooks is what api/webhooks.api.txt says', async () => {
    const text = await apiText(program, ENTRIES['nestjs-hanko/webhooks'], MAIN);
    await expect(text).toMatchFileSnapshot('../../api/webhooks.api.txt');
  });

  test('of nestjs-hanko/swagger is what api/swagger.api.txt says', async () => {
    const text = await apiText(program, ENTRIES['nestjs-hanko/swagger'], MAIN);
    await expect(text).toMatchFileSnapshot('../../api/swagger.api.txt');
  });

  test('of nestjs-hanko/admin is what api/admin.api.txt says', async () => {
    const text = await apiText(program, ENTRIES['nestjs-hanko/admin'], MAIN);
    await expect(text).toMatchFileSnapshot('../../api/admin.api.txt');
  });
  test.each(['terminus', 'opentelemetry'] as const)(
    'of nestjs-hanko/%s is what its file in api/ says',
    async (entry) => {
      const text = await apiText(program, ENTRIES[`nestjs-hanko/${entry}`], MAIN);
      await expect(text).toMatchFileSnapshot(`../../api/${entry}.api.txt`);
    },
  );

  test('differs in one line where one more type is exported', async () => {
    const before = await apiText(program, ENTRIES['nestjs-hanko/testing'], MAIN);
    const after = await apiText(program, WIDER, MAIN);
    expect(after.split('\n').filter((line) => !before.includes(line))).toEqual([
      'export type Added = number;',
    ]);
    expect(after.length - before.length).toBe('export type Added = number;\n\n'.length);
  });

  test('is written with all that users see, and nothing else', async () => {
    expect(await apiText(program, SAMPLE)).toMatchInlineSnapshot(`
      "export declare class Box<T> {
        constructor(item: T, other?: number);
        static of(): Box<string>;
        [Symbol.dispose](): void;
        readonly big: boolean;
        readonly item: T;
        protected kept?: string;
        put(item: T): void;
        put(item: T, at: number): Hidden;
      }

      export const LIMIT: 3;

      export type Name = 'a' | 'b';

      export function first(name?: 'a' | 'b' | null | undefined): void;

      // Not exported, but reached from what is.

      interface Hidden {
        readonly size: number;
      }
      "
    `);
  });
});
