import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  Module,
  Req,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose';
import { type Contender, HANKO, type HankoSettings, PLATFORMS } from './contender.js';
import { PingController } from './ping.controller.js';

interface Request {
  readonly headers: { readonly authorization?: string };
  readonly cookies?: { readonly hanko?: string };
  user?: JWTPayload;
}

@Injectable()
class JoseGuard implements CanActivate {
  private readonly jwks: ReturnType<typeof createRemoteJWKSet>;

  constructor(@Inject(HANKO) private readonly hanko: HankoSettings) {
    this.jwks = createRemoteJWKSet(new URL(hanko.jwksUrl));
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const [scheme, bearer] = request.headers.authorization?.split(' ') ?? [];
    const token = scheme === 'Bearer' ? bearer : request.cookies?.hanko;
    if (!token) throw new UnauthorizedException();
    const { issuer, audience } = this.hanko;
    try {
      const { payload } = await jwtVerify(token, this.jwks, {
        issuer,
        audience,
        algorithms: ['RS256'],
      });
      request.user = payload;
      return true;
    } catch {
      throw new UnauthorizedException();
    }
  }
}

@Controller()
class MeController {
  @UseGuards(JoseGuard)
  @Get('me')
  me(@Req() request: Request) {
    return { id: request.user?.sub };
  }
}

@Module({ controllers: [MeController, PingController] })
class DocsRecipeModule {}

/** What Hanko's documentation shows for Node back ends, as a guard: jose, header else cookie. */
export const docsRecipe: Contender = {
  id: 'docs-recipe',
  name: "Hanko's docs' recipe (jose)",
  platforms: PLATFORMS,
  credential: 'bearer',
  verifies: true,
  app: (hanko) => ({
    module: DocsRecipeModule,
    providers: [{ provide: HANKO, useValue: hanko }, JoseGuard],
  }),
  guard: JoseGuard,
};
