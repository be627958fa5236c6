import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { type Contender, PLATFORMS } from './contender.js';
import { NOBODY } from './none.js';
import type { BearerRequest } from './bearer-guard.js';

/** Reads the header field and, of a JWT, when it expired; it refuses whatever it sees. */
@Injectable()
class LooksGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<BearerRequest>();
    const [scheme, token] = headers.authorization?.split(' ') ?? [];
    if (scheme !== 'Bearer' || token === undefined) throw new UnauthorizedException('No token');
    const [, payload, signature] = token.split('.');
    if (payload === undefined || signature === undefined) {
      throw new UnauthorizedException('The token is no JWT');
    }
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { exp: number };
    const isExpired = exp < Date.now() / 1000;
    throw new UnauthorizedException(isExpired ? 'The token has expired' : 'The token is refused');
  }
}

@Controller()
class MeController {
  @UseGuards(LooksGuard)
  @Get('me')
  me() {
    return { id: NOBODY };
  }
}

@Module({ controllers: [MeController], providers: [LooksGuard] })
class LooksModule {}

/** The least that a guard can do before it refuses: what refusals are compared with. */
export const looks: Contender = {
  id: 'looks',
  name: 'a guard that looks and throws',
  platforms: PLATFORMS,
  credential: 'bearer',
  verifies: false,
  app: () => ({ module: LooksModule }),
  guard: LooksGuard,
};
