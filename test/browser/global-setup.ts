import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromiumPath } from './chromium.js';
import { FAILURES } from './visitor.js';

/** Once, before all files: what they have in common, and what they could not do without. */
export default function setup(): void {
  chromiumPath();
  rmSync(FAILURES, { recursive: true, force: true });
  const start = fileURLToPath(new URL('../../sample/start/build.mjs', import.meta.url));
  const script = `import(${JSON.stringify(start)}).then(({ build }) => build())`;
  execFileSync(process.execPath, ['-e', script], { stdio: 'inherit' });
}
