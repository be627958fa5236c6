import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { BUILT } from './command-process.js';

/** What a command came to. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Each time another module, so that it runs again; what it imports is loaded once. */
const SCRIPT = `
  const [url, rows] = JSON.parse(process.argv[1]);
  const print = process.stdout.write.bind(process.stdout);
  const results = [];
  for (const [n, args] of rows.entries()) {
    const ended = { code: null, output: '', errors: '' };
    process.stdout.write = (text) => Boolean((ended.output += text));
    process.stderr.write = (text) => Boolean((ended.errors += text));
    process.exitCode = undefined;
    process.argv.splice(1, Infinity, url, ...args);
    await import(url + '?' + n);
    for (let turns = 0; process.exitCode === undefined && turns < 10_000; turns += 1) {
      await new Promise(setImmediate);
    }
    results.push({ ...ended, code: process.exitCode ?? null });
  }
  // What has started against all expectation ends here, too.
  print(JSON.stringify(results), () => process.exit(0));
`;

/**
 * Runs the command as it is built with each of these arguments, which must make it end. All in one process: to start one
 * takes longer than what the command does.
 */
export async function endedEach(rows: readonly (readonly string[])[]): Promise<readonly Ended[]> {
  const given = JSON.stringify([pathToFileURL(BUILT).href, rows]);
  const args = ['--input-type=module', '-e', SCRIPT, given];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as readonly Ended[];
}
