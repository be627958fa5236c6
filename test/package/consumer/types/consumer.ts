// Compiled, never run, by several versions and module resolutions of TypeScript in strict mode.
// Where the package's types are not found everything is `any`: then the `@ts-expect-error` lines
// have no error below them, and that is one.
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplicationContext,
  Injectable,
  Module,
} from '@nestjs/common';
import {
  bearerTokenExtractor,
  cookieTokenExtractor,
  CurrentUser,
  HANKO_CHANNELS,
  HankoAuthGuard,
  HankoAuthService,
  HankoModule,
  HankoTokenError,
  isHankoError,
  OptionalAuth,
  Public,
  RequireAuth,
  SessionToken,
} from 'nestjs-hanko';
import type {
  HankoAuthenticationMessage,
  HankoErrorCode,
  HankoModuleOptions,
  HankoOptionsFactory,
  HankoUser,
  JwksProvider,
  TokenExtractor,
} from 'nestjs-hanko';
import { HankoWebhooksModule, OnHankoEvent } from 'nestjs-hanko/webhooks';
import type { HankoEvent } from 'nestjs-hanko/webhooks';
import { withHankoAuth } from 'nestjs-hanko/swagger';
import { FakeHanko, FORGERIES } from 'fake-hanko';
import type { FakeHankoOptions, Forgery, TokenShape } from 'fake-hanko';

declare module 'nestjs-hanko' {
  interface HankoClaims {
    tier?: 'gold';
  }
}

@Public()
@Controller('notes')
export class NotesController {
  @RequireAuth()
  @Get()
  list(
    @CurrentUser() user: HankoUser,
    @CurrentUser('id') id: string,
    @SessionToken() token: string,
    // @ts-expect-error no property of a user
    @CurrentUser('nope') nope: unknown,
  ): unknown[] {
    return [user.email?.isVerified ?? false, user.amr.includes('pwd'), id, token, nope];
  }

  @OptionalAuth()
  @Get('feed')
  feed(@CurrentUser() user: HankoUser | null): string {
    return user?.username ?? 'stranger';
  }
}

@Injectable()
export class OwnGuard implements CanActivate {
  constructor(private readonly hanko: HankoAuthService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const maybe: HankoUser | null = await this.hanko.authenticate(context, { optional: true });
    // @ts-expect-error it may be null
    void maybe.id;
    const user: HankoUser = await this.hanko.authenticate(context);
    const verified: HankoUser = await this.hanko.verifyToken('…');
    return user.id === verified.id;
  }
}

export class SubclassedGuard extends HankoAuthGuard {}

class Options implements HankoOptionsFactory {
  createHankoOptions(): HankoModuleOptions {
    return { apiUrl: 'https://login.example.com', audience: ['a', 'b'] };
  }
}

const extractor: TokenExtractor = {
  name: 'query',
  extract: () => ({ tokens: ['…'], ambient: false }),
};
const jwks: JwksProvider = { getKey: () => undefined };

@Module({ imports: [HankoModule.forRoot()], controllers: [NotesController] })
export class AppModule {}

export const modules = [
  HankoModule.forRoot({ apiUrl: 'https://login.example.com', audience: null, isGlobal: false }),
  HankoModule.forRoot({
    jwks: { keys: [] },
    issuer: 'x',
    clockToleranceSeconds: 0,
    trustedOrigins: ['https://app.example.org'],
    extractors: [bearerTokenExtractor(), cookieTokenExtractor('hanko'), extractor],
    fetch: globalThis.fetch,
    now: () => Date.now(),
  }),
  HankoModule.forRootAsync({ useFactory: () => ({ audience: 'a', jwks }) }),
  HankoModule.forRootAsync({
    inject: [Options],
    useFactory: async (options: Options) => options.createHankoOptions(),
    isGlobal: false,
  }),
  HankoModule.forRootAsync({ useClass: Options }),
  HankoModule.forRootAsync({ imports: [AppModule], useExisting: Options }),
  HankoModule.forRoot({ session: { refreshSeconds: 60 }, revocation: { maxAgeSeconds: 0 } }),
  HankoWebhooksModule.forRoot({ path: 'webhooks/hanko', respond: 'beforeHandlers' }),
  HankoWebhooksModule.forRootAsync({ useFactory: () => ({ path: 'webhooks/hanko' }) }),
  // @ts-expect-error a path is required
  HankoWebhooksModule.forRoot({}),
  // @ts-expect-error no policy
  HankoModule.forRoot({ session: 'sometimes' }),
  // @ts-expect-error no such option
  HankoModule.forRoot({ clockTolerance: 5 }),
  // @ts-expect-error a number
  HankoModule.forRoot({ jwksTimeoutMs: '5000' }),
];

@Injectable()
export class Listener {
  @OnHankoEvent('session.delete')
  ended({ data }: HankoEvent<'session.delete'>): string {
    // @ts-expect-error no member of a session
    void data.email;
    return data.user_id;
  }

  // @ts-expect-error the event of a session is none of a user
  @OnHankoEvent('session.delete')
  deleted({ data }: HankoEvent<'user.delete'>): string {
    return data.id;
  }
}

export function claimsOf(user: HankoUser): 'gold' | undefined {
  // @ts-expect-error a claim that nobody declared
  void user.claims.teir;
  // @ts-expect-error a user is read-only
  user.id = 'x';
  return user.claims.tier;
}

export function narrow(error: unknown): number | string {
  if (error instanceof HankoTokenError) {
    const code: `token_${string}` | 'session_revoked' = error.code;
    return code;
  }
  if (!isHankoError(error)) return 0;
  switch (error.code) {
    case 'hanko_unavailable':
      return error.retryAfterSeconds;
    case 'configuration_invalid':
      // @ts-expect-error it answers no caller
      void error.getStatus();
      return error.faults.map(({ path, hint }) => `${path} ${hint}`).join();
    default:
      return error.getStatus() + Object.keys(error.headers).length;
  }
}

// @ts-expect-error no such code
export const code: HankoErrorCode = 'token_odd';

export function observe(message: HankoAuthenticationMessage): string {
  return message.outcome === 'refused'
    ? message.reason
    : `${HANKO_CHANNELS.authentication} ${message.handler}`;
}

const shape: TokenShape = { email: 'ada@example.test', amr: null, claims: { tier: 'gold' } };
const settings: FakeHankoOptions = { audience: ['a'], lifespanSeconds: 60 };
const forgery: Forgery = FORGERIES[0];

export async function kit(): Promise<string[]> {
  const hanko = await FakeHanko.start(settings);
  // @ts-expect-error no such forgery
  await hanko.forgedToken('magic');
  await hanko.fault('hang', { path: '/.well-known/jwks.json' });
  const tokens = [await hanko.token(shape), await hanko.forgedToken(forgery)];
  await hanko.stop();
  return [hanko.url, hanko.adminUrl, ...tokens];
}

export function documented(app: INestApplicationContext): string {
  const { info } = withHankoAuth(app, { info: { title: 'Notes' }, paths: {} });
  // @ts-expect-error not a document
  withHankoAuth(app, {});
  return info.title;
}
