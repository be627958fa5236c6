// The API of 01-quick-start under /api, twice; beside the first the GraphQL API of 06-graphql, and the pages.
import 'reflect-metadata';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import { startDemoHanko } from './demo-hanko.mjs';

const sample = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const FRONT_ENDS = {
  '/react': { built: '02-react', written: ['02-react/src', 'shared'] },
  '/vue': { built: '03-vue', written: ['03-vue/src', 'shared'] },
  '/svelte': { built: '04-svelte', written: ['04-svelte/src', 'shared'] },
  '/notes': {
    built: '06-graphql/page',
    written: ['06-graphql/src', '06-graphql/page/src', 'shared'],
  },
};

/** What the GraphQL API answers; all else is for the first one. */
const isForGraphql = ({ url }) => /^\/(?:graphql|webhooks)\b/.test(url);

/** What somebody writes for a sample, as one text. */
const sourceOf = (folders) =>
  folders
    .flatMap((path) => readdirSync(sample(path)).map((file) => `${path}/${file}`))
    .filter((file) => /\.(?:tsx?|vue|svelte)$/.test(file))
    .map((file) => `// sample/${file}\n\n${readFileSync(sample(file), 'utf8')}`)
    .join('\n\n');

export async function serve({ PORT = '3000', API_PORT, HANKO_TOKEN_TRANSPORT = 'cookie' }) {
  process.chdir(sample('01-quick-start')); // its .env counts here, too
  const { AppModule } = await import('../01-quick-start/dist/app.module.js');
  const { AppModule: GraphqlModule } = await import('../06-graphql/dist/app.module.js');
  // They listen before the apps are there: Hanko must know where to post, and the apps where Hanko is.
  const servers = [await listen(PORT), await listen(API_PORT || 0)];
  const [url, secondUrl] = servers.map((server) => `http://localhost:${server.address().port}`);
  const instances = [`${url}/api`, `${secondUrl}/api`];
  // The second one is a foreign API to the page, if it has a port that somebody chose.
  const apiUrl = API_PORT ? instances[1] : '/api';
  const demo = process.env.HANKO_API_URL
    ? null
    : await startDemoHanko(HANKO_TOKEN_TRANSPORT, instances, [...instances, url]);
  const hankoApiUrl = (process.env.HANKO_API_URL ||= demo.url);

  const graphql = await create(GraphqlModule);
  await graphql.init();
  for (const server of servers) {
    const app = await create(AppModule);
    app.setGlobalPrefix('api');
    app.enableCors({ origin: url, credentials: true });
    if (server === servers[0]) addPages(app);
    await app.init();
    server.on('request', (request, response) => {
      const isOther = server === servers[0] && isForGraphql(request);
      (isOther ? graphql : app).getHttpAdapter().getInstance()(request, response);
    });
  }
  servers[0].on('upgrade', (request, socket, head) => {
    if (!isForGraphql(request)) socket.destroy();
    else graphql.getHttpServer().emit('upgrade', request, socket, head);
  });

  console.log(`\nOpen ${url} in a browser. By hand: curl -i ${new URL(apiUrl, url)}/me`);
  console.log(`A second instance of the API: ${instances[1]}`);

  function addPages(app) {
    const routes = app.getHttpAdapter();
    const links = readFileSync(sample('start/links.html'), 'utf8');
    const addPage = (path, file, folders) => {
      const text = readFileSync(sample(file), 'utf8');
      const [name] = folders[0].split('/');
      const before = links.replace('{source}', `/source/${name}`) + (demo?.html ?? '');
      const html = text.replace('<body>', (body) => body + before);
      routes.get(path, (_request, response) => response.type('html').send(html));
      const source = sourceOf(folders);
      routes.get(`/source/${name}`, (_request, response) => response.type('text').send(source));
    };
    app.useStaticAssets(sample('shared'), { prefix: '/shared/' });
    addPage('/', 'start/index.html', ['01-quick-start/src']);
    for (const [path, { built, written }] of Object.entries(FRONT_ENDS)) {
      addPage(path, `${built}/dist/index.html`, written);
      app.useStaticAssets(sample(`${built}/dist/assets`), { prefix: `${path}/assets/` });
    }
    routes.get('/config.json', (_request, response) =>
      response.json({ hankoApiUrl, apiUrl, tokenTransport: HANKO_TOKEN_TRANSPORT }),
    );
    demo?.addRoutes(routes);
  }
}

async function create(module) {
  const app = await NestFactory.create(module, { logger: ['warn', 'error'] });
  return app.useBodyParser('json', { limit: 262_144 }); // what a webhook receiver takes
}

async function listen(port) {
  const server = createServer().listen(port, 'localhost');
  await once(server, 'listening');
  return server;
}
