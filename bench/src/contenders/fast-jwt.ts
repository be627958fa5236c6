import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { Controller, Get, Inject, Injectable, Module, Req, UseGuards } from '@nestjs/common';
import { createVerifier, type DecodedJwt } from 'fast-jwt';
import { BearerGuard, type BearerRequest } from './bearer-guard.js';
import { type Contender, HANKO, type HankoSettings, PLATFORMS } from './contender.js';
import { PingController } from './ping.controller.js';

/** Public keys as PEM, by `kid`. */
type Keys = ReadonlyMap<string, string>;
const KEYS = Symbol('KEYS');

async function fetchKeys({ jwksUrl }: HankoSettings): Promise<Keys> {
  const { keys } = (await (await fetch(jwksUrl)).json()) as {
    keys: readonly (JsonWebKey & { kid: string })[];
  };
  return new Map(
    keys.map((key) => [
      key.kid,
      createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString(),
    ]),
  );
}

@Injectable()
class FastJwtGuard extends BearerGuard {
  private readonly verifier: (token: string) => Promise<{ readonly sub: string }>;

  constructor(
    @Inject(HANKO) { issuer, audience }: HankoSettings,
    @Inject(KEYS) private readonly keys: Keys,
  ) {
    super();
    this.verifier = createVerifier({
      key: async (token: DecodedJwt) => this.key(String(token.header['kid'])),
      algorithms: ['RS256'],
      allowedIss: issuer,
      allowedAud: audience,
      requiredClaims: ['exp', 'iss', 'aud', 'sub'],
      cache: true,
    });
  }

  protected async verify(token: string): Promise<string> {
    return (await this.verifier(token)).sub;
  }

  private key(kid: string): string {
    const key = this.keys.get(kid);
    if (key === undefined) throw new Error('unknown kid');
    return key;
  }
}

@Controller()
class MeController {
  @UseGuards(FastJwtGuard)
  @Get('me')
  me(@Req() request: BearerRequest) {
    return { id: request.user?.id };
  }
}

@Module({ controllers: [MeController, PingController] })
class FastJwtModule {}

/** Its cache holds 1,000 tokens. The keys are fetched when the app starts, and never again. */
export const fastJwt: Contender = {
  id: 'fast-jwt',
  name: 'fast-jwt, `cache: true`',
  platforms: PLATFORMS,
  credential: 'bearer',
  verifies: true,
  app: (hanko) => ({
    module: FastJwtModule,
    providers: [
      { provide: HANKO, useValue: hanko },
      { provide: KEYS, useFactory: () => fetchKeys(hanko) },
      FastJwtGuard,
    ],
  }),
  guard: FastJwtGuard,
};
