import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  type OnModuleInit,
  Req,
  UseGuards,
} from '@nestjs/common';
import { JwtRsaVerifier } from 'aws-jwt-verify';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import { BearerGuard, type BearerRequest } from './bearer-guard.js';
import { type Contender, HANKO, type HankoSettings, PLATFORMS } from './contender.js';
import { PingController } from './ping.controller.js';

function createVerifier({ jwksUrl, issuer, audience }: HankoSettings) {
  // Its own fetcher refuses http, which a server on loopback speaks.
  const fetcher = { fetch: async (url: string) => (await fetch(url)).arrayBuffer() };
  const jwksCache = new SimpleJwksCache({ fetcher });
  return JwtRsaVerifier.create({ jwksUri: jwksUrl, issuer, audience }, { jwksCache });
}

@Injectable()
class AwsJwtVerifyGuard extends BearerGuard implements OnModuleInit {
  private readonly verifier: ReturnType<typeof createVerifier>;

  constructor(@Inject(HANKO) hanko: HankoSettings) {
    super();
    this.verifier = createVerifier(hanko);
  }

  onModuleInit(): Promise<void> {
    return this.verifier.hydrate();
  }

  protected async verify(token: string): Promise<string> {
    const { sub } = await this.verifier.verify(token);
    if (sub === undefined) throw new Error('no sub');
    return sub;
  }
}

@Controller()
class MeController {
  @UseGuards(AwsJwtVerifyGuard)
  @Get('me')
  me(@Req() request: BearerRequest) {
    return { id: request.user?.id };
  }
}

@Module({ controllers: [MeController, PingController] })
class AwsJwtVerifyModule {}

export const awsJwtVerify: Contender = {
  id: 'aws-jwt-verify',
  name: 'aws-jwt-verify',
  platforms: PLATFORMS,
  credential: 'bearer',
  verifies: true,
  app: (hanko) => ({
    module: AwsJwtVerifyModule,
    providers: [{ provide: HANKO, useValue: hanko }, AwsJwtVerifyGuard],
  }),
  guard: AwsJwtVerifyGuard,
};
