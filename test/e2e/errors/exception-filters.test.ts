import {
  type ArgumentsHost,
  BadRequestException,
  Catch,
  Controller,
  type ExceptionFilter,
  ForbiddenException,
  Get,
  HttpException,
  NotImplementedException,
  Post,
  ServiceUnavailableException,
  type Type,
  UnauthorizedException,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, HttpAdapterHost } from '@nestjs/core';
import {
  HankoAuthError,
  HankoAuthGuard,
  HankoConfigurationError,
  HankoContextError,
  HankoCredentialsError,
  HankoCrossSiteError,
  HankoModule,
  HankoRequirementError,
  HankoStepUpError,
  HankoTokenError,
  HankoUnavailableError,
  isHankoError,
  Public,
  RequireAuth,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bearer,
  cookie,
  type HeaderFields,
  PLATFORMS,
  type RunningApp,
  startApp,
} from '../../support/app.js';

/** What each filter says it caught, as an app's own body. */
function filterOf(
  ...kinds: readonly (Type<Error> | typeof HankoAuthError)[]
): Type<ExceptionFilter> {
  @Catch(...kinds)
  class NamedFilter implements ExceptionFilter {
    constructor(private readonly host: HttpAdapterHost) {}

    catch(error: Error, host: ArgumentsHost): void {
      const status = error instanceof HttpException ? error.getStatus() : 500;
      this.host.httpAdapter.reply(
        host.switchToHttp().getResponse(),
        {
          caughtBy: kinds.map(({ name }) => name),
          code: error instanceof HankoAuthError ? error.code : null,
        },
        status,
      );
    }
  }
  Reflect.defineMetadata('design:paramtypes', [HttpAdapterHost], NamedFilter);
  return NamedFilter;
}

@Controller()
class NotesController {
  @Get('notes')
  list(): string {
    return 'in';
  }

  @Post('notes')
  add(): string {
    return 'in';
  }

  @RequireAuth({ mfa: true })
  @Get('step-up')
  stepUp(): string {
    return 'in';
  }

  @RequireAuth({ verifiedEmail: true, claims: { role: 'admin' } as never })
  @Get('rights')
  rights(): string {
    return 'in';
  }

  @Public()
  @Get('context')
  context(): never {
    throw new HankoContextError('ws', 'NotesGateway.say');
  }

  @Public()
  @Get('misconfigured')
  misconfigured(): never {
    throw new HankoConfigurationError([{ path: 'x', hint: 'is wrong.' }]);
  }
}

describe.each(PLATFORMS)('exception filters on %s', (platform) => {
  let hanko: FakeHanko;
  let down: FakeHanko;
  let headers: Record<string, HeaderFields>;
  const apps: RunningApp[] = [];

  async function appWith(filter: Type<ExceptionFilter>, apiUrl = hanko.url): Promise<RunningApp> {
    const app = await startApp(platform, {
      imports: [HankoModule.forRoot({ apiUrl, audience: null })],
      controllers: [NotesController],
      providers: [
        { provide: APP_GUARD, useExisting: HankoAuthGuard },
        { provide: APP_FILTER, useClass: filter },
      ],
    });
    apps.push(app);
    return app;
  }

  beforeAll(async () => {
    hanko = await FakeHanko.start();
    down = await FakeHanko.start();
    await down.stop();
    const token = await hanko.token({ amr: ['pwd'] });
    headers = {
      none: {},
      expired: bearer(await hanko.expiredToken()),
      two: [
        ['Authorization', `Bearer ${token}`],
        ['Authorization', `Bearer ${await hanko.token()}`],
      ],
      user: bearer(token),
      foreign: { ...cookie(token), Origin: 'https://evil.test', 'Sec-Fetch-Site': 'cross-site' },
    };
  });
  afterAll(async () => {
    for (const app of apps) await app[Symbol.asyncDispose]();
    await hanko.stop();
  });

  const cases = [
    { exception: UnauthorizedException, who: 'none', path: '/notes', code: 'credentials_missing' },
    { exception: UnauthorizedException, who: 'expired', path: '/notes', code: 'token_expired' },
    { exception: UnauthorizedException, who: 'user', path: '/step-up', code: 'step_up_required' },
    { exception: BadRequestException, who: 'two', path: '/notes', code: 'credentials_ambiguous' },
    { exception: ForbiddenException, who: 'user', path: '/rights', code: 'requirement_not_met' },
    {
      exception: ForbiddenException,
      method: 'POST',
      who: 'foreign',
      path: '/notes',
      code: 'cross_site_request',
    },
    {
      exception: NotImplementedException,
      who: 'none',
      path: '/context',
      code: 'context_unsupported',
    },
  ];

  it.each(
    cases.flatMap((one) => [
      { ...one, filter: one.exception },
      { ...one, filter: HankoAuthError },
      { ...one, filter: HttpException },
    ]),
  )('@Catch($filter.name) catches $code', async ({ filter, method = 'GET', who, path, code }) => {
    const app = await appWith(filterOf(filter));
    const answer = await app.request(method, path, headers[who]);
    expect(answer.body).toEqual({ caughtBy: [filter.name], code });
  });

  it.each(
    [ServiceUnavailableException, HankoAuthError, HankoUnavailableError, HttpException].map(
      (exception) => ({ exception }),
    ),
  )('@Catch($exception.name) catches hanko_unavailable', async ({ exception }) => {
    const app = await appWith(filterOf(exception), down.url);
    const answer = await app.get('/notes', headers['user']);
    expect(answer.status).toBe(503);
    expect(answer.body).toEqual({ caughtBy: [exception.name], code: 'hanko_unavailable' });
  });

  it('leave alone what is of another status', async () => {
    const app = await appWith(filterOf(ForbiddenException, BadRequestException));
    const answer = await app.get('/notes');
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ code: 'credentials_missing' });
  });

  it('@Catch(HankoAuthError) leaves errors of the set-up alone', async () => {
    const app = await appWith(filterOf(HankoAuthError));
    const answer = await app.get('/misconfigured');
    expect(answer.status).toBe(500);
    expect(answer.body).not.toHaveProperty('caughtBy');
  });

  it('keep the header fields of the response', async () => {
    const app = await appWith(filterOf(UnauthorizedException));
    const answer = await app.get('/notes');
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });
});

describe('errors as exceptions of Nest', () => {
  const classes = {
    400: BadRequestException,
    401: UnauthorizedException,
    403: ForbiddenException,
    501: NotImplementedException,
    503: ServiceUnavailableException,
  } as const;

  it.each([
    { error: new HankoCredentialsError('credentials_missing', ''), status: 401 },
    { error: new HankoCredentialsError('credentials_ambiguous', ''), status: 400 },
    { error: new HankoTokenError('token_expired', ''), status: 401 },
    { error: new HankoTokenError('session_revoked', ''), status: 401 },
    { error: new HankoCrossSiteError(''), status: 403 },
    { error: new HankoStepUpError([], new Date(0), ''), status: 401 },
    { error: new HankoRequirementError([], ''), status: 403 },
    { error: new HankoUnavailableError('', 1), status: 503 },
    { error: new HankoContextError('ws', 'A.b'), status: 501 },
  ] as const)('$error.code is of the class of its status only', ({ error, status }) => {
    expect(error.getStatus()).toBe(status);
    for (const [other, exception] of Object.entries(classes)) {
      expect([other, error instanceof exception]).toEqual([other, Number(other) === status]);
    }
    expect(error).toBeInstanceOf(HttpException);
    expect(error).toBeInstanceOf(HankoAuthError);
    expect(isHankoError(error)).toBe(true);
  });

  it('keep their own class, whatever their status', () => {
    const ambiguous = new HankoCredentialsError('credentials_ambiguous', '');
    expect(ambiguous).toBeInstanceOf(HankoCredentialsError);
    expect(ambiguous.name).toBe('HankoCredentialsError');
    expect(ambiguous).not.toBeInstanceOf(HankoTokenError);
    expect(new HankoTokenError('token_expired', '')).not.toBeInstanceOf(HankoCredentialsError);
  });

  it.each(['credentials_missing', 'credentials_ambiguous'] as const)(
    "keep the members of an app's own class (%s)",
    (code) => {
      class ApiKeyError extends HankoCredentialsError {
        get help(): string {
          return `see ${this.code}`;
        }
      }
      class OldApiKeyError extends ApiKeyError {}
      const error = new OldApiKeyError(code, '');
      expect(error.help).toBe(`see ${code}`);
      for (const kind of [OldApiKeyError, ApiKeyError, HankoCredentialsError, HankoAuthError]) {
        expect(error).toBeInstanceOf(kind);
      }
      expect(new HankoCredentialsError(code, '')).not.toBeInstanceOf(ApiKeyError);
    },
  );

  it('are not confused with other values', () => {
    const others = [undefined, null, 'x', {}, new Error('x'), new UnauthorizedException()];
    for (const other of [...others, HankoTokenError, new HankoConfigurationError([])]) {
      expect(other instanceof HankoAuthError).toBe(false);
    }
  });

  it('narrow by instanceof', () => {
    const codeOf = (error: unknown): string =>
      error instanceof HankoStepUpError
        ? `${error.code} ${error.unmet.length}`
        : error instanceof HankoAuthError
          ? error.code
          : 'none';
    expect(codeOf(new HankoStepUpError([], new Date(0), ''))).toBe('step_up_required 0');
    expect(codeOf(new HankoCrossSiteError(''))).toBe('cross_site_request');
    expect(codeOf(new HankoConfigurationError([]))).toBe('none');
  });
});
