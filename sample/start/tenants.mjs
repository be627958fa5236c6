// 09-tenants: one app at two host names, on a fake Hanko of its own that has both tenants.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FakeHanko } from 'fake-hanko';

const file = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The same address, and two people. */
const USERS = {
  'acme.localhost': { email: 'ada@example.test', password: 'lovelace-1843' },
  'globex.localhost': { email: 'ada@example.test', password: 'babbage-1871' },
};

/**
 * @param url of the server that all samples share
 * @param create makes an app of a module
 */
export async function startTenants(url, create) {
  const { AppModule } = await import('../09-tenants/dist/app.module.js');
  const { TENANTS } = await import('../09-tenants/dist/tenants.js');
  const { port } = new URL(url);
  const hanko = await startHanko(TENANTS, url);
  const app = await onHanko(new URL(hanko.url).origin, () => create(AppModule));

  app.setGlobalPrefix('api');
  app.useStaticAssets(file('../09-tenants/page/dist/assets'), { prefix: '/tenants/assets/' });
  const before = readFileSync(file('tenants.html'), 'utf8')
    .replaceAll('{home}', url)
    .replaceAll('{port}', port);
  const page = readFileSync(file('../09-tenants/page/dist/index.html'), 'utf8').replace(
    '<body>',
    (body) => body + before,
  );
  app.getHttpAdapter().get('/', (_request, response) => response.type('html').send(page));
  await app.init();

  const hosts = TENANTS.map(({ host }) => `${host}:${port}`);
  return {
    app,
    /** Where the first of them is. */
    url: `http://${hosts[0]}/`,
    /** What it responds to: its host names, and what Hanko posts. */
    isFor: ({ headers: { host }, url: path }) =>
      hosts.includes(host) || /^\/api\/webhooks\/hanko\/[\da-f-]{36}$/.test(path),
  };
}

/** Each tenant has a configuration of its own, as `POST /tenants` of Hanko's management API takes it. */
async function startHanko([first, ...others], url) {
  const { port } = new URL(url);
  const configOf = ({ id, host }) => ({
    webauthn: { relying_party: { id: host } },
    cors: { allow_origins: [`http://${host}:${port}`] },
    session: { enable_auth_token_header: true },
    // No mails are shown here, and nobody has a passkey yet.
    account: { allow_signup: false },
    passkey: { enabled: false },
    webhooks: {
      enabled: true,
      hooks: [
        { callback: `${url}/api/webhooks/hanko/${id}`, events: ['session.delete', 'user.delete'] },
      ],
    },
  });
  const hanko = await FakeHanko.start({
    host: 'localhost',
    tenantId: first.id,
    config: { ...configOf(first), multi_tenancy: { enabled: true } },
  });
  for (const tenant of others) await hanko.createTenant(tenant.id, configOf(tenant));
  for (const { id, host } of [first, ...others]) hanko.tenant(id).createUser(USERS[host]);
  return hanko;
}

/** An app takes the address from its environment when it is made; that of the others is another. */
async function onHanko(url, start) {
  const { HANKO_API_URL: before } = process.env;
  process.env.HANKO_API_URL = url;
  try {
    return await start();
  } finally {
    process.env.HANKO_API_URL = before;
  }
}
