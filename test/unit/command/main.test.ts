import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VERSION } from '../../../lib/util/version.js';
import { root } from '../../support/api-program.js';
import { AppFolder, HEALTHY } from '../../support/doctor.js';

/** The command as it is built: `npm run build` first. */
const BUILT = join(root, 'dist/esm/command/main.js');

/** Tells on standard error where connections go. */
const WATCH = `data:text/javascript,${encodeURIComponent(`
import net from 'node:net';
import dns from 'node:dns';
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  const [{ host, port }] = args[0] instanceof Array ? args[0] : args;
  process.stderr.write('CONNECTS ' + host + ':' + port + '\\n');
  return connect.apply(this, args);
};`)}`;

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

let hanko: FakeHanko;
let app: AppFolder;
beforeAll(async () => {
  if (!existsSync(BUILT)) throw new Error(`${BUILT} is missing: run npm run build first`);
  hanko = await FakeHanko.start();
  app = new AppFolder({
    ...HEALTHY,
    '.env': `HANKO_API_URL=${hanko.url}\nHANKO_AUDIENCE=localhost\n`,
  });
});
afterAll(async () => {
  app[Symbol.dispose]();
  await hanko.stop();
});

async function run(
  args: readonly string[],
  { file = BUILT, cwd = app.path, input = '', env = {}, isWatched = false } = {},
): Promise<Ended> {
  const flags = isWatched ? ['--import', WATCH] : [];
  const child = spawn(process.execPath, [...flags, file, ...args], {
    cwd,
    env: { PATH: process.env.PATH, ...env },
  });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output, errors };
}

describe('npx nestjs-hanko doctor', () => {
  test('says what it found without colours, and calls only the addresses that are named', async () => {
    const server = await FakeHanko.start();
    const { code, output, errors } = await run(
      ['doctor', '--app-url', 'http://localhost:3000', '--server-url', server.url],
      { isWatched: true, env: { HANKO_ADMIN_URL: hanko.adminUrl, FORCE_COLOR: '1' } },
    );
    await server.stop();
    // A warning, of webhooks, is no failure.
    expect(code).toBe(0);
    expect(output).toMatch(/^nestjs-hanko doctor \d.*\n\nInstallation\n {2}ok {4}node {5}/);
    expect(output).toContain(`Hanko replies at ${hanko.url}`);
    expect(output).toMatch(/\n\n1 thing is worth a look\.\n$/);
    expect(output).not.toContain('\u001b');
    const named = [hanko.url, hanko.adminUrl, server.url].map((url) => new URL(url).host);
    const called = errors.match(/(?<=CONNECTS ).*/g) ?? [];
    expect(new Set(called)).toEqual(new Set(named));
  });

  test('ends with 1 where something is wrong, and says it as JSON', async () => {
    const { code, output } = await run(['doctor', '--json', '--audience', '<id>']);
    expect(code).toBe(1);
    const { result, checks } = JSON.parse(output) as {
      result: string;
      checks: { id: string; status: string; text: string }[];
    };
    expect(result).toBe('fail');
    expect(checks.find(({ status }) => status === 'fail')).toMatchObject({ id: 'HANKO_AUDIENCE' });
  });

  test('explains a token from standard input, and never repeats it', async () => {
    const token = await hanko.token({ email: 'ada@example.test' });
    const [given, written] = await Promise.all([
      run(['doctor', '--token', '-'], { input: `${token}\n` }),
      run(['doctor', '--token', token, '--json']),
    ]);
    expect([given.code, written.code]).toEqual([0, 0]);
    expect(given.output).toContain('The app accepts it');
    expect(given.errors).toBe('');
    expect(written.errors).toContain('history of your shell');
    expect(JSON.parse(written.output)).toMatchObject({
      token: { kind: 'session token', claims: { email: { address: 'ada@example.test' } } },
    });
    for (const part of token.split('.')) {
      for (const { output, errors } of [given, written])
        expect(output + errors).not.toContain(part);
    }
  });

  test('ends with 2 for what it does not understand', async () => {
    expect(await run(['doctor', '--nothing'])).toEqual({
      code: 2,
      output: '',
      errors:
        'nestjs-hanko: --nothing is no flag of the doctor. See npx nestjs-hanko doctor --help.\n',
    });
  });

  test('prints its version', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, output: `${VERSION}\n`, errors: '' });
  });

  test.each([
    ['is missing', {}, 'Nest is not installed here'],
    ['cannot be loaded', HEALTHY, "Nest cannot be loaded: Cannot find package '"],
  ])('says what is wrong where Nest %s', async (_what, files, says) => {
    using bare = new AppFolder({
      'package.json': {},
      ...files,
      'node_modules/nestjs-hanko/package.json': {
        name: 'nestjs-hanko',
        version: VERSION,
        type: 'module',
      },
    });
    const copy = join(bare.path, 'node_modules/nestjs-hanko/dist/esm');
    cpSync(join(root, 'dist/esm'), copy, { recursive: true });
    const { code, output, errors } = await run(['doctor'], {
      file: join(copy, 'command/main.js'),
      cwd: bare.path,
    });
    expect({ code, errors }).toEqual({ code: 1, errors: '' });
    expect(output).toContain(says);
  });
});
