// A Hanko for those who have none. Mails go nowhere: the page shows what they would say.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { FakeHanko } from 'fake-hanko';
import { TokenCopy } from './token-copy.mjs';

const ADA = { email: 'ada@example.test', password: 'lovelace-1843' };

const MARGARET = {
  email: 'margaret@example.test',
  password: 'apollo-1969',
  totpSecret: 'JBSWY3DPEHPK3PXP',
  metadata: { public_metadata: { role: 'admin' }, private_metadata: { note: 'Flies to the moon' } },
};

/** For a list that has something to look for. */
const OTHERS = [
  'alan',
  'barbara',
  'donald',
  'edsger',
  'frances',
  'john',
  'katherine',
  'ken',
  'niklaus',
  'shafi',
  'sophie',
];

/**
 * @param tokenTransport `cookie` or `header`
 * @param instances addresses of the API
 * @param receivers addresses of all that are told when a session ends
 */
export async function startDemoHanko(tokenTransport, instances, receivers) {
  const pages = new Set();
  const receiver = createServer(async (request, response) => {
    try {
      const { token } = await json(request);
      const { payload } = await jwtVerify(token, createLocalJWKSet(hanko.jwks()));
      const { to_email_address: to, subject } = payload.data;
      const mail = `data: ${JSON.stringify({ to, subject })}\n\n`;
      for (const page of pages) page.write(mail);
      response.end();
    } catch {
      response.writeHead(400).end();
    }
  });
  await once(receiver.listen(0, 'localhost'), 'listening');

  const hanko = await FakeHanko.start({
    host: 'localhost', // not 127.0.0.1: cookies belong to the name in the address bar
    tokenTransport,
    config: {
      // Who registers is offered a passkey, and nobody is asked for more than that.
      passkey: { acquire_on_login: 'never' },
      mfa: { acquire_on_registration: false, device_trust_policy: 'never' },
      // What 05-admin goes by, and what it shows.
      session: { jwt_template: { claims: { role: '{{ .User.Metadata.Public "role" }}' } } },
      audit_log: { storage: { enabled: true } },
    },
    users: [
      ...OTHERS.map((name) => ({ email: `${name}@example.test`, username: name })),
      ADA,
      MARGARET,
    ],
    webhooks: [
      { url: `http://localhost:${receiver.address().port}`, events: ['email.send'] },
      ...receivers.map((url) => ({
        url: `${url}/webhooks/hanko`,
        events: ['session.delete', 'user.delete'],
      })),
    ],
  });
  const copy = new TokenCopy(instances);
  const shownCodes = new Map();

  return {
    url: hanko.url,
    adminUrl: hanko.adminUrl,

    /** What each page begins with. */
    html: readFileSync(new URL('demo.html', import.meta.url), 'utf8')
      .replace('{email}', ADA.email)
      .replace('{password}', ADA.password)
      .replaceAll('{adminEmail}', MARGARET.email)
      .replace('{adminPassword}', MARGARET.password),

    /** What it calls. */
    addRoutes(routes) {
      // Mails, as server-sent events.
      routes.get('/demo/mails', (_request, response) => {
        response.writeHead(200, {
          'content-type': 'text/event-stream',
          'cache-control': 'no-store',
        });
        response.flushHeaders();
        response.once('close', () => pages.delete(response));
        pages.add(response);
      });
      // An authenticator app, by its key or its user's address. A code is good once: the next one comes on the half minute.
      routes.get('/demo/app-code', async ({ query: { key } }, response) => {
        if (hanko.totp(key) === shownCodes.get(key)) {
          await setTimeout(30_000 - (Date.now() % 30_000));
        }
        shownCodes.set(key, hanko.totp(key));
        response.send(shownCodes.get(key));
      });
      // As an administrator does: the pages are to find out by themselves.
      routes.post('/demo/end-sessions', (_request, response) => {
        for (const { id } of hanko.sessions()) hanko.revoke(id);
        response.end();
      });
      routes.post('/demo/copy-token', async (request, response) => {
        copy.take(request);
        response.json(await copy.ask());
      });
      routes.get('/demo/ask-again', async (_request, response) => {
        await hanko.webhooksSettled(); // some milliseconds
        response.json(await copy.ask());
      });
    },
  };
}
