import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Runs a command with the same terminal, until it ends.
 * @param variables that its environment gets.
 * @returns its exit code; as a shell says it if a signal ended it, or if there is no such command.
 */
export function runBeside(
  [file = '', ...args]: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<number> {
  const child = spawn(file, args, {
    stdio: 'inherit',
    env: { ...process.env, ...variables },
    shell: process.platform === 'win32', // npm and nest are scripts there
  });
  // A terminal sends Ctrl-C to both: only a signal for this process alone is handed on.
  const handOn = (signal: NodeJS.Signals): void => {
    if (signal !== 'SIGINT' || process.stdin.isTTY !== true) child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, handOn);
  return new Promise((resolve) => {
    child.once('error', (error) => {
      process.stderr.write(`fake-hanko: ${file} cannot be run: ${error.message}\n`);
      resolve(127);
    });
    child.once('exit', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
