import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FakeHanko } from 'nestjs-hanko/testing';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../../sample/01-quick-start', import.meta.url));

let app: ChildProcess | undefined;

/** Starts the built sample as `npm start` does, and reads what it prints until `isEnough`. */
async function start(
  environment: Record<string, string>,
  isEnough: (lines: readonly string[]) => boolean,
): Promise<readonly string[]> {
  const { HANKO_API_URL: _, ...inherited } = process.env;
  await run(process.execPath, ['../../node_modules/typescript/bin/tsc', '-p', '.'], {
    cwd: folder,
  });
  app = spawn(process.execPath, ['dist/main.js'], {
    cwd: folder,
    env: { ...inherited, NO_COLOR: '1', PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  for await (const line of createInterface({ input: app.stdout as NodeJS.ReadableStream })) {
    lines.push(line);
    if (isEnough(lines)) break;
  }
  return lines;
}

beforeAll(async () => {
  await run(process.execPath, ['../../node_modules/typescript/bin/tsc', '-p', '.'], {
    cwd: folder,
  });
});

afterEach(async () => {
  if (app?.exitCode === null && app.kill()) await once(app, 'exit');
});

describe('sample/01-quick-start', () => {
  test('prints three curl lines that work as printed', async () => {
    const isCurl = (line: string): boolean => line.startsWith('curl ');
    const lines = await start({}, (all) => all.filter(isCurl).length === 3);
    const answers: string[] = [];
    for (const line of lines.filter(isCurl)) {
      const { stdout } = await run('sh', ['-c', `${line} -s`]);
      answers.push(stdout);
    }
    expect(answers[0]).toMatch(/^HTTP\/1.1 200 [^]*Anyone may read this/);
    expect(answers[1]).toMatch(
      /^HTTP\/1.1 401 [^]*WWW-Authenticate: Bearer\r\n[^]*credentials_missing/,
    );
    expect(answers[2]).toMatch(/^HTTP\/1.1 200 [^]*"owner":"ada@example.test"/);
  });

  test('runs on the Hanko that HANKO_API_URL names', async () => {
    await using hanko = await FakeHanko.start();
    const isAddress = (line: string): boolean => line.startsWith('The app is at ');
    const lines = await start({ HANKO_API_URL: hanko.url }, (all) => all.some(isAddress));
    const url = lines.find(isAddress)?.slice('The app is at '.length);
    const token = await hanko.token({ email: 'grace@example.test' });
    const response = await fetch(`${url}/greeting`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await response.json()).toEqual({ message: 'Hello grace@example.test' });
    expect(hanko.countRequests('/.well-known/jwks.json')).toBe(1);
  });
});
