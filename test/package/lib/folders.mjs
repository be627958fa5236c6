// Where things are, and folders that last as long as the run.

import { rmSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const here = resolve(import.meta.dirname, '..');
export const repository = resolve(here, '../..');
export const consumer = join(here, 'consumer');

export const temporaryDirectories = [];

export async function temporaryDirectory(name) {
  const directory = await mkdtemp(join(tmpdir(), `nestjs-hanko-${name}-`));
  temporaryDirectories.push(directory);
  return directory;
}

export function removeTemporaryDirectories() {
  for (const path of temporaryDirectories) rmSync(path, { recursive: true, force: true });
}

export async function readJson(...path) {
  return JSON.parse(await readFile(join(...path), 'utf8'));
}
