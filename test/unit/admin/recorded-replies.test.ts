import type { IncomingMessage } from 'node:http';
import { HankoAdmin, type HankoPage } from 'nestjs-hanko/admin';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Exchange,
  exchangesOf,
  recordedFolders,
} from '../../../fake-hanko/test/support/recordings.js';
import { readProfile } from '../../../lib/profile/user-profile.js';

import { AdminServer, type Behaviour, replying } from '../../support/admin-server.js';

type Json = Readonly<Record<string, unknown>>;

/** One route: how a client calls it, and what it makes of a reply, told apart from the code under test. */
interface Row {
  readonly call: (admin: HankoAdmin, ids: readonly string[]) => Promise<unknown>;
  readonly expected: (json: never) => unknown;
}

const PLAIN: Readonly<Record<string, string>> = {
  last_used: 'lastUsedAt',
  enabled: 'isEnabled',
};

/** In camelCase, with times; null is absent. */
function camel(json: Json): Json {
  const entries = Object.entries(json).flatMap(([key, value]) => {
    if (value === null) return [];
    const name =
      PLAIN[key] ?? key.replaceAll(/_(\w)/g, (_match, letter: string) => letter.toUpperCase());
    return [[name, /_at$|^last_used$/.test(key) ? new Date(value as string) : value] as const];
  });
  return Object.fromEntries(entries);
}

const each =
  <T>(read: (json: Json) => T) =>
  (list: readonly Json[]): readonly T[] =>
    list.map(read);

const metadata = (json: Json | undefined): Json => ({
  publicMetadata: json?.public_metadata ?? {},
  privateMetadata: json?.private_metadata ?? {},
  unsafeMetadata: json?.unsafe_metadata ?? {},
});

const emails = (user: Json): readonly Json[] => (user.emails ?? []) as readonly Json[];

function listedUser(user: Json): Json {
  const { username, ...rest } = user;
  const name = (username as Json | undefined)?.username;
  return {
    ...camel(rest),
    emails: emails(user).map(camel),
    credentials: [],
    ...(name !== undefined && { username: name }),
  };
}

const fullUser = (user: Json): Json => ({
  ...listedUser(user),
  identities: [],
  metadata: metadata(user.metadata as Json | undefined),
});

function password(json: Json): Json {
  const { tenant_id: _tenant, ...rest } = json;
  return camel(rest);
}

const webhook = (json: Json): Json => ({
  ...camel(json),
  events: (json.events as readonly { readonly event: string }[]).map(({ event }) => event),
});

const tenant = (json: Json): Json => ({ ...camel(json), config: json.config });

const done = (): undefined => undefined;

const HOOK = { callback: 'https://app.test/hook', events: ['user'] };
const USER = { username: 'ada' };
const CONFIG = { session: {} };

const ROWS: Readonly<Record<string, Row>> = {
  'GET /users': {
    call: (admin) => admin.users.list().page(),
    expected: (list: readonly Json[]) => list.map(listedUser),
  },
  'POST /users': { call: (admin) => admin.users.create(USER), expected: fullUser },
  'GET /users/:id': { call: (admin, [id = '']) => admin.users.get(id), expected: fullUser },
  'PATCH /users/:id': {
    call: (admin, [id = '']) => admin.users.update(id, { name: 'Ada' }),
    expected: fullUser,
  },
  'DELETE /users/:id': { call: (admin, [id = '']) => admin.users.delete(id), expected: done },
  'GET /users/:id/metadata': {
    call: (admin, [id = '']) => admin.metadata.get(id),
    expected: metadata,
  },
  'PATCH /users/:id/metadata': {
    call: (admin, [id = '']) => admin.metadata.update(id, { publicMetadata: { a: 1 } }),
    expected: metadata,
  },
  'GET /users/:id/emails': {
    call: (admin, [id = '']) => admin.emails.list(id),
    expected: each(camel),
  },
  'POST /users/:id/emails': {
    call: (admin, [id = '']) => admin.emails.create(id, { address: 'ada@example.test' }),
    expected: camel,
  },
  'POST /users/:id/emails/:id/set_primary': {
    call: (admin, [id = '', emailId = '']) => admin.emails.setPrimary(id, emailId),
    expected: done,
  },
  'DELETE /users/:id/emails/:id': {
    call: (admin, [id = '', emailId = '']) => admin.emails.delete(id, emailId),
    expected: done,
  },
  'GET /users/:id/password': {
    call: (admin, [id = '']) => admin.passwords.get(id),
    expected: password,
  },
  'POST /users/:id/password': {
    call: (admin, [id = '']) => admin.passwords.create(id, 'difference engine'),
    expected: password,
  },
  'PUT /users/:id/password': {
    call: (admin, [id = '']) => admin.passwords.update(id, 'engine', { keepSessions: true }),
    expected: password,
  },
  'DELETE /users/:id/password': {
    call: (admin, [id = '']) => admin.passwords.delete(id, { keepSessions: true }),
    expected: done,
  },
  'GET /users/:id/otp': { call: (admin, [id = '']) => admin.otp.get(id), expected: camel },
  'GET /users/:id/webauthn_credentials': {
    call: (admin, [id = '']) => admin.credentials.list(id),
    expected: each(camel),
  },
  'GET /users/:id/sessions': {
    call: (admin, [id = '']) => admin.sessions.list(id),
    expected: each(camel),
  },
  'POST /sessions': {
    call: (admin) => admin.sessions.create({ userId: crypto.randomUUID() }),
    expected: (json: { readonly session_token: string }) => json.session_token,
  },
  'DELETE /users/:id/sessions/:id': {
    call: (admin, [id = '', sessionId = '']) => admin.sessions.revoke(id, sessionId),
    expected: done,
  },
  'GET /audit_logs': {
    call: (admin) => admin.auditLogs.list().page(),
    expected: each(camel),
  },
  'GET /webhooks': {
    call: (admin) => admin.webhooks.list(),
    expected: ({
      database,
      config,
    }: {
      readonly database: readonly Json[];
      readonly config: unknown;
    }) => ({
      stored: database.map(webhook),
      configured: config ?? [],
    }),
  },
  'POST /webhooks': { call: (admin) => admin.webhooks.create(HOOK), expected: webhook },
  'PUT /webhooks/:id': {
    call: (admin, [id = '']) => admin.webhooks.update(id, { ...HOOK, isEnabled: true }),
    expected: webhook,
  },
  'DELETE /webhooks/:id': { call: (admin, [id = '']) => admin.webhooks.delete(id), expected: done },
  'GET /health/alive': { call: (admin) => admin.health.alive(), expected: done },
  'GET /health/ready': { call: (admin) => admin.health.ready(), expected: done },
  'GET /tenants': {
    call: (admin) => admin.management.tenants.list().page(),
    expected: each(tenant),
  },
  'POST /tenants': {
    call: (admin) => admin.management.tenants.create({ id: crypto.randomUUID(), config: CONFIG }),
    expected: tenant,
  },
  'PUT /tenants/:id': {
    call: (admin, [id = '']) => admin.management.tenants.update(id, CONFIG),
    expected: tenant,
  },
  'DELETE /tenants/:id': {
    call: (admin, [id = '']) => admin.management.tenants.delete(id),
    expected: done,
  },
};

const onFirstPage = ({ items, page, total }: HankoPage<unknown>) => ({ items, page, total });

const CODES: Readonly<Record<number, string>> = {
  400: 'invalid',
  404: 'not_found',
  409: 'conflict',
};

/** What Hanko wraps is unwrapped, without what is internal; all else is said as it is. */
const REASONS: Readonly<Record<string, string>> = {
  'set primary: chunked, no body': 'Unsupported Media Type',
  'patch: a list': 'patch metadata must be null or object',
  'create: session events': 'session in events[0] is not a valid webhook event',
  'create: no events': 'length of events must be greater or equal to 1',
};

/** What the client refuses before it calls, as it sends an id that is none. */
const NOT_SENT = ['get: not a uuid', 'revoke: not a uuid'];

/** The session is over already, or was never there: that is what the caller wants. */
const NO_ERROR = ['revoke again', 'revoke: session of another user'];

const TENANT = /^\/[0-9a-f-]{36}(?=\/)/;
const pathOf = ({ request }: Exchange): string =>
  request.path.replace(/\?.*/, '').replace(TENANT, '');
const idsOf = (path: string): readonly string[] =>
  [...path.matchAll(/\/([0-9a-f-]{36}|x)(?=\/|$)/g)].map(([, id = '']) => id);
const routeOf = (exchange: Exchange): string =>
  `${exchange.request.method} ${pathOf(exchange).replaceAll(/\/(?:[0-9a-f-]{36}|x)(?=\/|$)/g, '/:id')}`;

/** Files of the Admin API, of the management API, and of its health. */
const isAdmin = ({ key, name }: Exchange): boolean =>
  /\/(?:admin[\w-]*|management)\.json/.test(key) ||
  (key.includes('/health.json') && /^(?:alive|ready|admin, no prefix)$/.test(name));

const EXCHANGES = recordedFolders().flatMap(exchangesOf).filter(isAdmin);
const byKey = (exchanges: readonly Exchange[]) =>
  exchanges.map((exchange) => [exchange.key, exchange] as const);
const isRefused = ({ name, response }: Exchange): boolean =>
  response.status >= 400 && !NOT_SENT.includes(name) && !NO_ERROR.includes(name);

/** The recorded list of sessions, with this one in it. */
function listWith(id: string): readonly Json[] {
  const list = EXCHANGES.find(({ key }) => key === 'v3.0.4-defaults/admin-sessions.json: list');
  const [session] = (list?.response.body ?? []) as readonly Json[];
  return [{ ...session, id }];
}

const replyOf = ({ status, headers, body }: Exchange['response']): Behaviour =>
  replying(status, body === '' ? undefined : body, headers as Readonly<Record<string, string>>);

describe('HankoAdmin reads what real servers replied', () => {
  const server = new AdminServer();
  const management = new AdminServer();
  let admin: HankoAdmin;
  beforeAll(() => {
    admin = new HankoAdmin({ url: server.url, managementUrl: management.url });
  });

  const row = (exchange: Exchange): Row => {
    const found = ROWS[routeOf(exchange)];
    if (found === undefined) throw new Error(`No row for ${routeOf(exchange)}`);
    return found;
  };
  const call = (exchange: Exchange): Promise<unknown> => {
    const ids = idsOf(pathOf(exchange));
    const recorded = replyOf(exchange.response);
    // Before a session is ended it is looked up.
    const isLookUp = ({ method, url = '' }: IncomingMessage): boolean =>
      method === 'GET' && exchange.request.method === 'DELETE' && url.endsWith('/sessions');
    server.behaviour = management.behaviour = (response, request, nth) =>
      (isLookUp(request) ? replying(200, listWith(ids[1] ?? '')) : recorded)(
        response,
        request,
        nth,
      );
    return row(exchange).call(admin, ids);
  };

  const successes = EXCHANGES.filter(({ response }) => response.status < 400);
  it.each(byKey(successes))('%s', async (_key, exchange) => {
    const { body, headers } = exchange.response;
    const expected = row(exchange).expected((body === '' ? undefined : body) as never);
    const read = await call(exchange);

    const total = headers['x-total-count'];
    expect(total === undefined ? read : onFirstPage(read as HankoPage<unknown>)).toEqual(
      total === undefined ? expected : { items: expected, page: 1, total: Number(total) },
    );
  });

  it.each(byKey(EXCHANGES.filter(isRefused)))('%s: an error', async (_key, exchange) => {
    const { status, headers, body } = exchange.response;
    const { message } = body as { readonly message: string };
    const error = await call(exchange).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );

    expect(error).toMatchObject({
      code: CODES[status],
      status,
      requestId: headers['x-request-id'],
    });
    expect(error).toMatchObject(
      status === 404 ? {} : { reason: REASONS[exchange.name] ?? message },
    );
  });

  it.each(byKey(EXCHANGES.filter(({ name }) => NOT_SENT.includes(name))))(
    '%s: not sent',
    async (_key, exchange) => {
      await expect(call(exchange)).rejects.toThrow(TypeError);
    },
  );

  it.each(byKey(EXCHANGES.filter(({ name }) => NO_ERROR.includes(name))))(
    '%s: no error',
    async (_key, exchange) => {
      expect(await call(exchange)).toBeUndefined();
    },
  );

  it('knows every route that was recorded', () => {
    const recorded = new Set(EXCHANGES.map(routeOf));
    expect(Object.keys(ROWS).filter((route) => !recorded.has(route))).toEqual([]);
    expect(EXCHANGES).toHaveLength(103);
  });
});

describe('HankoProfile reads what real servers replied', () => {
  const profiles = recordedFolders()
    .flatMap(exchangesOf)
    .filter(({ request, response }) => request.path === '/me' && response.status === 200);

  it.each(byKey(profiles))('%s', (_key, { response }) => {
    const { user_id: id, username, metadata: kinds, ...json } = response.body as Json;
    const { name, given_name: givenName, family_name: familyName } = json;
    const stored = metadata(kinds as Json | undefined);

    expect(readProfile(response.body)).toEqual({
      id,
      emails: emails(json).map(camel),
      passkeys: [],
      securityKeys: [],
      identities: [],
      hasAuthenticatorApp: false,
      publicMetadata: stored.publicMetadata,
      unsafeMetadata: stored.unsafeMetadata,
      ...(username !== undefined && { username: (username as Json).username }),
      ...(name !== undefined && { name, givenName, familyName }),
      createdAt: new Date(String(json.created_at)),
      updatedAt: new Date(String(json.updated_at)),
    });
  });

  it('are four', () => expect(profiles).toHaveLength(4));
});
