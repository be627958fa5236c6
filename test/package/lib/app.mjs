// The built app, running against a FakeHanko.

import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { SECOND, start, stop, waitFor } from './processes.mjs';

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Starts `main`, in its folder `cwd`, and asks it for a public route, a closed one without a token
 * (401) and with one (200).
 *
 * @param project the folder whose `fake-hanko` it runs against.
 * @param isDotEnv tells the app Hanko's address in a `.env` file, which only `@nestjs/config` reads.
 */
export async function expectApp({ project, cwd = project, main, env, isDotEnv }) {
  const hanko = start('node', ['fake-hanko.mjs'], { cwd: project, env });
  const dotEnv = join(cwd, '.env');
  let app;
  try {
    const { url, token } = await waitFor('FakeHanko to listen', hanko, () => {
      const line = hanko.output().match(/^\{.*\}$/m);
      return line ? JSON.parse(line[0]) : undefined;
    });
    const port = await freePort();
    if (isDotEnv) await writeFile(dotEnv, `HANKO_API_URL=${url}\n`);
    app = start('node', [main], {
      cwd,
      env: { ...env, PORT: String(port), ...(!isDotEnv && { HANKO_API_URL: url }) },
    });
    const get = (path, headers = {}) =>
      fetch(`http://127.0.0.1:${port}${path}`, {
        headers,
        signal: AbortSignal.timeout(5 * SECOND),
      });

    const open = await waitFor('the app to listen', app, () => get('/').catch(() => undefined));
    await expectAnswer(open, 200, (body) => body === 'Hello World!', app);
    const refused = await get('/me');
    await expectAnswer(refused, 401, (body) => body.includes('"credentials_missing"'), app);
    const accepted = await get('/me', { authorization: `Bearer ${token}` });
    await expectAnswer(accepted, 200, (body) => body.includes('"ada@example.test"'), app);
  } finally {
    if (app) await stop(app);
    await stop(hanko);
    await rm(dotEnv, { force: true });
  }
}

async function expectAnswer(response, status, isExpected, app) {
  const body = await response.text();
  if (response.status === status && isExpected(body)) return;
  const path = new URL(response.url).pathname;
  throw new Error(`${app.output()}\nGET ${path}: wanted ${status}, got ${response.status} ${body}`);
}
