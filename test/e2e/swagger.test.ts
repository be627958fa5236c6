import { Controller, Delete, Get, Param, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiForbiddenResponse, ApiUnauthorizedResponse } from '@nestjs/swagger';
import {
  bearerTokenExtractor,
  cookieTokenExtractor,
  HankoAuthGuard,
  HankoConfigurationError,
  HankoModule,
  type HankoModuleOptions,
  HankoRevocation,
  OptionalAuth,
  Public,
  RequireAuth,
} from 'nestjs-hanko';
import { withHankoAuth } from 'nestjs-hanko/swagger';
import { FakeHanko } from 'nestjs-hanko/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  bearer,
  cookie,
  type HeaderFields,
  type Platform,
  PlainController,
  PLATFORMS,
  type RunningApp,
  startApp,
} from '../support/e2e-app.js';
import {
  documentedCodes,
  documentOf,
  invalidities,
  type Operation,
  operationsOf,
  plainDocument,
  untruths,
} from '../support/e2e-openapi.js';

@UseGuards(HankoAuthGuard)
@Controller('notes')
class NotesController {
  @Get()
  list(): string {
    return 'in';
  }

  @Post()
  add(): string {
    return 'in';
  }

  @OptionalAuth()
  @Get('feed')
  feed(): string {
    return 'in';
  }

  @OptionalAuth()
  @Post('feed')
  react(): string {
    return 'in';
  }

  @Public()
  @Get('health')
  health(): string {
    return 'in';
  }

  @RequireAuth({ mfa: true, amr: 'pwd', maxAgeSeconds: 300 })
  @Get(':id')
  secret(@Param('id') id: string): string {
    return id;
  }

  @RequireAuth({ maxAgeSeconds: 300, verifiedEmail: true, claims: { tier: 'gold' } })
  @Delete(':id')
  remove(@Param('id') id: string): string {
    return id;
  }
}

@RequireAuth({ mfa: true, verifiedEmail: true, claims: { tier: 'gold' } })
@Controller('taken-back')
class TakenBackController {
  @RequireAuth({ mfa: false, verifiedEmail: false, claims: { tier: null } })
  @Get()
  plain(): string {
    return 'in';
  }
}

@UseGuards(HankoAuthGuard)
@Controller('own')
class OwnWordsController {
  @ApiUnauthorizedResponse({ description: 'Who are you?' })
  @Get()
  answered(): string {
    return 'in';
  }

  @ApiForbiddenResponse({ description: 'Not you.' })
  @ApiBearerAuth('staff')
  @Post()
  secured(): string {
    return 'in';
  }
}

let hanko: FakeHanko;
/** Meets every demand. */
let good: string;

const AMR = ['pwd', 'totp'];
const GOLD = { amr: AMR, claims: { tier: 'gold' } };

beforeAll(async () => {
  hanko = await FakeHanko.start();
  good = await hanko.token(GOLD);
});
afterAll(() => hanko.stop());

const start = (platform: Platform, options: HankoModuleOptions = {}): Promise<RunningApp> =>
  startApp(platform, {
    imports: [HankoModule.forRoot({ apiUrl: hanko.url, audience: 'localhost', ...options })],
    controllers: [NotesController, TakenBackController, OwnWordsController, PlainController],
  });

const BEARER = { hankoBearer: [] };
const COOKIE = { hankoCookie: [] };

const CROSS_SITE = { 'Sec-Fetch-Site': 'cross-site' };

/** One request for each way to be refused. */
async function badRequests(app: RunningApp): Promise<HeaderFields[]> {
  const sub = { sub: 'a3d3c1c2-0000-4000-8000-000000000001' };
  const tokens = [
    'x',
    'x'.repeat(10_000),
    await hanko.forgedToken('ps256'),
    await hanko.forgedToken('unknown-kid'),
    await hanko.forgedToken('other-key-same-kid'),
    await hanko.expiredToken(),
    await hanko.token({ ageSeconds: -600 }),
    await hanko.token({ audience: 'elsewhere' }),
    await hanko.sign({ payload: { ...sub, session_id: sub.sub, aud: ['localhost'] } }),
    await hanko.webhookToken('user.create', {}),
    // What demands are there for.
    await hanko.token({ amr: ['otp'], claims: { tier: 'gold' } }),
    await hanko.token({ ...GOLD, ageSeconds: 600 }),
    await hanko.token({ ...GOLD, ageSeconds: 600, claims: {} }),
    await hanko.token({ ...GOLD, emailVerified: false }),
  ];
  const revoked = await hanko.token();
  const { session_id: sessionId } = JSON.parse(
    Buffer.from(revoked.split('.')[1] ?? '', 'base64url').toString(),
  ) as { session_id: string };
  await app.app.get(HankoRevocation).revoke(sessionId);
  return [
    {},
    { ...cookie(good), ...CROSS_SITE },
    ...[...tokens, revoked].flatMap((token) => [bearer(token), cookie(token)]),
  ];
}

/** Answers that refuse, to a request of each kind. */
async function refusalsOf(app: RunningApp, route: string): Promise<Answer[]> {
  const [method = '', path = ''] = route.replace('{id}', '1').split(' ');
  const answers: Answer[] = [];
  for (const headers of await badRequests(app)) {
    answers.push(await app.request(method, path, headers));
  }
  return answers.filter(({ status }) => status >= 400);
}

const codeOf = ({ body }: Answer): string => (body as { code: string }).code;

describe.each(PLATFORMS)('an OpenAPI document, on %s', (platform) => {
  it('says of each operation who needs a session token, and which refusals there are', async () => {
    await using app = await start(platform);
    const operations = operationsOf(documentOf(app.app));
    const told = Object.entries(operations).map(([route, { security, responses }]) => [
      route,
      security,
      Object.keys(responses).filter((status) => Number(status) >= 400),
    ]);
    expect(told).toEqual([
      ['GET /notes', [BEARER, COOKIE], ['401', '503']],
      ['POST /notes', [BEARER, COOKIE], ['401', '403', '503']],
      ['GET /notes/feed', [BEARER, COOKIE, {}], ['401', '503']],
      ['POST /notes/feed', [BEARER, COOKIE, {}], ['401', '403', '503']],
      ['GET /notes/health', [], []],
      ['GET /notes/{id}', [BEARER, COOKIE], ['401', '503']],
      ['DELETE /notes/{id}', [BEARER, COOKIE], ['401', '403', '503']],
      ['GET /taken-back', [BEARER, COOKIE], ['401', '503']],
      ['GET /own', [BEARER, COOKIE], ['401', '503']],
      ['POST /own', [{ staff: [] }], ['401', '403', '503']],
      ['GET /plain', undefined, []],
    ]);
  });

  it.each([
    'GET /notes',
    'POST /notes',
    'GET /notes/feed',
    'POST /notes/feed',
    'GET /notes/health',
    'GET /notes/{id}',
    'DELETE /notes/{id}',
    'GET /taken-back',
  ])('promises for %s exactly the refusals that requests meet', async (route) => {
    await using app = await start(platform);
    const document = documentOf(app.app);
    const operation = operationsOf(document)[route];
    if (operation === undefined) throw new Error(`${route} is not documented`);
    const answers = await refusalsOf(app, route);
    await using closed = await startApp(platform, {
      imports: [HankoModule.forRoot({ apiUrl: 'http://127.0.0.1:1', audience: 'localhost' })],
      controllers: [NotesController, TakenBackController],
    });
    const [method = '', path = ''] = route.replace('{id}', '1').split(' ');
    const outage = await closed.request(method, path, bearer(good));
    if (outage.status >= 400) answers.push(outage);
    expect(answers.flatMap((answer) => untruths(document, operation, answer))).toEqual([]);
    expect(documentedCodes(document, operation)).toEqual(
      [...new Set(answers.map(codeOf))].toSorted(),
    );
  });

  it('says in words what a refusal means', async () => {
    await using app = await start(platform);
    const { 'DELETE /notes/{id}': remove, 'GET /notes/feed': feed } = operationsOf(
      documentOf(app.app),
    );
    const words = (responses: Operation['responses'] = {}): readonly string[] =>
      Object.values(responses).map(({ description }) => description);
    expect(words(remove?.responses)).toEqual([
      '',
      'No good session token. Or: A stronger or more recent login is required',
      'The user does not meet a requirement of this resource. Or: ' +
        'A cross-site request may not use the session cookie',
      'The login server cannot be reached, try again later',
    ]);
    expect(words(feed?.responses)).toContain('A session token that is not good');
  });

  it('is valid, as OpenAPI 3.0 and 3.1', async () => {
    await using app = await start(platform);
    const document = documentOf(app.app);
    expect(await invalidities(document)).toEqual([]);
    expect(await invalidities({ ...document, openapi: '3.1.0' })).toEqual([]);
    // And the validator sees.
    expect(await invalidities({ ...document, paths: { '/x': { get: {} } } } as never)).not.toEqual(
      [],
    );
  });

  it('keeps what the app says itself', async () => {
    await using app = await start(platform);
    const plain = plainDocument(app.app);
    const securitySchemes = { hankoCookie: { type: 'apiKey', in: 'cookie', name: 'own' } } as const;
    const schemas = { HankoError: { type: 'string' } } as const;
    const said = { ...plain, components: { ...plain.components, schemas, securitySchemes } };
    const before = structuredClone(said);
    const document = withHankoAuth(app.app, said);
    expect(said).toEqual(before);
    expect(document.components).toMatchObject({ schemas, securitySchemes });
    const { 'GET /own': answered, 'POST /own': secured } = operationsOf(document);
    expect(answered?.responses['401']).toEqual({ description: 'Who are you?' });
    expect(secured?.responses['403']).toEqual({ description: 'Not you.' });
    expect(secured?.security).toEqual([{ staff: [] }]);
  });

  it('does not change when it is told again', async () => {
    await using app = await start(platform);
    const document = documentOf(app.app);
    expect(withHankoAuth(app.app, document)).toEqual(document);
  });

  it('leaves alone what no guard of ours runs for, and what is not of this app', async () => {
    await using app = await start(platform);
    const plain = plainDocument(app.app);
    const foreign = { get: { responses: {} }, 'x-note': 'by hand', parameters: [] };
    const paths: Record<string, object> = { ...plain.paths, '/elsewhere': foreign };
    const document = withHankoAuth(app.app, { ...plain, paths });
    expect(document.paths['/elsewhere']).toEqual(foreign);
    expect(document.paths['/plain']).toEqual(paths['/plain']);
  });

  it('names the cookie that is configured', async () => {
    await using app = await start(platform, { cookieName: '__Host-hanko' });
    expect(documentOf(app.app).components?.securitySchemes).toEqual({
      hankoBearer: expect.objectContaining({ type: 'http', scheme: 'bearer' }),
      hankoCookie: expect.objectContaining({ type: 'apiKey', in: 'cookie', name: '__Host-hanko' }),
    });
  });

  it('has a scheme for each place that our extractors look at, and for no other', async () => {
    const own = { name: 'query', extract: () => undefined };
    const told = async (extractors: HankoModuleOptions['extractors'] & object) => {
      await using app = await start(platform, { extractors });
      const document = documentOf(app.app);
      const { 'POST /notes': add, 'POST /notes/feed': feed } = operationsOf(document);
      if (add === undefined || feed === undefined) throw new Error('not documented');
      return {
        schemes: Object.keys(document.components?.securitySchemes ?? {}),
        security: add.security,
        codes: documentedCodes(document, add).filter((code) => code === 'cross_site_request'),
        optional: documentedCodes(document, feed).filter((code) => code === 'token_expired'),
      };
    };
    expect(await told([bearerTokenExtractor()])).toEqual({
      schemes: ['hankoBearer'],
      security: [BEARER],
      codes: [],
      optional: ['token_expired'],
    });
    expect(await told([cookieTokenExtractor('a'), cookieTokenExtractor('b')])).toEqual({
      schemes: ['hankoCookie', 'hankoCookie2'],
      security: [COOKIE, { hankoCookie2: [] }],
      codes: ['cross_site_request'],
      // A cookie that has merely expired is no reason to refuse there.
      optional: [],
    });
    expect(await told([own])).toEqual({
      schemes: [],
      security: undefined,
      codes: ['cross_site_request'],
      optional: ['token_expired'],
    });
  });

  it('promises no refusal for an audience or an issuer that is not checked', async () => {
    await using lax = await start(platform, { audience: null });
    await using strict = await start(platform, { issuer: 'https://hanko.example.test' });
    const codesOf = ({ app }: RunningApp): string[] => {
      const document = documentOf(app);
      const { 'GET /notes': list } = operationsOf(document);
      return list === undefined ? [] : documentedCodes(document, list);
    };
    expect(codesOf(lax)).not.toContain('token_audience_mismatch');
    expect(codesOf(strict)).toEqual(
      expect.arrayContaining(['token_audience_mismatch', 'token_issuer_mismatch']),
    );
  });

  it('is refused for an app without HankoModule', async () => {
    await using app = await startApp(platform, { controllers: [PlainController] });
    expect(() => documentOf(app.app)).toThrow(HankoConfigurationError);
    expect(() => documentOf(app.app)).toThrow(/withHankoAuth\(\): .*HankoModule\.forRoot\(\)/);
  });
});
