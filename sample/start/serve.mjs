// The API of 01-quick-start under /api, twice; beside the first the other servers (05-admin, 06-graphql, 08-realtime), and the pages.
import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { hankoSockets } from 'nestjs-hanko';
import { startDemoHanko } from './demo-hanko.mjs';
import { startTenants } from './tenants.mjs';

const sample = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const frontEnd = (folder) => ({
  page: `${folder}/dist/index.html`,
  written: [`${folder}/src`, 'shared'],
});
const chat = (page) => ({
  page: `08-realtime/page/dist/${page}`,
  written: ['08-realtime/src', '08-realtime/page/src', 'shared'],
});
const FRONT_ENDS = {
  '/react': frontEnd('02-react'),
  '/vue': frontEnd('03-vue'),
  '/svelte': frontEnd('04-svelte'),
  '/notes': {
    page: '06-graphql/page/dist/index.html',
    written: ['06-graphql/src', '06-graphql/page/src', 'shared'],
  },
  '/chat/socket.io': chat('socket-io.html'),
  '/chat/ws': chat('ws.html'),
  '/admin': {
    page: '05-admin/page/dist/index.html',
    written: ['05-admin/src', '05-admin/page/src', 'shared'],
  },
};

/** Apps beside the API: what they respond to, and where Hanko notifies them. */
const GRAPHQL = { paths: /^\/(?:graphql|webhooks)\b/, prefix: '' };
const SOCKET_IO = {
  paths: /^\/(?:socket\.io\/|chat\/socket\.io\/webhooks\b)/,
  prefix: '/chat/socket.io',
};
const WS = { paths: /^\/chat\/ws\/webhooks\b/, upgrades: /^\/(?:\?|$)/, prefix: '/chat/ws' };
const ADMIN = { paths: /^\/admin\/api\//, upgrades: /^\/admin\/live\b/, prefix: '/admin/api' };
const OTHERS = [GRAPHQL, SOCKET_IO, WS];

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
  // They listen before the apps are there: Hanko must know where to post, and the apps where Hanko is.
  const servers = [await listen(PORT), await listen(API_PORT || 0)];
  const [url, secondUrl] = servers.map((server) => `http://localhost:${server.address().port}`);
  const instances = [`${url}/api`, `${secondUrl}/api`];
  // The second one is a foreign API to the page, if it has a port that somebody chose.
  const apiUrl = API_PORT ? instances[1] : '/api';
  if (process.env.HANKO_ADMIN_URL || isOnCloud() || !process.env.HANKO_API_URL) OTHERS.push(ADMIN);
  const receivers = [...instances, ...OTHERS.map(({ prefix }) => url + prefix)];
  const demo = process.env.HANKO_API_URL
    ? null
    : await startDemoHanko(HANKO_TOKEN_TRANSPORT, instances, receivers);
  if (demo) process.env.HANKO_ADMIN_URL = demo.adminUrl;
  const hankoApiUrl = (process.env.HANKO_API_URL ||= demo.url);

  await startOthers();
  const tenants = demo && (await startTenants(url, create));
  for (const server of servers) {
    const app = await create(AppModule);
    app.setGlobalPrefix('api');
    app.enableCors({ origin: url, credentials: true });
    if (server === servers[0]) addPages(app);
    await app.init();
    server.on('request', (request, response) => {
      const other = server === servers[0] && otherFor(request);
      (other || { app }).app.getHttpServer().emit('request', request, response);
    });
  }
  servers[0].on('upgrade', (request, socket, head) => {
    const other = OTHERS.find(({ paths, upgrades = paths }) => upgrades.test(request.url));
    if (other) other.app.getHttpServer().emit('upgrade', request, socket, head);
    else socket.destroy();
  });

  function otherFor(request) {
    if (tenants?.isFor(request)) return tenants;
    return OTHERS.find(({ paths }) => paths.test(request.url));
  }

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
      const policy = path === '/admin' ? policyOf(html, hankoApiUrl) : undefined;
      routes.get(path, (_request, response) => {
        if (policy) response.set('content-security-policy', policy);
        response.type('html').send(html);
      });
      const source = sourceOf(folders);
      routes.get(`/source/${name}`, (_request, response) => response.type('text').send(source));
    };
    app.useStaticAssets(sample('shared'), { prefix: '/shared/' });
    addPage('/', 'start/index.html', ['01-quick-start/src']);
    for (const [path, { page, written }] of Object.entries(FRONT_ENDS)) {
      if (path === '/admin' && !ADMIN.app) {
        const text = 'Set HANKO_ADMIN_URL and start again: sample/05-admin/README.md says how.';
        routes.get(path, (_request, response) => response.type('text').send(text));
        continue;
      }
      addPage(path, page, written);
      const assets = `/${path.split('/')[1]}/assets/`;
      app.useStaticAssets(sample(`${dirname(page)}/assets`), { prefix: assets });
    }
    routes.get('/tenants', (_request, response) => {
      if (tenants) return response.redirect(tenants.url);
      const text = 'It runs by itself on your own Hanko: sample/09-tenants/README.md says how.';
      return response.type('text').send(text);
    });
    const source = sourceOf(['09-tenants/src', '09-tenants/page/src', 'shared']);
    routes.get('/source/09-tenants', (_request, response) => response.type('text').send(source));
    routes.get('/config.json', (_request, response) =>
      response.json({ hankoApiUrl, apiUrl, tokenTransport: HANKO_TOKEN_TRANSPORT }),
    );
    demo?.addRoutes(routes);
  }
}

async function startOthers() {
  const graphql = await import('../06-graphql/dist/app.module.js');
  const { AppModule } = await import('../08-realtime/dist/app.module.js');
  const { SocketIoGateway } = await import('../08-realtime/dist/socket-io.gateway.js');
  const { WsGateway } = await import('../08-realtime/dist/ws.gateway.js');
  GRAPHQL.app = await create(graphql.AppModule);
  SOCKET_IO.app = await create(AppModule.withGateway(SocketIoGateway));
  SOCKET_IO.app.useWebSocketAdapter(hankoSockets(SOCKET_IO.app, new IoAdapter(SOCKET_IO.app)));
  WS.app = await create(AppModule.withGateway(WsGateway));
  WS.app.useWebSocketAdapter(hankoSockets(WS.app, new WsAdapter(WS.app)));
  if (OTHERS.includes(ADMIN)) {
    const admin = await import('../05-admin/dist/app.module.js');
    ADMIN.app = await create(admin.AppModule);
    ADMIN.app.useWebSocketAdapter(hankoSockets(ADMIN.app, new WsAdapter(ADMIN.app)));
  }
  for (const { app, prefix } of OTHERS) await app.setGlobalPrefix(prefix).init();
}

/** For a page of administrators: if text of a user ever became a script, it would not run. And no other page can frame it. */
function policyOf(html, hankoApiUrl) {
  const hashes = [...html.matchAll(/<script type="module">(.+?)<\/script>/gs)].map(
    ([, script]) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
  return [
    "default-src 'self'",
    `script-src ${["'self'", ...hashes].join(' ')}`,
    "style-src 'self' 'unsafe-inline'", // Hanko's components bring theirs
    "img-src 'self' data:",
    `connect-src 'self' ${hankoApiUrl}`,
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  ].join('; ');
}

/** There the address of the Admin API follows from that of the public one. */
const isOnCloud = () => /\.hanko\.io\b/.test(process.env.HANKO_API_URL);

async function create(module) {
  const app = await NestFactory.create(module, { logger: ['warn', 'error'] });
  return app.useBodyParser('json', { limit: 262_144 }); // what a webhook receiver takes
}

async function listen(port) {
  const server = createServer().listen(port, 'localhost');
  await once(server, 'listening');
  return server;
}
