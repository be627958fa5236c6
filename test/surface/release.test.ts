import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { root } from '../support/api-program.js';

const MANIFESTS = ['package.json', 'fake-hanko/package.json'];
const ACTIONS = {
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'someone/nestjs-hanko',
};

let copy: string;

beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'release-'));
  for (const file of MANIFESTS) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
});

afterEach(() => rmSync(copy, { recursive: true }));

const setRepository = (env: Readonly<Record<string, string>>) =>
  spawnSync(process.execPath, [join(root, 'scripts/set-repository.mjs'), copy], {
    env: { PATH: process.env['PATH'], ...env },
    encoding: 'utf8',
  });

const manifest = (file: string, folder = copy): Record<string, unknown> =>
  JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, unknown>;

describe('the release', () => {
  test('names the repository that builds it in both packages, and changes nothing else', () => {
    expect(setRepository(ACTIONS)).toMatchObject({ status: 0, stderr: '' });
    const address = 'https://github.com/someone/nestjs-hanko';
    expect(manifest('package.json')).toEqual({
      ...manifest('package.json', root),
      repository: { type: 'git', url: `git+${address}.git` },
      homepage: `${address}#readme`,
      bugs: { url: `${address}/issues` },
    });
    expect(manifest('fake-hanko/package.json')).toEqual({
      ...manifest('fake-hanko/package.json', root),
      repository: { type: 'git', url: `git+${address}.git`, directory: 'fake-hanko' },
      homepage: `${address}/tree/HEAD/fake-hanko#readme`,
      bugs: { url: `${address}/issues` },
    });
  });

  test.each([
    ['without an address', {}],
    ['with half an address', { GITHUB_REPOSITORY: 'someone/nestjs-hanko' }],
    ['for a name that is none', { ...ACTIONS, GITHUB_REPOSITORY: 'nestjs-hanko' }],
    ['for a server without https', { ...ACTIONS, GITHUB_SERVER_URL: 'http://github.com' }],
  ])('stops %s, with a sentence that says what to set', (_case, env) => {
    expect(setRepository(env)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Set GITHUB_SERVER_URL') as unknown,
    });
    for (const file of MANIFESTS) expect(manifest(file)).toEqual(manifest(file, root));
  });

  test('does so before it publishes, both packages with provenance', () => {
    const workflow = readFileSync(join(root, '.github/workflows/release.yml'), 'utf8');
    const steps = [...workflow.matchAll(/run: (node scripts\/\S+|npm publish .*)$/gm)].map(
      ([, command]) => command,
    );
    expect(steps).toEqual([
      'node scripts/set-repository.mjs',
      'npm publish --provenance --access public',
      'npm publish --provenance --access public --workspace fake-hanko',
    ]);
  });

  test('has one version', () => {
    const [own, fake] = MANIFESTS.map((file) => manifest(file)['version']);
    expect(fake).toBe(own);
  });
});
