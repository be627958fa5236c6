import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { VERSION } from '../src/version.js';

const read = (file: string): Readonly<Record<string, unknown>> =>
  JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as Record<string, unknown>;

const manifest = read('../package.json');
const nestjsHanko = read('../../package.json');

describe('package.json', () => {
  test('has the version that the command prints, and that of nestjs-hanko', () => {
    expect(manifest.version).toBe(VERSION);
    expect(manifest.version).toBe(nestjsHanko.version);
  });

  test('asks for the same Node as nestjs-hanko, under the same license', () => {
    expect(manifest.engines).toEqual(nestjsHanko.engines);
    expect(manifest.license).toBe(nestjsHanko.license);
  });

  test('has no dependency but what its build carries, and no script that runs at install', () => {
    const kinds = Object.keys(manifest).filter((name) => /dependencies/i.test(name));
    expect(kinds).toEqual(['devDependencies']);
    expect(Object.keys(manifest.devDependencies as object)).toEqual([
      '@simplewebauthn/server',
      'uqr',
      'yaml',
    ]);
    expect(Object.keys(manifest.scripts as object)).toEqual(['build', 'prepack']);
  });

  test('is no part of what nestjs-hanko installs', () => {
    for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies']) {
      expect(Object.keys(nestjsHanko[kind] ?? {})).not.toContain('fake-hanko');
    }
    expect(nestjsHanko.files).toEqual(['dist', 'grafana', '!dist/**/*.tsbuildinfo']);
  });
});
