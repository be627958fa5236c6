import { readFileSync } from 'node:fs';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send } from '../support/raw-http.js';
import { type Exchange, exchangesOf, recordedFolders, Translation } from '../support/recordings.js';
import { type ReceivedWebhook, WebhookReceiver } from '../support/webhook-receiver.js';

/**
 * What real servers were asked, asked of FakeHanko once more and in the same order, so that the state
 * builds itself. Everything in the answers must be the same but ids, times, keys and tokens.
 */

/** Folders, files and single exchanges that FakeHanko leaves out on purpose, and why. */
const OMITTED: Readonly<Record<string, string>> = {
  'main-rotation/validate.json': 'its session began before the recording',
};

/** What a tenant's configuration says where nothing is given: pages of this machine, and a name of its own. */
const OWN_DEFAULTS = (at: string): readonly string[] => [
  `${at}.cors.allow_origins: recorded ["http://localhost:8888"], now null`,
  `${at}.webauthn.relying_party.display_name: recorded "Hanko Authentication Service", now "FakeHanko"`,
];

/** Differences that are meant. */
const OWN_WORDS: Readonly<Record<string, readonly string[]>> = {
  'main-tenants/management.json: create tenant red': OWN_DEFAULTS('body.config'),
  'main-tenants/management.json: create tenant blue': OWN_DEFAULTS('body.config'),
  'main-tenants/management.json: list': OWN_DEFAULTS('body.0.config'),
  'main-tenants/management.json: update: audience': OWN_DEFAULTS('body.config'),
  // Go adds where in the body it is.
  'v3.0.4-defaults/validate.json: POST, token is a number': [
    'body.message: recorded "Unmarshal type error: expected=string, got=number, field=session_token, offset=18", now "Unmarshal type error: expected=string, got=number, field=session_token"',
  ],
};

const COMPARED_FIELDS = ['content-type', 'cache-control', 'set-cookie', 'link', 'x-total-count'];

/** @returns how it differs from the recorded one. */
async function replay(
  { name: title, request, response }: Exchange,
  base: string,
  translation: Translation,
): Promise<readonly string[]> {
  const headers: Record<string, readonly string[]> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = await Promise.all([value].flat().map((single) => translation.text(single)));
  }
  // How a body is framed was not recorded.
  if (title.includes('chunked')) headers['transfer-encoding'] = ['chunked'];
  const { body } = request;
  const text = body === null ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await send({
    method: request.method,
    url: base + (await translation.text(request.path)),
    headers,
    body: await translation.text(text),
  });
  const recordedBase = /<(http:\/\/[^/]*)/.exec(String(response.headers.link))?.[1] ?? base;
  const recordedFields = COMPARED_FIELDS.map((name) => [name, response.headers[name] ?? null]);
  const fields = COMPARED_FIELDS.map((name) => [
    name,
    // Links hold the address that the caller used.
    typeof answer.headers[name] === 'string'
      ? answer.headers[name].replaceAll(base, recordedBase)
      : (answer.headers[name] ?? null),
  ]);
  return [
    ...translation.differences(response.status, answer.status, 'status'),
    ...translation.differences(
      Object.fromEntries(recordedFields),
      Object.fromEntries(fields),
      'headers',
    ),
    ...translation.differences(response.body, answer.body, 'body'),
    ...(/^\w{32}$/.test(String(answer.headers['x-request-id'])) ? [] : ['no x-request-id']),
  ];
}

interface Entity {
  readonly id: string;
}

/** What the receiver of a recorded server was told, in that order. */
function recordedWebhooks(folder: string) {
  const file = new URL(`../fixtures/server/${folder}/webhooks-config.json`, import.meta.url);
  const { exchanges } = JSON.parse(readFileSync(file, 'utf8')) as {
    exchanges: readonly {
      readonly headers: Readonly<Record<string, string>>;
      readonly body: object;
      readonly decoded: {
        readonly payload: Readonly<Record<string, unknown>> & {
          readonly evt: string;
          readonly data: Entity;
        };
      };
    }[];
  };
  return exchanges;
}

/** The entry of OMITTED that an exchange falls under. */
const leftOutBy = ({ key }: Exchange): string | undefined =>
  Object.keys(OMITTED).find(
    (entry) => key === entry || key.startsWith(`${entry}: `) || key.startsWith(`${entry}/`),
  );

const replayed = (folder: string): readonly Exchange[] =>
  exchangesOf(folder).filter((exchange) => leftOutBy(exchange) === undefined);

const byKey = (exchanges: readonly Exchange[]) =>
  exchanges.map((exchange) => [exchange.key, exchange] as const);

/** What a recording holds is the answer to all that came before. */
const IN_ORDER = { shuffle: false };

describe('FakeHanko answers as v3.0.4 with its defaults did', IN_ORDER, () => {
  let now = Date.parse('2026-11-23T17:21:38.682Z');
  let hanko: FakeHanko;
  let translation: Translation;

  beforeAll(async () => {
    hanko = await FakeHanko.start({ version: '3.0.4', now: () => now });
    translation = new Translation((event, data) => hanko.webhookToken(event, data));
    // Three users were left over from an earlier run.
    hanko.createUser({ email: 'ada-mwtj91jl@example.test' });
    hanko.createUser({ email: 'bob-mwtj91jl@example.test' });
    hanko.createUser({ username: 'unamwtj91jl' });
  });
  afterAll(() => hanko.stop());

  it.each(byKey(replayed('v3.0.4-defaults')))('%s', async (key, exchange) => {
    now = Date.parse(exchange.takenAt);
    const base = key.includes('/admin-') ? hanko.adminUrl : hanko.url;
    expect(await replay(exchange, base, translation)).toEqual(OWN_WORDS[key] ?? []);
  });
});

describe('FakeHanko answers as a multi-tenant server did', IN_ORDER, () => {
  let now = 0;
  let hanko: FakeHanko;
  let translation: Translation;

  beforeAll(async () => {
    hanko = await FakeHanko.start({
      now: () => now,
      config: { multi_tenancy: { enabled: true } },
    });
    translation = new Translation(() => Promise.reject(new Error('no webhooks here')));
  });
  afterAll(() => hanko.stop());

  it.each(byKey(replayed('main-tenants')))('%s', async (key, exchange) => {
    now = Date.parse(exchange.takenAt);
    const isAdmin = key.includes('/admin.json') || exchange.name.startsWith('admin,');
    const url = key.includes('/management.json')
      ? (hanko.managementUrl ?? '')
      : isAdmin
        ? hanko.adminUrl
        : hanko.url;
    expect(await replay(exchange, new URL(url).origin, translation)).toEqual(OWN_WORDS[key] ?? []);
  });
});

describe('FakeHanko answers as a server with a second key did', IN_ORDER, () => {
  let now = 0;
  let hanko: FakeHanko;
  let translation: Translation;

  beforeAll(async () => {
    hanko = await FakeHanko.start({ now: () => now });
    await hanko.rotateKey();
    translation = new Translation(() => Promise.reject(new Error('no webhooks here')));
  });
  afterAll(() => hanko.stop());

  it.each(byKey(replayed('main-rotation')))('%s', async (key, exchange) => {
    now = Date.parse(exchange.takenAt);
    const base = key.includes('/admin.json') ? hanko.adminUrl : hanko.url;
    expect(await replay(exchange, base, translation)).toEqual([]);
  });
});

describe('FakeHanko answers, and tells its receiver, as a configured main did', IN_ORDER, () => {
  let now = 0;
  let hanko: FakeHanko;
  let receiver: WebhookReceiver;
  let translation: Translation;
  const told: ReceivedWebhook[] = [];

  beforeAll(async () => {
    receiver = await new WebhookReceiver().listen();
    hanko = await FakeHanko.start({
      now: () => now,
      // The server's own configuration, as it was recorded.
      config: {
        session: {
          audience: ['app.example.test', 'api.example.test'],
          issuer: 'https://login.example.test',
          lifespan: '10m',
          idle_timeout: '20s',
          limit: 3,
          jwt_template: {
            claims: {
              tier: 'gold',
              level: 7,
              admin: true,
              subject: 'hijacked',
              email: 'template@example.test',
              nested: { tier: 'gold', verified: '{{ .User.Email.IsVerified }}' },
              role: '{{ .User.Metadata.Public "role" }}',
              score: '{{ .User.Metadata.Public "score" }}',
              team: '{{ .User.Metadata.Public "team" }}',
              beta: '{{ .User.Metadata.Unsafe "beta" }}',
            },
          },
        },
        webhooks: {
          enabled: true,
          hooks: [{ callback: receiver.url, events: ['user', 'session'] }],
        },
      },
    });
    translation = new Translation(() => Promise.reject(new Error('no webhooks are sent to it')));
  });
  afterAll(() => Promise.all([hanko.stop(), receiver[Symbol.asyncDispose]()]));

  it.each(byKey(replayed('main-configured')))('%s', async (key, exchange) => {
    now = Date.parse(exchange.takenAt);
    const base = key.includes('/admin-') ? hanko.adminUrl : hanko.url;
    expect(await replay(exchange, base, translation)).toEqual(OWN_WORDS[key] ?? []);
    await hanko.webhooksSettled();
    told.push(...receiver.received.splice(0));
  });

  it('webhooks-config.json: each was sent, and no other', () => {
    const left = [...told];
    for (const { decoded, headers, body } of recordedWebhooks('main-configured')) {
      const { evt, data } = decoded.payload;
      const index = left.findIndex(
        ({ claims }) =>
          claims.evt === evt && (claims.data as Entity).id === translation.id(data.id),
      );
      const [ours] = left.splice(index, index < 0 ? 0 : 1);
      expect(ours?.event, `${evt} of ${data.id}`).toBe(evt);
      const { data: ourData, ...ourClaims } = ours?.claims ?? {};
      const { data: _data, iat: _iat, exp: _exp, ...fixed } = decoded.payload;
      expect(ourClaims).toMatchObject(fixed);
      expect(Object.keys(ours?.claims ?? {}).toSorted()).toEqual(
        Object.keys(decoded.payload).toSorted(),
      );
      expect(Object.keys(ours?.body ?? {})).toEqual(Object.keys(body));
      for (const name of ['content-type', 'user-agent']) {
        expect(ours?.headers[name]).toBe(headers[name]);
      }
      const differences = translation.differences(data, ourData, 'data');
      const key = `main-configured/webhooks-config.json: ${evt}`;
      expect(differences).toEqual(OWN_WORDS[key] ?? []);
    }
    expect(left).toEqual([]);
    expect(told).toHaveLength(14);
  });
});

describe('the lists', () => {
  const all = recordedFolders().flatMap(exchangesOf);

  it('name every exchange that is not replayed', () => {
    const keys = new Set(
      ['v3.0.4-defaults', 'main-tenants', 'main-rotation', 'main-configured']
        .flatMap(replayed)
        .map(({ key }) => key),
    );
    const forgotten = all.filter((exchange) => !keys.has(exchange.key) && !leftOutBy(exchange));
    expect(forgotten.map(({ key }) => key)).toEqual([]);
    expect(keys.size).toBe(all.length - 1);
  });

  it('name nothing that is not there', () => {
    const webhooks = recordedWebhooks('main-configured').map(
      ({ decoded }) => `main-configured/webhooks-config.json: ${decoded.payload.evt}`,
    );
    const used = new Set([...all.map(leftOutBy), ...all.map(({ key }) => key), ...webhooks]);
    const named = [...Object.keys(OMITTED), ...Object.keys(OWN_WORDS)];
    expect(named.filter((name) => !used.has(name))).toEqual([]);
  });
});
