import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../support/api-program.js';

/** Documents that link to each other. */
const documents = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** What GitHub makes of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const anchorsOf = (file: string): readonly string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    anchorOf(heading),
  );

/** Links of a document that lead nowhere. */
function brokenLinks(document: string, text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^https?:/.test(link))
    .filter((link) => {
      const [path = '', anchor] = link.split('#');
      const file = path === '' ? join(root, document) : join(root, dirname(document), path);
      if (!existsSync(file)) return true;
      return anchor !== undefined && !anchorsOf(file).includes(anchor);
    })
    .map((link) => `${document}: ${link}`);
}

describe('the links of the documents', () => {
  test.each(documents)('%s leads to files and headings that exist', (document) => {
    expect(brokenLinks(document, readFileSync(join(root, document), 'utf8'))).toEqual([]);
  });

  test('are found wrong where a file or a heading is missing', () => {
    const text = '[a](docs/none.md) [b](docs/options.md#none) [c](#none) [d](docs/options.md)';
    expect(brokenLinks('README.md', text)).toEqual([
      'README.md: docs/none.md',
      'README.md: docs/options.md#none',
      'README.md: #none',
    ]);
  });

  test('lead from README to every page', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const pages = documents.filter((document) => document.startsWith('docs/'));
    expect(pages.filter((page) => !readme.includes(`](${page})`))).toEqual([]);
  });
});
