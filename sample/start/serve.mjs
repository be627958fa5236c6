// The API of 01-quick-start under /api, and the pages of the front ends beside it.
import 'reflect-metadata';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import { startDemoHanko } from './demo-hanko.mjs';

const sample = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const FRONT_ENDS = { '/react': '02-react', '/vue': '03-vue', '/svelte': '04-svelte' };

export async function serve({ PORT = '3000', API_PORT, HANKO_TOKEN_TRANSPORT = 'cookie' }) {
  process.chdir(sample('01-quick-start')); // its .env counts here, too
  const { AppModule } = await import('../01-quick-start/dist/app.module.js');
  const demo = process.env.HANKO_API_URL ? null : await startDemoHanko(HANKO_TOKEN_TRANSPORT);
  const hankoApiUrl = (process.env.HANKO_API_URL ||= demo.url);

  const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
  app.setGlobalPrefix('api');
  let url = '';
  let apiUrl = '';
  // For an API on a port of its own; else nobody asks.
  app.enableCors({ origin: (origin, allow) => allow(null, origin === url), credentials: true });

  const server = app.getHttpAdapter();
  app.useStaticAssets(sample('shared'), { prefix: '/shared/' });
  page('/', 'start/index.html');
  for (const [path, folder] of Object.entries(FRONT_ENDS)) {
    page(path, `${folder}/dist/index.html`);
    app.useStaticAssets(sample(`${folder}/dist/assets`), { prefix: `${path}/assets/` });
  }
  server.get('/config.json', (_request, response) =>
    response.json({ hankoApiUrl, apiUrl, tokenTransport: HANKO_TOKEN_TRANSPORT }),
  );
  if (demo) {
    server.get('/demo/mails', (_request, response) => demo.showMails(response));
    server.post('/demo/end-sessions', (_request, response) => response.json(demo.endSessions()));
  }

  await app.listen(PORT, 'localhost');
  url = `http://localhost:${app.getHttpServer().address().port}`;
  apiUrl = '/api';
  if (API_PORT) {
    const second = createServer(server.getInstance()).listen(API_PORT, 'localhost');
    await once(second, 'listening');
    apiUrl = `http://localhost:${second.address().port}/api`;
  }

  console.log(`\nOpen ${url} in a browser. By hand: curl -i ${new URL(apiUrl, url)}/me`);

  function page(path, file) {
    const text = readFileSync(sample(file), 'utf8');
    const html = text.replace('<body>', (body) => body + (demo?.html ?? ''));
    server.get(path, (_request, response) => response.type('html').send(html));
  }
}
