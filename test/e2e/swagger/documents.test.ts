import { Controller, Get } from '@nestjs/common';
import { Query, Resolver } from '@nestjs/graphql';
import { GrpcMethod, MessagePattern } from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  bearerTokenExtractor,
  cookieTokenExtractor,
  HankoConfigurationError,
  HankoModule,
  type HankoModuleOptions,
  RequireAuth,
} from 'nestjs-hanko';
import { withHankoAuth } from 'nestjs-hanko/swagger';
import { describeRoutes } from 'nestjs-hanko/testing';
import { describe, expect, it } from 'vitest';
import {
  type Platform,
  PlainController,
  PLATFORMS,
  type RunningApp,
  startApp,
} from '../../support/app.js';
import {
  documentedCodes,
  documentOf,
  invalidities,
  type Operation,
  operationsOf,
  plainDocument,
} from '../../support/openapi.js';
import { CONTROLLERS } from '../../support/openapi-controllers.js';

@Controller('notes')
class NotesController {
  @RequireAuth()
  @Get()
  list(): string {
    return 'notes';
  }
}

@Controller()
class NotesCalls {
  @RequireAuth()
  @MessagePattern('sum')
  sum(): string {
    return 'sum';
  }

  @RequireAuth({ verifiedEmail: true })
  @GrpcMethod('Notes', 'Find')
  find(): object {
    return {};
  }
}

@Resolver('Note')
class NotesResolver {
  @RequireAuth({ mfa: true })
  @Query()
  notes(): string {
    return 'notes';
  }
}

@WebSocketGateway()
class NotesGateway {
  @RequireAuth({ mfa: true })
  @SubscribeMessage('notes')
  notes(): string {
    return 'notes';
  }
}

/** Nobody is asked. */
const apiUrl = 'http://127.0.0.1:1';

const start = (platform: Platform, options: HankoModuleOptions = {}): Promise<RunningApp> =>
  startApp(platform, {
    imports: [HankoModule.forRoot({ apiUrl, audience: 'localhost', ...options })],
    controllers: CONTROLLERS,
  });

const BEARER = { hankoBearer: [] };
const COOKIE = { hankoCookie: [] };

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
      ['GET /demands/mfa', [BEARER, COOKIE], ['401', '503']],
      ['GET /demands/amr', [BEARER, COOKIE], ['401', '503']],
      ['GET /demands/age', [BEARER, COOKIE], ['401', '503']],
      ['GET /demands/email', [BEARER, COOKIE], ['401', '403', '503']],
      ['GET /demands/claims', [BEARER, COOKIE], ['401', '403', '503']],
      ['GET /own', [BEARER, COOKIE], ['401', '503']],
      ['POST /own', [{ staff: [] }], ['401', '403', '503']],
      ['GET /plain', undefined, []],
    ]);
  });

  it('is of HTTP alone: resolvers, gateways and message handlers are not in it', async () => {
    const imports = [HankoModule.forRoot({ apiUrl, audience: 'localhost' })];
    await using app = await startApp(
      platform,
      {
        imports,
        controllers: [NotesController, NotesCalls],
        providers: [NotesResolver, NotesGateway],
      },
      { configure: (nest) => nest.useWebSocketAdapter(new WsAdapter(nest)) },
    );
    await using plain = await startApp(platform, { imports, controllers: [NotesController] });

    expect(describeRoutes(app.app).map(({ route }) => route)).toEqual([
      'GET /notes',
      'MESSAGE sum',
      'GRPC Notes/Find',
      'QUERY notes',
      'SUBSCRIBE notes',
      'CONNECT /',
    ]);
    expect(Object.keys(operationsOf(documentOf(app.app)))).toEqual(['GET /notes']);
    expect(documentOf(app.app)).toEqual(documentOf(plain.app));
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
      'No valid session token. Or: A stronger or more recent login is required',
      'The user does not meet a requirement of this resource. Or: ' +
        'A cross-site request may not use the session cookie',
      'The login server cannot be reached, try again later',
    ]);
    expect(words(feed?.responses)).toContain('An invalid session token');
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
