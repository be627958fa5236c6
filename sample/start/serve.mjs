// The API of 01-quick-start under /api, twice, and the pages of the front ends beside the first.
import 'reflect-metadata';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import { startDemoHanko } from './demo-hanko.mjs';

const sample = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const FRONT_ENDS = { '/react': '02-react', '/vue': '03-vue', '/svelte': '04-svelte' };

/** What somebody writes for a sample, as one text: its own files, and for a front end those that all share. */
function sourceOf(folder) {
  const isFrontEnd = Object.values(FRONT_ENDS).includes(folder);
  return [`${folder}/src`, ...(isFrontEnd ? ['shared'] : [])]
    .flatMap((path) => readdirSync(sample(path)).map((file) => `${path}/${file}`))
    .filter((file) => /\.(?:tsx?|vue|svelte)$/.test(file))
    .map((file) => `// sample/${file}\n\n${readFileSync(sample(file), 'utf8')}`)
    .join('\n\n');
}

export async function serve({ PORT = '3000', API_PORT, HANKO_TOKEN_TRANSPORT = 'cookie' }) {
  process.chdir(sample('01-quick-start')); // its .env counts here, too
  const { AppModule } = await import('../01-quick-start/dist/app.module.js');
  // They listen before the apps are there: Hanko must know where to post, and the apps where Hanko is.
  const servers = [await listen(PORT), await listen(API_PORT || 0)];
  const [url, secondUrl] = servers.map((server) => `http://localhost:${server.address().port}`);
  const instances = [`${url}/api`, `${secondUrl}/api`];
  // The second one is a foreign API to the page, if it has a port that somebody chose.
  const apiUrl = API_PORT ? instances[1] : '/api';
  const demo = process.env.HANKO_API_URL
    ? null
    : await startDemoHanko(HANKO_TOKEN_TRANSPORT, instances);
  const hankoApiUrl = (process.env.HANKO_API_URL ||= demo.url);

  for (const server of servers) {
    const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
    app.setGlobalPrefix('api');
    app.useBodyParser('json', { limit: 262_144 }); // what the webhook receiver takes
    app.enableCors({ origin: url, credentials: true });
    if (server === servers[0]) addPages(app);
    await app.init();
    server.on('request', app.getHttpAdapter().getInstance());
  }

  console.log(`\nOpen ${url} in a browser. By hand: curl -i ${new URL(apiUrl, url)}/me`);
  console.log(`A second instance of the API: ${instances[1]}`);

  function addPages(app) {
    const routes = app.getHttpAdapter();
    const links = readFileSync(sample('start/links.html'), 'utf8');
    const addPage = (path, file, folder) => {
      const text = readFileSync(sample(file), 'utf8');
      const before = links.replace('{source}', `/source/${folder}`) + (demo?.html ?? '');
      const html = text.replace('<body>', (body) => body + before);
      routes.get(path, (_request, response) => response.type('html').send(html));
      const source = sourceOf(folder);
      routes.get(`/source/${folder}`, (_request, response) => response.type('text').send(source));
    };
    app.useStaticAssets(sample('shared'), { prefix: '/shared/' });
    addPage('/', 'start/index.html', '01-quick-start');
    for (const [path, folder] of Object.entries(FRONT_ENDS)) {
      addPage(path, `${folder}/dist/index.html`, folder);
      app.useStaticAssets(sample(`${folder}/dist/assets`), { prefix: `${path}/assets/` });
    }
    routes.get('/config.json', (_request, response) =>
      response.json({ hankoApiUrl, apiUrl, tokenTransport: HANKO_TOKEN_TRANSPORT }),
    );
    demo?.addRoutes(routes);
  }
}

async function listen(port) {
  const server = createServer().listen(port, 'localhost');
  await once(server, 'listening');
  return server;
}
