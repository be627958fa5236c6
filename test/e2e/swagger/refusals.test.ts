import { HankoModule, HankoRevocation } from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  bearer,
  cookie,
  type HeaderFields,
  PLATFORMS,
  type RunningApp,
  startApp,
} from '../../support/app.js';
import {
  type Body,
  documentedCodes,
  documentOf,
  examplesOf,
  misfits,
  type Operation,
  operationsOf,
  untruths,
} from '../../support/openapi.js';
import { claimsIn } from '../../support/claims-in.js';
import { REFUSED_TOKENS } from '../../support/refused-tokens.js';
import { CONTROLLERS } from '../../support/openapi-controllers.js';

const AMR = ['pwd', 'totp'];
const GOLD = { amr: AMR, claims: { tier: 'gold' } };

let hanko: FakeHanko;
/** Meets every demand. */
let good: string;

beforeAll(async () => {
  hanko = await FakeHanko.start();
  good = await hanko.token(GOLD);
});
afterAll(() => hanko.stop());

const CROSS_SITE = { 'Sec-Fetch-Site': 'cross-site' };

/** This app accepts every issuer. */
const ONE_PER_CODE = [
  ...new Map(REFUSED_TOKENS.map((token) => [token.code, token])).values(),
].filter(({ code }) => code !== 'token_issuer_mismatch');

/** One request for each way to be refused. */
async function badRequests(app: RunningApp): Promise<HeaderFields[]> {
  const tokens = [
    ...(await Promise.all(ONE_PER_CODE.map(async ({ make }) => make(hanko)))),
    // What demands are there for.
    await hanko.token({ amr: ['otp'], claims: { tier: 'gold' } }),
    await hanko.token({ ...GOLD, ageSeconds: 600 }),
    await hanko.token({ ...GOLD, ageSeconds: 600, claims: {} }),
    await hanko.token({ ...GOLD, emailVerified: false }),
  ];
  const revoked = await hanko.token();
  await app.app.get(HankoRevocation).revoke(claimsIn(revoked).session_id);
  return [
    {},
    { ...cookie(good), ...CROSS_SITE },
    ...[...tokens, revoked].flatMap((token) => [bearer(token), cookie(token)]),
  ];
}

/** What is unmet depends on the caller: the form of such a body does not. */
const comparable = (body: Body): unknown => ('unmet' in body ? Object.keys(body) : body);

const codeOf = ({ body }: Answer): string => (body as { code: string }).code;

describe.each(PLATFORMS)('an OpenAPI document, on %s', (platform) => {
  let app: RunningApp;
  /** Its Hanko does not answer. */
  let cutOff: RunningApp;
  let requests: readonly HeaderFields[];

  beforeAll(async () => {
    const start = (apiUrl: string): Promise<RunningApp> =>
      startApp(platform, {
        imports: [HankoModule.forRoot({ apiUrl, audience: 'localhost' })],
        controllers: CONTROLLERS,
      });
    app = await start(hanko.url);
    cutOff = await start('http://127.0.0.1:1');
    requests = await badRequests(app);
  });
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await cutOff[Symbol.asyncDispose]();
  });

  async function refusalsOf(route: string): Promise<Answer[]> {
    const [method = '', path = ''] = route.replace('{id}', '1').split(' ');
    const answers = [await cutOff.request(method, path, bearer(good))];
    for (const headers of requests) answers.push(await app.request(method, path, headers));
    return answers.filter(({ status }) => status >= 400);
  }

  const ROUTES = [
    'GET /notes',
    'POST /notes',
    'GET /notes/feed',
    'POST /notes/feed',
    'GET /notes/health',
    'GET /notes/{id}',
    'DELETE /notes/{id}',
    'GET /taken-back',
    'GET /demands/mfa',
    'GET /demands/amr',
    'GET /demands/age',
    'GET /demands/email',
    'GET /demands/claims',
  ];

  it.each(ROUTES)(
    'shows for %s an example of every refusal, as requests meet it',
    async (route) => {
      const document = documentOf(app.app);
      const operation = operationsOf(document)[route];
      if (operation === undefined) throw new Error(`${route} is not documented`);
      expect(misfits(document, operation)).toEqual([]);
      const examples = [400, 401, 403, 501, 503].flatMap((status) =>
        examplesOf(document, operation, status),
      );
      expect(examples.map(({ code }) => code).toSorted()).toEqual(
        documentedCodes(document, operation),
      );
      for (const { status, body } of await refusalsOf(route)) {
        const { code } = body as Body;
        const example = examplesOf(document, operation, status).find((one) => one.code === code);
        expect(example && comparable(example)).toEqual(comparable(body as Body));
      }
    },
  );

  it('shows what the route itself demands', () => {
    const document = documentOf(app.app);
    const operations = operationsOf(document);
    const unmetOf = (route: string, status: number): unknown =>
      examplesOf(document, operations[route] as Operation, status).find(({ unmet }) => unmet)
        ?.unmet;
    const pwd = { actual: ['pwd'] };
    expect(unmetOf('GET /notes/{id}', 401)).toEqual([
      { requirement: 'mfa', needed: true, ...pwd },
      { requirement: 'maxAgeSeconds', needed: 300, actual: 86_460 },
    ]);
    expect(unmetOf('GET /demands/mfa', 401)).toEqual([
      { requirement: 'mfa', needed: true, ...pwd },
    ]);
    // A login that used the password meets it.
    expect(unmetOf('GET /demands/amr', 401)).toEqual([
      { requirement: 'amr', needed: { allOf: ['pwd'] }, actual: [] },
    ]);
    expect(unmetOf('GET /demands/email', 403)).toEqual([
      { requirement: 'verifiedEmail', needed: true, actual: false },
    ]);
    expect(unmetOf('GET /demands/claims', 403)).toEqual([{ requirement: 'claims', claim: 'tier' }]);
  });

  it.each(ROUTES)('promises for %s exactly the refusals that requests meet', async (route) => {
    const document = documentOf(app.app);
    const operation = operationsOf(document)[route];
    if (operation === undefined) throw new Error(`${route} is not documented`);
    const answers = await refusalsOf(route);
    expect(answers.flatMap((answer) => untruths(document, operation, answer))).toEqual([]);
    expect(documentedCodes(document, operation)).toEqual(
      [...new Set(answers.map(codeOf))].toSorted(),
    );
  });
});
