// Child processes: an environment of their own, a time limit, and an end together with this process.

import { spawn } from 'node:child_process';
import { delimiter } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;

export const windows = process.platform === 'win32';
const children = new Set();

// On POSIX a child leads its own process group, so that a time-out or Ctrl-C also reaches the
// workers of Jest and Vitest.
function kill(child) {
  try {
    if (windows) child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has gone already.
  }
}

export function killAll() {
  children.forEach(kill);
}

// What npm, a test runner or the developer's shell set for this repository must not steer the
// consumer. NPM_CONFIG_*, as people write it by hand (registry, proxy), stays.
const foreign =
  /^(npm_|INIT_CWD$|NODE_(ENV|OPTIONS|PATH|TEST_CONTEXT)$|VITEST|JEST_|HANKO_|PORT$|FORCE_COLOR$)/;
const foreignPath = /[\\/](node_modules[\\/]\.bin|node-gyp-bin)$/;

export function cleanEnv(nodeDirectory) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !foreign.test(name)),
  );
  const pathName = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const path = (env[pathName] ?? '').split(delimiter).filter((entry) => !foreignPath.test(entry));
  if (nodeDirectory) path.unshift(nodeDirectory);
  return { ...env, NO_COLOR: '1', [pathName]: path.join(delimiter) };
}

/** Starts a child; `output()` is all it has printed so far, `done` resolves once it has ended. */
export function start(command, args, { cwd, env }) {
  const child = spawn(command, args, {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: !windows,
    shell: windows && command === 'npm', // npm is a .cmd file there
  });
  children.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  }
  const done = new Promise((resolveDone) => {
    child.on('error', (error) => {
      output += `${error}\n`;
      resolveDone(1);
    });
    child.on('close', (code) => resolveDone(code ?? 1));
  }).finally(() => children.delete(child));
  return { child, done, output: () => output, ended: () => !children.has(child) };
}

/** Runs a child to its end and returns its output; a non-zero exit or a time-out throws it. */
export async function run(command, args, { timeoutMs, ...options }) {
  const running = start(command, args, options);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    kill(running.child);
  }, timeoutMs);
  const code = await running.done;
  clearTimeout(timer);
  if (timedOut) throw new Error(`${running.output()}\ntimed out after ${timeoutMs / SECOND} s`);
  if (code !== 0) throw new Error(`${running.output()}\n${command} exited with ${code}`);
  return running.output();
}

export async function stop({ child, done }) {
  kill(child);
  await done;
}

/** Calls `probe` until it returns something; a child that ends meanwhile is an error at once. */
export async function waitFor(what, running, probe, timeoutMs = 30 * SECOND) {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    const result = await probe();
    if (result !== undefined) return result;
    if (running.ended()) throw new Error(`${running.output()}\nended before ${what}`);
    await sleep(100);
  }
  throw new Error(`${running.output()}\ntimed out waiting for ${what}`);
}
