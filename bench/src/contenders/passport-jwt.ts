import { Controller, Get, Inject, Injectable, Module, Req, UseGuards } from '@nestjs/common';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { passportJwtSecret } from 'jwks-rsa';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { type Contender, HANKO, type HankoSettings, PLATFORMS } from './contender.js';
import { PingController } from './ping.controller.js';

interface User {
  readonly id: string;
}

@Injectable()
class HankoStrategy extends PassportStrategy(Strategy) {
  constructor(@Inject(HANKO) { jwksUrl, issuer, audience }: HankoSettings) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: passportJwtSecret({
        jwksUri: jwksUrl,
        cache: true,
        rateLimit: true,
        jwksRequestsPerMinute: 5,
      }),
      issuer,
      audience,
      algorithms: ['RS256'],
    });
  }

  validate({ sub }: { readonly sub: string }): User {
    return { id: sub };
  }
}

@Controller()
class MeController {
  @UseGuards(AuthGuard('jwt'))
  @Get('me')
  me(@Req() { user }: { readonly user: User }) {
    return { id: user.id };
  }
}

@Module({ imports: [PassportModule], controllers: [MeController, PingController] })
class PassportJwtModule {}

/** What Nest's documentation shows, with keys from the JWKS. */
export const passportJwt: Contender = {
  id: 'passport-jwt',
  name: 'passport-jwt + jwks-rsa',
  platforms: PLATFORMS,
  credential: 'bearer',
  verifies: true,
  app: (hanko) => ({
    module: PassportJwtModule,
    providers: [{ provide: HANKO, useValue: hanko }, HankoStrategy],
  }),
};
