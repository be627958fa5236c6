// A registry that has our tarballs, and sends npm on to the real one for everything else: `nest add`
// installs a package by its name.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname } from 'node:path';
import { cleanEnv, run, SECOND } from './processes.mjs';

/** @param tarballs by name of the package. */
export async function startRegistry(tarballs) {
  const options = {
    cwd: dirname(Object.values(tarballs)[0]),
    env: cleanEnv(),
    timeoutMs: 30 * SECOND,
  };
  const upstream = (await run('npm', ['config', 'get', 'registry'], options)).trim();
  const files = new Map();
  const documents = new Map();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url).split('?')[0];
    if (documents.has(path)) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(documents.get(path)));
    } else if (files.has(path)) response.end(files.get(path));
    else response.writeHead(302, { location: new URL(request.url, upstream).href }).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;

  for (const [name, file] of Object.entries(tarballs)) {
    const manifest = JSON.parse(await run('tar', ['-xzOf', file, 'package/package.json'], options));
    const { version } = manifest;
    const content = await readFile(file);
    const path = `/${name}/-/${name}-${version}.tgz`;
    const hash = (algorithm, encoding) => createHash(algorithm).update(content).digest(encoding);
    const dist = {
      tarball: url + path,
      shasum: hash('sha1', 'hex'),
      integrity: `sha512-${hash('sha512', 'base64')}`,
    };
    files.set(path, content);
    documents.set(`/${name}`, {
      name,
      'dist-tags': { latest: version },
      versions: { [version]: { ...manifest, dist } },
      time: { [version]: '2026-01-01T00:00:00.000Z' },
    });
  }
  return { url, close: () => new Promise((resolve) => server.close(resolve)) };
}
