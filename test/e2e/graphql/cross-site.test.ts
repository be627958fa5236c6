import { Agent } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HankoLiveSessions } from 'nestjs-hanko';
import '../../support/to-be-refused.js';
import { type Answer, bearer, cookie, type RunningApp, send } from '../../support/app.js';
import { DRIVERS, startGraphqlApp } from '../../support/graphql-app.js';
import {
  codesOf,
  type GraphqlResult,
  over,
  overSocket,
  post,
  postBody,
  socketTo,
} from '../../support/graphql-client.js';
import { ran } from '../../support/graphql-notes.js';
import { token, userId, useGuardedHanko } from '../../support/guarded-app.js';

useGuardedHanko();

const TRUSTED = 'https://app.example.org';
const EVIL = { Origin: 'https://evil.example' };
const MUTATION = 'mutation { rename(name: "x") }';
const inQuery = (query: string): string => `?query=${encodeURIComponent(query)}`;

interface Form {
  readonly type?: string;
  readonly path?: string;
  readonly method?: string;
  readonly body?: string;
}

const BOUNDARY = 'boundary';
const part = (name: string, value: string): string =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const multipart = (...parts: readonly string[]): string => `${parts.join('')}--${BOUNDARY}--\r\n`;
const operations = JSON.stringify({ query: MUTATION });

/** What a page can make a browser send to another site without asking that site first, with its cookie. */
const FORMS: Readonly<Record<string, Form>> = {
  'a link': { path: inQuery(MUTATION), method: 'GET' },
  'a form with a query in its address': { path: inQuery(MUTATION) },
  'a text form': { type: 'text/plain', body: operations },
  'a text form with parameters': { type: 'text/plain;charset=utf-8', body: operations },
  'a form': {
    type: 'application/x-www-form-urlencoded',
    body: new URLSearchParams({ query: MUTATION }).toString(),
  },
  'a form with files': {
    type: `multipart/form-data; boundary=${BOUNDARY}`,
    body: multipart(part('operations', operations), part('map', '{}')),
  },
  'a blob without a type': { body: operations },
};

/** These ask first, and an app's CORS may allow them. */
const WITH_PREFLIGHT: Readonly<Record<string, Form>> = {
  JSON: { type: 'application/json', body: operations },
  'a document': { type: 'application/graphql', body: MUTATION },
};

describe.each(DRIVERS)('$name', (driver) => {
  let app: RunningApp;
  let own: string;
  beforeAll(async () => {
    app = await startGraphqlApp(driver, { hanko: { trustedOrigins: [TRUSTED] } });
    own = app.url;
  });
  afterAll(() => app[Symbol.asyncDispose]());
  beforeEach(() => void ran.splice(0));

  const submit = (
    { type, path = '', method = 'POST', body = '' }: Form,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer> =>
    send(
      `${app.url}/graphql${path}`,
      { ...(type !== undefined && { 'Content-Type': type }), ...cookie(token), ...headers },
      { method, ...(method === 'POST' && { body }) },
    );

  describe.each(Object.entries({ ...FORMS, ...WITH_PREFLIGHT }))('%s', (_, form) => {
    it.each<[string, Readonly<Record<string, string>>]>([
      ['with its Origin', EVIL],
      ['with an opaque Origin', { Origin: 'null' }],
      ['by Fetch Metadata', { 'Sec-Fetch-Site': 'cross-site' }],
      ['with both', { ...EVIL, 'Sec-Fetch-Site': 'cross-site' }],
    ])('changes nothing from a foreign site: %s', async (_name, headers) => {
      const { status, body } = await submit(form, headers);

      expect(ran).toEqual([]);
      // Some drivers refuse the form by themselves.
      const refusal = status === 200 ? codesOf(body as GraphqlResult).join() : status;
      expect(['cross_site_request', 400, 405, 415]).toContain(refusal);
    });
  });

  it('takes who asks for a socket and gets an answer for no connection, that others may share', async () => {
    const ask = { path: inQuery('{ whoAmI }'), method: 'GET' };
    const upgrade = { Upgrade: 'websocket', 'Apollo-Require-Preflight': 'yes' };
    const agent = new Agent({ keepAlive: true });
    const url = `${app.url}/graphql${ask.path}`;
    const { body } = await send(url, { ...cookie(token), ...upgrade }, { agent });
    expect(body).toMatchObject({ data: { whoAmI: userId } });
    expect(app.app.get(HankoLiveSessions).size).toBe(0);
    agent.destroy();

    const foreign = await submit(ask, { ...upgrade, ...EVIL });
    expect(codesOf(foreign.body as GraphqlResult)).toEqual(['cross_site_request']);
  });

  it('refuses with the body and the status of GraphQL', async () => {
    const { status, errors } = await post(app, MUTATION, { ...cookie(token), ...EVIL });

    expect(status).toBe(200);
    expect(errors).toMatchObject([
      {
        extensions: {
          code: 'FORBIDDEN',
          originalError: {
            statusCode: 403,
            code: 'cross_site_request',
            message: 'A cross-site request may not use the session cookie',
          },
        },
      },
    ]);
    const batch = await postBody(app, [{ query: MUTATION }, { query: '{ open }' }], {
      ...cookie(token),
      ...EVIL,
    });
    expect(batch.body).toMatchObject([
      { errors: [{ extensions: { code: 'FORBIDDEN' } }] },
      { data: { open: 'nobody' } },
    ]);
    expect(ran).toEqual([]);
  });

  it.each<[string, () => Readonly<Record<string, string>>]>([
    ['of its own site', () => ({ ...cookie(token), Origin: own })],
    ['of a trusted site', () => ({ ...cookie(token), Origin: TRUSTED })],
    ['of no browser', () => cookie(token)],
    ['with a bearer token', () => ({ ...bearer(token), ...EVIL })],
  ])('answers requests %s', async (_, headers) => {
    expect(await post(app, MUTATION, headers())).toMatchObject({
      data: { rename: `x by ${userId}` },
    });
  });

  /** What a page says after it has opened the socket, to pass for another one. */
  const LIES: Readonly<Record<string, () => object | undefined>> = {
    nothing: () => undefined,
    'Fetch Metadata': () => ({ 'sec-fetch-site': 'same-origin' }),
    'its own origin': () => ({ origin: own, Origin: own }),
    'its own host': () => ({ host: 'evil.example', ':authority': 'evil.example' }),
    'header fields': () => ({
      headers: {
        'sec-fetch-site': 'same-origin',
        'sec-fetch-mode': 'same-origin',
        origin: own,
        host: 'evil.example',
        upgrade: '',
        cookie: `hanko=${token}`,
      },
    }),
    'raw header fields': () => ({
      rawHeaders: [],
      request: { raw: { rawHeaders: ['Upgrade', 'websocket'] } },
      extra: { request: { rawHeaders: ['Upgrade', 'websocket'] } },
      req: { headers: { cookie: `hanko=${token}` } },
    }),
  };
  const QUERIES = [
    '{ whoAmI }',
    '{ optional }',
    MUTATION,
    'subscription { ticks }',
    'subscription { optionalTicks }',
  ];
  const FOREIGN: readonly Readonly<Record<string, string>>[] = [
    EVIL,
    { Origin: 'null' },
    { 'Sec-Fetch-Site': 'cross-site' },
  ];

  it.each(Object.entries(LIES))(
    'refuses the cookie of a socket from a foreign site, which says: %s',
    async (_, lie) => {
      const params = lie();
      for (const headers of FOREIGN) {
        const client = socketTo(app, { headers: { ...cookie(token), ...headers }, params });
        const results = await Promise.all(QUERIES.map((query) => over(client, query)));
        await client.dispose();
        expect(results.flat().map(codesOf)).toEqual(QUERIES.map(() => ['cross_site_request']));
      }
      expect(ran).toEqual([]);
    },
  );

  it('takes no cookie from connection_init', async () => {
    for (const params of [
      { cookie: `hanko=${token}` },
      { headers: { cookie: `hanko=${token}` } },
    ]) {
      for (const headers of [{}, { Origin: own }]) {
        expect(
          codesOf(await overSocket(app, 'subscription { ticks }', { headers, params })),
        ).toEqual(['credentials_missing']);
      }
    }
  });

  it.each<[string, () => { headers: Record<string, string>; params?: object }]>([
    ['of its own site', () => ({ headers: { ...cookie(token), Origin: own } })],
    ['of a trusted site', () => ({ headers: { ...cookie(token), Origin: TRUSTED } })],
    ['of no browser', () => ({ headers: cookie(token) })],
    ['of a foreign site with a token', () => ({ headers: EVIL, params: { token } })],
    [
      'of a foreign site with a token and the cookie',
      () => ({ headers: { ...EVIL, ...cookie(token) }, params: { token } }),
    ],
  ])('answers sockets %s', async (_, options) => {
    expect(await overSocket(app, '{ whoAmI }', options())).toMatchObject({
      data: { whoAmI: userId },
    });
    expect(await overSocket(app, 'subscription { ticks }', options())).toMatchObject({
      data: { ticks: userId },
    });
  });

  it('lets everybody use what is public over a socket', async () => {
    expect(
      await overSocket(app, '{ open }', { headers: { ...cookie(token), ...EVIL } }),
    ).toMatchObject({ data: { open: 'nobody' } });
  });
});
