// Compiled by `npm run types`, never run: what must compile, and what must not.
import { Controller, Get } from '@nestjs/common';
import {
  CurrentUser,
  type HankoAuthService,
  type HankoError,
  HankoModule,
  type HankoUser,
  isHankoError,
  type JwksProvider,
  OptionalAuth,
  Public,
  RequireAuth,
  SessionToken,
} from 'nestjs-hanko';
import { FakeHanko } from 'fake-hanko';

declare module 'nestjs-hanko' {
  interface HankoClaims {
    readonly tier?: 'free' | 'gold';
  }
}

@Public()
@Controller()
export class Decorated {
  @RequireAuth()
  @Get()
  required(
    @CurrentUser() _user: HankoUser,
    @CurrentUser('id') _id: string,
    @SessionToken() _token: string,
    // @ts-expect-error: no property of a user
    @CurrentUser('nope') _nope: unknown,
  ) {}

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser() _user: HankoUser | null) {}
}

export function claims(user: HankoUser): 'free' | 'gold' | undefined {
  // @ts-expect-error: a claim that nobody declared
  void user.claims.teir;
  // @ts-expect-error: users are read-only
  user.id = 'x';
  return user.claims.tier;
}

export const modules = [
  HankoModule.forRoot(),
  HankoModule.forRoot({ apiUrl: 'https://x.example', audience: null, isGlobal: false }),
  HankoModule.forRootAsync({ useFactory: () => ({ audience: ['a', 'b'] }) }),
  HankoModule.forRoot({ session: 'online' }),
  HankoModule.forRoot({ session: { refreshSeconds: 60, onUnavailable: 'accept' } }),
  // @ts-expect-error: no policy
  HankoModule.forRoot({ session: 'sometimes' }),
  // @ts-expect-error: how often is not said
  HankoModule.forRoot({ session: { keepAlive: false } }),
  // @ts-expect-error: no Standard Schema
  HankoModule.forRoot({ claimsSchema: {} }),
  // @ts-expect-error: a unit is part of the name
  HankoModule.forRoot({ clockTolerance: 5 }),
];

export async function service(hanko: HankoAuthService) {
  const user: HankoUser = await hanko.verifyToken('…');
  const maybe = await hanko.authenticate({ headers: {} }, { optional: true });
  // @ts-expect-error: it may be null
  void maybe.id;
  const sure: HankoUser = await hanko.authenticate({ headers: {} });
  return [user, maybe, sure];
}

export function errors(error: unknown): number {
  if (!isHankoError(error)) return 0;
  switch (error.code) {
    case 'hanko_unavailable':
      return error.retryAfterSeconds;
    case 'configuration_invalid':
      return error.faults.length;
    default:
      return error.getStatus();
  }
}

// @ts-expect-error: no such code
export const code: HankoError['code'] = 'token_odd';

export const provider: JwksProvider = { getKey: () => undefined };

export async function kit(): Promise<string> {
  await using hanko = await FakeHanko.start({ audience: ['a'] });
  // @ts-expect-error: no such forgery
  await hanko.forgedToken('magic');
  return hanko.token({ email: 'ada@example.test', amr: null });
}
