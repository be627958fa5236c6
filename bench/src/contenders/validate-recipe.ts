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
import { type Contender, HANKO, type HankoSettings, PLATFORMS } from './contender.js';
import { PingController } from './ping.controller.js';

interface Request {
  readonly headers: { readonly authorization?: string };
  readonly cookies?: { readonly hanko?: string };
  user?: { readonly id: string | undefined };
}

interface Validation {
  readonly is_valid: boolean;
  readonly user_id?: string;
}

@Injectable()
class ValidateGuard implements CanActivate {
  constructor(@Inject(HANKO) private readonly hanko: HankoSettings) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const [scheme, bearer] = request.headers.authorization?.split(' ') ?? [];
    const token = scheme === 'Bearer' ? bearer : request.cookies?.hanko;
    const validation = token ? await this.validate(token) : null;
    if (!validation?.is_valid) throw new UnauthorizedException();
    request.user = { id: validation.user_id };
    return true;
  }

  private async validate(token: string): Promise<Validation | null> {
    try {
      const response = await fetch(`${this.hanko.apiUrl}/sessions/validate`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ session_token: token }),
      });
      return response.ok ? ((await response.json()) as Validation) : null;
    } catch {
      return null;
    }
  }
}

@Controller()
class MeController {
  @UseGuards(ValidateGuard)
  @Get('me')
  me(@Req() request: Request) {
    return { id: request.user?.id };
  }
}

@Module({ controllers: [MeController, PingController] })
class ValidateRecipeModule {}

/** What Hanko's documentation shows for back ends today, as a guard: Hanko is asked on each request. */
export const validateRecipe: Contender = {
  id: 'validate-recipe',
  name: "Hanko's docs' validate recipe",
  platforms: PLATFORMS,
  credential: 'bearer',
  verifies: true,
  app: (hanko) => ({
    module: ValidateRecipeModule,
    providers: [{ provide: HANKO, useValue: hanko }, ValidateGuard],
  }),
  guard: ValidateGuard,
};
