import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SoftwareKey } from './support/authenticator.js';
import { CommandProcess } from './support/command-process.js';
import { FlowClient } from './support/flow-client.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const execute = promisify(execFile);

/** What runs in a project that has nothing else: starts one, makes a token, has it validated, stops. */
const program = `(async () => {
  const hanko = await FakeHanko.start();
  const session_token = await hanko.token({ email: 'ada@example.test' });
  const response = await fetch(hanko.url + '/sessions/validate', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ session_token }),
  });
  const { is_valid } = await response.json();
  await hanko.stop();
  console.log(is_valid, FORGERIES.length > 0);
})();`;

/** Every module that a file reaches, by its own path or, outside of the package, by its name. */
async function reachedFrom(file: string, found = new Set<string>()): Promise<Set<string>> {
  if (found.has(file)) return found;
  found.add(file);
  const { importedFiles } = ts.preProcessFile(await readFile(file, 'utf8'), true, true);
  for (const { fileName } of importedFiles) {
    if (fileName.startsWith('.')) await reachedFrom(join(dirname(file), fileName), found);
    else found.add(fileName);
  }
  return found;
}

// As it is published: `npm run build` makes what is packed.
describe('the packed package, where nothing else is installed', () => {
  let folder: string;
  let installed: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fake-hanko-'));
    const options = { cwd: folder, shell: process.platform === 'win32' };
    await execute('npm', ['pack', root, '--ignore-scripts', '--pack-destination', folder], options);
    const [tarball = ''] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
    await writeFile(join(folder, 'package.json'), '{ "private": true }');
    const flags = ['--offline', '--no-audit', '--no-fund', '--no-update-notifier'];
    await execute('npm', ['install', `./${tarball}`, ...flags], options);
    installed = join(folder, 'node_modules/fake-hanko');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('brings no other package', async () => {
    const modules = await readdir(join(folder, 'node_modules'));
    expect(modules.filter((name) => !name.startsWith('.'))).toEqual(['fake-hanko']);
  });

  it.each([
    ['import', 'mjs', "import { FakeHanko, FORGERIES } from 'fake-hanko';"],
    ['require', 'cjs', "const { FakeHanko, FORGERIES } = require('fake-hanko');"],
  ])('starts by %s, makes tokens and stops', async (_how, extension, first) => {
    const file = join(folder, `program.${extension}`);
    await writeFile(file, `${first}\n${program}\n`);
    const { stdout } = await execute(process.execPath, [file], { cwd: folder });
    expect(stdout).toBe('true true\n');
  });

  it.each(['dist/esm/index.js', 'dist/cjs/index.js', 'dist/esm/command/main.js'])(
    'reaches nothing but Node from %s',
    async (entry) => {
      const reached = [...(await reachedFrom(join(installed, entry)))];
      const own = reached.filter((name) => name.startsWith(installed));
      expect(own.length).toBeGreaterThan(20);
      const others = reached.filter((name) => !name.startsWith(installed));
      expect(others).toContain('node:http');
      expect(others.filter((name) => !builtinModules.includes(name.replace(/^node:/, '')))).toEqual(
        [],
      );
    },
  );

  it.each([
    ['mjs', "import { FakeHanko } from 'fake-hanko';"],
    ['cjs', "const { FakeHanko } = require('fake-hanko');"],
  ])('verifies passkeys with what it carries (%s)', async (extension, first) => {
    const file = join(folder, `passkeys.${extension}`);
    const start = `FakeHanko.start({ users: [{ email: 'ada@example.test', password: 'correct horse' }] })`;
    await writeFile(file, `${first}\n${start}.then(({ url }) => console.log('at ' + url));\n`);
    await using running = new CommandProcess(file, []);
    const client = new FlowClient(await running.printed(/^at (\S+)$/m));
    const key = new SoftwareKey('http://localhost:5173');
    expect(await client.signIn('ada@example.test', 'correct horse')).toBe('success');
    expect(await client.addKey(key, 'passkey')).toBe('profile_init');
    await client.start('login', true);
    expect(await client.sign(key)).toBe('success');
    expect(await client.start('login', true)).toBe('login_init');
    await client.sign(key, { signer: new SoftwareKey('http://localhost:5173') });
    expect(client.errors).toEqual(['passkey_invalid']);
  });

  it('has the licenses of what it carries', async () => {
    const carried = await readFile(join(installed, 'dist/cjs/webauthn/library.js'), 'utf8');
    for (const name of ['@simplewebauthn/server', '@peculiar/x509', 'asn1js', 'reflect-metadata']) {
      expect(carried).toContain(`${name} `);
    }
    expect(carried).toContain('Apache License');
  });

  it('has its command', async () => {
    const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
      bin: Record<string, string>;
    };
    await using command = new CommandProcess(join(installed, manifest.bin['fake-hanko'] ?? ''), [
      '--port',
      '0',
    ]);
    const url = await command.printed(/^HANKO_API_URL=(\S+)$/m);
    expect((await fetch(`${url}/health/alive`)).status).toBe(200);
    command.kill('SIGTERM');
    expect(await command.exitCode()).toBe(0);
  });
});
