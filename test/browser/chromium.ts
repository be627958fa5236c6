import { execFileSync } from 'node:child_process';
import { type Browser, chromium } from 'playwright-core';

/** @throws Error that says how to get one: these tests are never skipped. */
export function chromiumPath(): string {
  try {
    return execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).trim();
  } catch {
    throw new Error(
      'There is no `chromium`, and the browser tests need one: apt-get install chromium',
    );
  }
}

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath() });
}
